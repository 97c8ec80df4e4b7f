// Private: the nearest centroids of rows, and how far the second nearest are, for one instruction set at a time.
#if defined(AFFEKT_CLUSTER_NEAREST_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef AFFEKT_CLUSTER_NEAREST_INL_H_
#undef AFFEKT_CLUSTER_NEAREST_INL_H_
#else
#define AFFEKT_CLUSTER_NEAREST_INL_H_
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <limits>

#include "cluster/kernels.h"
#include "cluster/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace affekt {
namespace HWY_NAMESPACE {

constexpr std::size_t kTileRows = kTile * kLanes;

struct Tile {
  HWY_ALIGN std::array<std::int32_t, kTileRows> labels;
  HWY_ALIGN std::array<float, kTileRows> squared;
  HWY_ALIGN std::array<float, kTileRows> second;  // squared distances to the second nearest, if asked for
};

struct Nearest {
  V squared;
  VI label;
};

HWY_ATTR HWY_INLINE Nearest nearer_of(const Nearest& first, const Nearest& second) {
  const auto second_wins = hn::Lt(second.squared, first.squared);  // ties to the first
  return {hn::IfThenElse(second_wins, second.squared, first.squared),
          hn::IfThenElse(hn::RebindMask(Ints(), second_wins), second.label, first.label)};
}

HWY_ATTR HWY_INLINE Nearest nearest_of_four(const Four& distances, std::size_t c) {
  const Ints ints;
  const auto label = [c, ints](std::size_t i) HWY_ATTR { return hn::Set(ints, static_cast<std::int32_t>(c + i)); };
  return nearer_of(nearer_of({distances.a, label(0)}, {distances.b, label(1)}),
                   nearer_of({distances.c, label(2)}, {distances.e, label(3)}));
}

// The second smallest of what it was the second smallest of and four more; `best` is the smallest of the former.
HWY_ATTR HWY_INLINE V second_of(V second, V best, const Four& more) {
  const V low = hn::Min(more.a, more.b), high = hn::Max(more.a, more.b);
  const V low2 = hn::Min(more.c, more.e), high2 = hn::Max(more.c, more.e);
  const V second_of_four = hn::Min(hn::Max(low, low2), hn::Min(high, high2));
  return hn::Min(hn::Min(second, second_of_four), hn::Max(best, hn::Min(low, low2)));
}

// Two vectors of rows at a time: one alone would wait for its own sums.
template <bool with_second>
HWY_ATTR HWY_INLINE void nearest_of_two(const float* x, const float* y, const PaddedCentroids& centroids,
                                        Nearest& best_x, Nearest& best_y, V& second_x, V& second_y) {
  const Floats tag;
  const V infinity = hn::Set(tag, std::numeric_limits<float>::infinity());
  const std::size_t d = centroids.d;
  second_x = second_y = infinity;
  for (std::size_t c = 0; c < centroids.padded(); c += 4) {
    const float* centers = centroids.data.data() + c * d;
    Four from_x{hn::Zero(tag), hn::Zero(tag), hn::Zero(tag), hn::Zero(tag)}, from_y = from_x;
    for (std::size_t j = 0; j < d; ++j) {
      add_four(tag, from_x, hn::LoadU(tag, x + j * kLanes), centers + j, d);
      add_four(tag, from_y, hn::LoadU(tag, y + j * kLanes), centers + j, d);
    }
    if constexpr (with_second) {
      second_x = second_of(second_x, c == 0 ? infinity : best_x.squared, from_x);
      second_y = second_of(second_y, c == 0 ? infinity : best_y.squared, from_y);
    }
    const Nearest four_x = nearest_of_four(from_x, c), four_y = nearest_of_four(from_y, c);
    best_x = c == 0 ? four_x : nearer_of(best_x, four_x);
    best_y = c == 0 ? four_y : nearer_of(best_y, four_y);
  }
}

// The rows are read for the first time here; `next_blocks` of the tile that follows are fetched meanwhile.
template <bool with_second>
HWY_ATTR void nearest_in_tile(const float* data, std::size_t blocks, const PaddedCentroids& centroids,
                              std::size_t next_blocks, Tile& tile) {
  const Floats tag;
  const Ints ints;
  const std::size_t d = centroids.d, step = hn::Lanes(tag), rows = blocks * kLanes;
  const auto place = [data, d](std::size_t row) { return data + (row / kLanes) * d * kLanes + row % kLanes; };
  Nearest x{hn::Zero(tag), hn::Zero(ints)}, y = x;
  V second_x = hn::Zero(tag), second_y = second_x;
  for (std::size_t row = 0; row < rows; row += 2 * step) {
    const std::size_t other = std::min(row + step, rows - step);  // an odd block out is looked at twice
    for (std::size_t b = row / kLanes; row % kLanes == 0 && b < std::min((row + 2 * step) / kLanes, next_blocks); ++b) {
      for (std::size_t j = 0; j < d; ++j) hwy::Prefetch(data + ((blocks + b) * d + j) * kLanes);
    }
    nearest_of_two<with_second>(place(row), place(other), centroids, x, y, second_x, second_y);
    hn::Store(x.squared, tag, tile.squared.data() + row);
    hn::Store(x.label, ints, tile.labels.data() + row);
    hn::Store(y.squared, tag, tile.squared.data() + other);
    hn::Store(y.label, ints, tile.labels.data() + other);
    if constexpr (with_second) {
      hn::Store(second_x, tag, tile.second.data() + row);
      hn::Store(second_y, tag, tile.second.data() + other);
    }
  }
}

// Tiles [begin, end): nearest centroids into the tile, then whatever `take(first, blocks, tile)` makes of them.
template <bool with_second, typename Take>
HWY_ATTR HWY_INLINE void for_tiles(const Points& points, std::size_t begin, std::size_t end,
                                   const PaddedCentroids& centroids, const Take& take) {
  Tile tile;
  for (std::size_t first = begin; first < end; first += kTile) {
    const std::size_t blocks = std::min(kTile, end - first);
    nearest_in_tile<with_second>(points.data.data() + first * points.d * kLanes, blocks, centroids,
                                 std::min(kTile, end - first - blocks), tile);
    for (std::size_t i = std::min(blocks * kLanes, points.n - first * kLanes); i < blocks * kLanes; ++i) {
      tile.labels[i] = -1;
      tile.squared[i] = 0;
    }
    take(first, blocks, tile);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace affekt
HWY_AFTER_NAMESPACE();

#endif  // AFFEKT_CLUSTER_NEAREST_INL_H_
