// Private: the nearest centroids of rows, and how far the second nearest are, for one instruction set at a time.
#if defined(AFFEKT_CLUSTER_NEAREST_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef AFFEKT_CLUSTER_NEAREST_INL_H_
#undef AFFEKT_CLUSTER_NEAREST_INL_H_
#else
#define AFFEKT_CLUSTER_NEAREST_INL_H_
#endif

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

// Squared distances are no NaNs and no negative zeros: the smaller of two is the first only if it is the first's.
HWY_ATTR HWY_INLINE Nearest nearer_of(const Nearest& first, const Nearest& second) {
  const auto second_wins = hn::Lt(second.squared, first.squared);  // ties to the first
  return {hn::Min(first.squared, second.squared),
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

// Vectors of rows at a time: one alone would wait for its own sums. More would not leave registers for them.
constexpr std::size_t kTogether = 2;

// `best` and `second` begin as infinitely far.
template <bool with_second>
HWY_ATTR HWY_INLINE void nearest_of_some(const float* const* rows, const PaddedCentroids& centroids, Nearest* best,
                                         V* second) {
  const Floats tag;
  const std::size_t d = centroids.d;
  for (std::size_t c = 0; c < centroids.padded(); c += 4) {
    const float* centers = centroids.data.data() + c * d;
    Four sums[kTogether];
    for (Four& sum : sums) sum = {hn::Zero(tag), hn::Zero(tag), hn::Zero(tag), hn::Zero(tag)};
    for (std::size_t j = 0; j < d; ++j) {
      for (std::size_t i = 0; i < kTogether; ++i) {
        add_four(tag, sums[i], hn::LoadU(tag, rows[i] + j * kLanes), centers + j, d);
      }
    }
    for (std::size_t i = 0; i < kTogether; ++i) {
      if constexpr (with_second) {
        second[i] = second_of(second[i], best[i].squared, sums[i]);
      }
      best[i] = nearer_of(best[i], nearest_of_four(sums[i], c));
    }
  }
}

template <bool with_second>
HWY_ATTR void nearest_in_tile(const float* data, std::size_t blocks, const PaddedCentroids& centroids, Tile& tile) {
  const Floats tag;
  const Ints ints;
  const std::size_t d = centroids.d, step = hn::Lanes(tag), rows = blocks * kLanes;
  for (std::size_t row = 0; row < rows; row += kTogether * step) {
    std::size_t at[kTogether];
    const float* places[kTogether];
    for (std::size_t i = 0; i < kTogether; ++i) {
      at[i] = std::min(row + i * step, rows - step);  // vectors beyond the last are the last once more
      places[i] = data + (at[i] / kLanes) * d * kLanes + at[i] % kLanes;
    }
    Nearest best[kTogether];
    V second[kTogether];
    for (std::size_t i = 0; i < kTogether; ++i) {
      second[i] = hn::Set(tag, std::numeric_limits<float>::infinity());
      best[i] = {second[i], hn::Zero(ints)};
    }
    nearest_of_some<with_second>(places, centroids, best, second);
    for (std::size_t i = 0; i < kTogether; ++i) {
      hn::Store(best[i].squared, tag, tile.squared.data() + at[i]);
      hn::Store(best[i].label, ints, tile.labels.data() + at[i]);
      if constexpr (with_second) hn::Store(second[i], tag, tile.second.data() + at[i]);
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
    nearest_in_tile<with_second>(points.data.data() + first * points.d * kLanes, blocks, centroids, tile);
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
