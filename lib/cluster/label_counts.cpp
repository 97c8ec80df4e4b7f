#include "cluster/label_counts.h"

#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/music/track_reader.h"

namespace affekt {

LabelCounts::LabelCounts(std::string column, const std::vector<TrackSource>& files, std::size_t most)
    : column_(std::move(column)), most_(most) {
  if (column_.empty()) return;
  try {
    require_column(files, column_);
  } catch (const UsageError& error) {
    throw UsageError(std::string("label-column: ") + error.what());
  }
}

void LabelCounts::start(std::size_t k) {
  k_ = k;
  counts_.clear();
}

void LabelCounts::add(const TrackTable& block, const std::vector<std::int32_t>& found) {
  if (column_.empty() || block.cells.front().empty()) return;
  for (std::size_t row = 0; row < block.size(); ++row) {
    const std::string_view label = block.cells.front()[row];
    if (label.empty()) continue;
    auto place = counts_.find(label);
    if (place == counts_.end()) place = counts_.emplace(label, std::vector<std::size_t>(k_)).first;
    ++place->second[static_cast<std::size_t>(found[row])];
    if (counts_.size() > most_) {
      throw UsageError("label-column: '" + printable(column_, 60) + "' has more than " + std::to_string(most_) +
                       " different labels; choose a column of moods or genres");
    }
  }
}

std::optional<LabelComparison> LabelCounts::finish() const {
  if (column_.empty()) return std::nullopt;
  if (counts_.empty()) throw DataError("--label-column: no track has a label");
  LabelComparison comparison;
  for (const auto& [name, counts] : counts_) {
    comparison.labels.push_back(name);
    comparison.confusion.push_back(counts);
    for (const std::size_t count : counts) comparison.tracks += count;
  }
  comparison.agreement = agreement(comparison.confusion);
  return comparison;
}

}  // namespace affekt
