#include "music/track_sample.h"

#include <algorithm>

namespace affekt {
namespace {

/// SplitMix64 (Steele, Lea and Flood 2014): no two places have one number.
std::uint64_t number_of(std::uint64_t place, std::uint64_t seed) {
  constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15;
  std::uint64_t x = seed * 0xD1342543DE82EF95 + (place + 1) * kGolden;
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EB;
  return x ^ (x >> 31U);
}

}  // namespace

bool RowDraw::offer() {
  const std::uint64_t key = number_of(offered_++, seed_);
  if (key > limit_) return false;
  keys_.push_back(key);
  return true;
}

std::vector<std::size_t> RowDraw::thin_out() {
  if (keys_.size() > capacity_) {
    std::vector<std::uint64_t> sorted = keys_;
    const auto last = sorted.begin() + static_cast<std::ptrdiff_t>(capacity_ - 1);
    std::nth_element(sorted.begin(), last, sorted.end());
    limit_ = *last;
  }
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (keys_[i] > limit_) continue;
    keys_[kept.size()] = keys_[i];
    kept.push_back(i);
  }
  keys_.resize(kept.size());
  return kept;
}

void TrackSample::offer(const TrackTable& block, const TrackStream& stream) {
  if (block.rows == 0) return;
  for (; regions_ <= block.source.front(); ++regions_) {
    const auto [bytes, owner] = stream.text(regions_);
    for (TextColumn* column : {&table_.title, &table_.artist, &table_.id}) column->add_region(bytes, owner);
  }
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < block.rows; ++row) {
    if (draw_.offer()) rows.push_back(row);
  }
  for (const std::size_t row : rows) {
    table_.title.push_back_reference(block.text(block.title, row));
    table_.artist.push_back_reference(block.text(block.artist, row));
    table_.id.push_back_reference(block.text(block.id, row));
    table_.primary_artist_bytes.push_back(block.primary_artist_bytes.empty() ? std::uint16_t{0}
                                                                             : block.primary_artist_bytes[row]);
  }
  for (std::size_t i = 0; i < kTrackFeatureCount; ++i) {
    if (block.features[i].empty()) continue;
    for (const std::size_t row : rows) table_.features[i].push_back(block.features[i][row]);
  }
  table_.rows += rows.size();
  if (draw_.crowded()) table_.keep(draw_.thin_out());
}

TrackTable TrackSample::take() {
  table_.keep(draw_.thin_out());
  return std::move(table_);
}

}  // namespace affekt
