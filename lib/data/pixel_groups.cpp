#include "data/pixel_groups.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "affekt/core/parallel.h"

namespace affekt::detail {
namespace {

/// Multiply-and-fold over 8-byte words; only to bring equal faces together, equality itself is decided by memcmp.
std::uint64_t hash_face(const std::uint8_t* face) {
  constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15U;
  static_assert(kFacePixels % sizeof(std::uint64_t) == 0);
  std::uint64_t hash = kFacePixels;
  for (std::size_t i = 0; i < kFacePixels; i += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, face + i, sizeof word);
    hash = (hash ^ word) * kMultiplier;
    hash ^= hash >> 32;
  }
  return hash;
}

}  // namespace

std::vector<std::size_t> first_equal_rows(const Dataset& data) {
  constexpr std::size_t kChunk = 1024;
  std::vector<std::pair<std::uint64_t, std::size_t>> order(data.size());
  parallel_for(data.size(), kChunk, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) order[i] = {hash_face(data.face(i)), i};
  });
  std::sort(order.begin(), order.end());

  std::vector<std::size_t> first(data.size());
  std::vector<std::size_t> distinct;  // rows of equal hash and different pixels: nearly always one
  for (std::size_t k = 0; k < order.size(); ++k) {
    if (k == 0 || order[k].first != order[k - 1].first) distinct.clear();
    const std::size_t row = order[k].second;
    const auto same = std::find_if(distinct.begin(), distinct.end(), [&](std::size_t other) {
      return std::memcmp(data.face(other), data.face(row), kFacePixels) == 0;
    });
    first[row] = same == distinct.end() ? row : *same;
    if (first[row] == row) distinct.push_back(row);
  }
  return first;
}

}  // namespace affekt::detail
