#include "affekt/data/dataset.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "affekt/core/file.h"
#include "affekt/core/random.h"
#include "data/pixel_groups.h"

namespace affekt {
namespace {

void append_one_hot(std::vector<float>& soft, const std::vector<std::uint8_t>& labels, std::size_t begin) {
  for (std::size_t i = begin; i < labels.size(); ++i) {
    soft.resize(soft.size() + kEmotionCount, 0.0F);
    soft[soft.size() - kEmotionCount + labels[i]] = 1.0F;
  }
}

template <typename T>
void append_vector(std::vector<T>& to, std::vector<T>&& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

const char* split_name(Split split) {
  switch (split) {
    case Split::train:
      return "train";
    case Split::public_test:
      return "public";
    case Split::private_test:
      break;
  }
  return "private";
}

const std::vector<std::pair<std::string, EvalSplit>>& eval_split_names() {
  static const std::vector<std::pair<std::string, EvalSplit>> names = {{"train", EvalSplit::train},
                                                                       {"public", EvalSplit::public_test},
                                                                       {"private", EvalSplit::private_test},
                                                                       {"test", EvalSplit::test},
                                                                       {"all", EvalSplit::all}};
  return names;
}

std::string eval_split_name(EvalSplit split) {
  for (const auto& [name, value] : eval_split_names()) {
    if (value == split) return name;
  }
  return {};
}

void Dataset::add(const std::uint8_t* face, Emotion label, Split split, std::uint16_t source_index, std::string name) {
  pixels.insert(pixels.end(), face, face + kFacePixels);
  labels.push_back(static_cast<std::uint8_t>(label));
  splits.push_back(split);
  source.push_back(source_index);
  names.push_back(std::move(name));
  if (!soft_labels.empty()) append_one_hot(soft_labels, labels, labels.size() - 1);
}

void Dataset::append(Dataset other) {
  if (size() == 0 && sources.empty()) {
    *this = std::move(other);
    return;
  }
  const bool soft = !soft_labels.empty() || !other.soft_labels.empty();
  if (soft && soft_labels.empty()) append_one_hot(soft_labels, labels, 0);
  if (soft && other.soft_labels.empty()) append_one_hot(other.soft_labels, other.labels, 0);
  const auto shift = static_cast<std::uint16_t>(sources.size());
  for (auto& index : other.source) index = static_cast<std::uint16_t>(index + shift);
  append_vector(pixels, std::move(other.pixels));
  append_vector(labels, std::move(other.labels));
  append_vector(splits, std::move(other.splits));
  append_vector(source, std::move(other.source));
  append_vector(names, std::move(other.names));
  append_vector(soft_labels, std::move(other.soft_labels));
  append_vector(sources, std::move(other.sources));
}

std::vector<std::size_t> Dataset::rows_of(Split split) const {
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < size(); ++i) {
    if (splits[i] == split) rows.push_back(i);
  }
  return rows;
}

std::array<std::size_t, kEmotionCount> Dataset::class_counts(const std::vector<std::size_t>& rows) const {
  std::array<std::size_t, kEmotionCount> counts{};
  for (const std::size_t row : rows) ++counts.at(labels[row]);
  return counts;
}

Dataset Dataset::subset(const std::vector<std::size_t>& rows) const {
  Dataset part;
  part.sources = sources;
  for (auto& entry : part.sources) entry.rows = 0;
  part.pixels.reserve(rows.size() * kFacePixels);
  for (const std::size_t row : rows) {
    part.add(face(row), static_cast<Emotion>(labels[row]), splits[row], source[row], names[row]);
    ++part.sources[source[row]].rows;
  }
  part.soft_labels.clear();
  if (!soft_labels.empty()) {
    for (const std::size_t row : rows) {
      const auto begin = soft_labels.begin() + static_cast<std::ptrdiff_t>(row * kEmotionCount);
      part.soft_labels.insert(part.soft_labels.end(), begin, begin + kEmotionCount);
    }
  }
  return part;
}

std::string Dataset::digest() const {
  std::uint64_t value = digest_update(0, pixels.data(), pixels.size());
  value = digest_update(value, labels.data(), labels.size());
  value = digest_update(value, splits.data(), splits.size());
  value = digest_update(value, soft_labels.data(), soft_labels.size() * sizeof(float));
  return digest_text(value);
}

std::vector<bool> leaked_rows(const Dataset& data, const std::vector<std::size_t>& rows) {
  const std::vector<std::size_t> first = detail::first_equal_rows(data);
  std::vector<bool> in_training(data.size(), false);  // by first row of the group
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (data.splits[i] == Split::train) in_training[first[i]] = true;
  }
  std::vector<bool> leaked;
  leaked.reserve(rows.size());
  for (const std::size_t row : rows) leaked.push_back(in_training[first[row]]);
  return leaked;
}

std::vector<std::size_t> stratified_sample(const Dataset& data, const std::vector<std::size_t>& rows, std::size_t limit,
                                           std::uint64_t seed) {
  std::vector<std::size_t> chosen = rows;
  if (limit < rows.size()) {
    std::array<std::vector<std::size_t>, kEmotionCount> by_class;
    for (const std::size_t row : rows) by_class.at(data.labels[row]).push_back(row);
    std::array<std::size_t, kEmotionCount> take{}, remainder{}, order{};
    std::size_t taken = 0;
    for (std::size_t c = 0; c < kEmotionCount; ++c) {
      take[c] = limit * by_class[c].size() / rows.size();
      remainder[c] = limit * by_class[c].size() % rows.size();
      taken += take[c];
    }
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return remainder[a] > remainder[b]; });
    for (std::size_t i = 0; taken < limit; ++i, ++taken) ++take[order.at(i)];
    chosen.clear();
    for (std::size_t c = 0; c < kEmotionCount; ++c) {
      RandomStream random(seed, c);
      random.shuffle(by_class[c]);
      chosen.insert(chosen.end(), by_class[c].begin(), by_class[c].begin() + static_cast<std::ptrdiff_t>(take[c]));
    }
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace affekt
