#include "cluster/kernels.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cluster/kernels.cpp"
#include <hwy/foreach_target.h>
// Highway wants this order.
#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include "cluster/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace affekt {
namespace HWY_NAMESPACE {

constexpr std::size_t kTileRows = kTile * kLanes;
constexpr std::size_t kMaskedLimit = 24;  // above, adding row by row is cheaper than a masked pass a cluster
// The rows are added up anew, not moved, if more than k / 24 of them move; at most a half.
constexpr std::size_t kMoveCost = 24, kMoveMost = 12;
constexpr std::size_t kColumns = 10;  // columns whose sums are held in registers at a time

struct Tile {
  HWY_ALIGN std::array<std::int32_t, kTileRows> labels;
  HWY_ALIGN std::array<float, kTileRows> squared;
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

// Two vectors of rows at a time: one alone would wait for its own sums.
HWY_ATTR HWY_INLINE void nearest_of_two(const float* x, const float* y, const PaddedCentroids& centroids,
                                        Nearest& best_x, Nearest& best_y) {
  const Floats tag;
  const std::size_t d = centroids.d;
  for (std::size_t c = 0; c < centroids.padded(); c += 4) {
    const float* centers = centroids.data.data() + c * d;
    Four from_x{hn::Zero(tag), hn::Zero(tag), hn::Zero(tag), hn::Zero(tag)}, from_y = from_x;
    for (std::size_t j = 0; j < d; ++j) {
      add_four(tag, from_x, hn::LoadU(tag, x + j * kLanes), centers + j, d);
      add_four(tag, from_y, hn::LoadU(tag, y + j * kLanes), centers + j, d);
    }
    const Nearest four_x = nearest_of_four(from_x, c), four_y = nearest_of_four(from_y, c);
    best_x = c == 0 ? four_x : nearer_of(best_x, four_x);
    best_y = c == 0 ? four_y : nearer_of(best_y, four_y);
  }
}

// The rows are read for the first time here; `next_blocks` of the tile that follows are fetched meanwhile.
HWY_ATTR void nearest_in_tile(const float* data, std::size_t blocks, const PaddedCentroids& centroids,
                              std::size_t next_blocks, Tile& tile) {
  const Floats tag;
  const Ints ints;
  const std::size_t d = centroids.d, step = hn::Lanes(tag), rows = blocks * kLanes;
  const auto place = [data, d](std::size_t row) { return data + (row / kLanes) * d * kLanes + row % kLanes; };
  Nearest x{hn::Zero(tag), hn::Zero(ints)}, y = x;
  for (std::size_t row = 0; row < rows; row += 2 * step) {
    const std::size_t other = std::min(row + step, rows - step);  // an odd block out is looked at twice
    for (std::size_t b = row / kLanes; row % kLanes == 0 && b < std::min((row + 2 * step) / kLanes, next_blocks); ++b) {
      for (std::size_t j = 0; j < d; ++j) hwy::Prefetch(data + ((blocks + b) * d + j) * kLanes);
    }
    nearest_of_two(place(row), place(other), centroids, x, y);
    hn::Store(x.squared, tag, tile.squared.data() + row);
    hn::Store(x.label, ints, tile.labels.data() + row);
    hn::Store(y.squared, tag, tile.squared.data() + other);
    hn::Store(y.label, ints, tile.labels.data() + other);
  }
}

// The same for the sixteen lanes of several blocks.
HWY_ATTR HWY_INLINE void add_lanewise(const float* values, std::size_t blocks, double* lanes) {
  const Doubles wide;
  for (std::size_t lane = 0; lane < kLanes; lane += hn::Lanes(wide)) {
    auto sum = hn::LoadU(wide, lanes + lane);
    for (std::size_t b = 0; b < blocks; ++b) {
      sum = hn::Add(sum, hn::PromoteTo(wide, hn::Load(Halves(), values + b * kLanes + lane)));
    }
    hn::StoreU(sum, wide, lanes + lane);
  }
}

// Adds `count` columns of the rows labelled c; lane_sums has 16 doubles a column.
template <std::size_t count>
HWY_ATTR HWY_INLINE void add_columns(const float* x, std::size_t d, std::size_t blocks, std::size_t c,
                                     const std::int32_t* labels, double* lane_sums) {
  const Floats tag;
  const Ints ints;
  const auto wanted = hn::Set(ints, static_cast<std::int32_t>(c));
  for (std::size_t lane = 0; lane < kLanes; lane += hn::Lanes(tag)) {
    V sums[count];
    for (std::size_t j = 0; j < count; ++j) sums[j] = hn::Zero(tag);
    for (std::size_t b = 0; b < blocks; ++b) {
      const auto mine = hn::RebindMask(tag, hn::Eq(hn::LoadU(ints, labels + b * kLanes + lane), wanted));
      const float* column = x + b * d * kLanes + lane;
      for (std::size_t j = 0; j < count; ++j) {
        sums[j] = hn::Add(sums[j], hn::IfThenElseZero(mine, hn::LoadU(tag, column + j * kLanes)));
      }
    }
    for (std::size_t j = 0; j < count; ++j) add_lanes(sums[j], lane_sums + j * kLanes + lane);
  }
}

// As many columns as there are: at most `count` of them.
template <std::size_t count>
HWY_ATTR HWY_INLINE void add_some_columns(std::size_t columns, const float* x, std::size_t d, std::size_t blocks,
                                          std::size_t c, const std::int32_t* labels, double* lane_sums) {
  if (columns >= count) return add_columns<count>(x, d, blocks, c, labels, lane_sums);
  if constexpr (count > 1) add_some_columns<count - 1>(columns, x, d, blocks, c, labels, lane_sums);
}

HWY_ATTR void add_tile_masked(const float* data, std::size_t d, std::size_t k, std::size_t blocks,
                              const std::int32_t* labels, double* lane_sums) {
  for (std::size_t c = 0; c < k; ++c) {
    for (std::size_t j = 0; j < d; j += kColumns) {
      add_some_columns<kColumns>(d - j, data + j * kLanes, d, blocks, c, labels, lane_sums + (c * d + j) * kLanes);
    }
  }
}

HWY_ATTR void count_labels(const std::int32_t* labels, std::size_t blocks, std::size_t k, std::uint64_t* counts) {
  const Ints ints;
  for (std::size_t c = 0; c < k; ++c) {
    const auto wanted = hn::Set(ints, static_cast<std::int32_t>(c));
    auto found = hn::Zero(ints);  // minus the count, a lane
    for (std::size_t i = 0; i < blocks * kLanes; i += hn::Lanes(ints)) {
      found = hn::Add(found, hn::VecFromMask(ints, hn::Eq(hn::Load(ints, labels + i), wanted)));
    }
    counts[c] += static_cast<std::uint64_t>(-std::int64_t{hn::GetLane(hn::SumOfLanes(ints, found))});
  }
}

void add_row(const Points& points, std::size_t row, double sign, double* sum) {
  const float* x = points.data.data() + (row / kLanes) * points.d * kLanes + row % kLanes;
  for (std::size_t j = 0; j < points.d; ++j) sum[j] += sign * double{x[j * kLanes]};
}

/// The sums and counts of a chunk while its rows are assigned anew: either the rows that went to another cluster are
/// moved, or, where these are many, all rows are added up again. Which of the two is told by the step before.
class Summing {
 public:
  Summing(const Points& points, std::size_t begin, std::size_t end, std::size_t k, ChunkSums& out)
      : points_(points), k_(k), out_(out) {
    most_ = std::max<std::size_t>(1, (end - begin) * kLanes * std::min(k, kMoveMost) / kMoveCost);
    moving_ = out.valid && out.moved <= most_;
    out_.moved = 0;
    if (!moving_) clear();
  }

  /// A block whose labels have changed in the lanes of `changed`.
  HWY_ATTR void change(std::size_t row, const std::int32_t* before, const std::int32_t* after, std::uint32_t changed) {
    out_.moved += hwy::PopCount(changed);
    for (; moving_ && changed != 0; changed &= changed - 1) {
      const std::size_t i = hwy::Num0BitsBelowLS1Bit_Nonzero32(changed);
      move(row + i, static_cast<std::size_t>(before[i]), static_cast<std::size_t>(after[i]));
    }
  }

  /// A tile whose labels are final.
  HWY_ATTR void add_tile(std::size_t first, std::size_t blocks, const std::int32_t* labels) {
    if (moving_) return;
    if (k_ <= kMaskedLimit) {
      add_tile_masked(points_.data.data() + first * points_.d * kLanes, points_.d, k_, blocks, labels,
                      lane_sums_.data());
      return count_labels(labels, blocks, k_, out_.counts.data());
    }
    const std::size_t rows = std::min(blocks * kLanes, points_.n - first * kLanes);
    for (std::size_t i = 0; i < rows; ++i) {
      ++out_.counts[static_cast<std::size_t>(labels[i])];
      add_row(points_, first * kLanes + i, 1, sum(labels[i]));
    }
  }

  void finish() {
    if (!moving_) {
      for (std::size_t i = 0; i < lane_sums_.size(); ++i) out_.sums[i / kLanes] += lane_sums_[i];
    }
    out_.valid = true;
  }

 private:
  double* sum(std::int32_t cluster) { return out_.sums.data() + static_cast<std::size_t>(cluster) * points_.d; }

  void clear() {
    std::fill(out_.sums.begin(), out_.sums.end(), 0.0);
    std::fill(out_.counts.begin(), out_.counts.end(), std::uint64_t{0});
    if (k_ <= kMaskedLimit) lane_sums_.assign(k_ * points_.d * kLanes, 0.0);
  }

  void move(std::size_t row, std::size_t from, std::size_t to) {
    add_row(points_, row, -1, out_.sums.data() + from * points_.d);
    add_row(points_, row, 1, out_.sums.data() + to * points_.d);
    --out_.counts[from];
    ++out_.counts[to];
  }

  const Points& points_;
  std::size_t k_;
  ChunkSums& out_;
  std::size_t most_ = 0;
  bool moving_ = false;
  std::vector<double> lane_sums_;
};

// Bit i: lane i of two blocks of labels differs.
HWY_ATTR HWY_INLINE std::uint32_t differing(const std::int32_t* a, const std::int32_t* b) {
  const Ints ints;
  std::uint32_t bits = 0;
  for (std::size_t lane = 0; lane < kLanes; lane += hn::Lanes(ints)) {
    const auto differ = hn::Ne(hn::LoadU(ints, a + lane), hn::LoadU(ints, b + lane));
    std::array<std::uint8_t, 8> bytes{};  // StoreMaskBits may write as many
    hn::StoreMaskBits(ints, differ, bytes.data());
    bits |= (bytes[0] | std::uint32_t{bytes[1]} << 8) << lane;
  }
  return bits;
}

// Tiles [begin, end): nearest centroids into the tile, then whatever `take(first, blocks, tile)` makes of them.
template <typename Take>
HWY_ATTR HWY_INLINE void for_tiles(const Points& points, std::size_t begin, std::size_t end,
                                   const PaddedCentroids& centroids, const Take& take) {
  Tile tile;
  for (std::size_t first = begin; first < end; first += kTile) {
    const std::size_t blocks = std::min(kTile, end - first);
    nearest_in_tile(points.data.data() + first * points.d * kLanes, blocks, centroids,
                    std::min(kTile, end - first - blocks), tile);
    for (std::size_t i = std::min(blocks * kLanes, points.n - first * kLanes); i < blocks * kLanes; ++i) {
      tile.labels[i] = -1;
      tile.squared[i] = 0;
    }
    take(first, blocks, tile);
  }
}

HWY_ATTR void NearestBlocks(const Points& points, std::size_t begin, std::size_t end, const PaddedCentroids& centroids,
                            std::int32_t* labels, float* squared) {
  for_tiles(points, begin, end, centroids, [=](std::size_t first, std::size_t blocks, const Tile& tile) {
    std::copy_n(tile.labels.data(), blocks * kLanes, labels + (first - begin) * kLanes);
    if (squared != nullptr) std::copy_n(tile.squared.data(), blocks * kLanes, squared + (first - begin) * kLanes);
  });
}

HWY_ATTR void LloydBlocks(const Points& points, std::size_t begin, std::size_t end, const PaddedCentroids& centroids,
                          std::int32_t* labels, ChunkSums& out) {
  Summing summing(points, begin, end, centroids.k, out);
  HWY_ALIGN std::array<double, kLanes> lane_inertia{};
  for_tiles(points, begin, end, centroids, [&](std::size_t first, std::size_t blocks, const Tile& tile) HWY_ATTR {
    for (std::size_t i = 0; i < blocks * kLanes; i += kLanes) {
      std::int32_t* before = labels + first * kLanes + i;
      const std::int32_t* after = tile.labels.data() + i;
      // Most blocks keep their labels after the first steps: not writing them saves memory traffic.
      const std::uint32_t changed = differing(before, after);
      if (changed == 0) continue;
      summing.change(first * kLanes + i, before, after, changed);
      std::copy_n(after, kLanes, before);
    }
    add_lanewise(tile.squared.data(), blocks, lane_inertia.data());
    summing.add_tile(first, blocks, tile.labels.data());
  });
  summing.finish();
  out.inertia = 0;
  for (const double lane : lane_inertia) out.inertia += lane;
}

}  // namespace HWY_NAMESPACE
}  // namespace affekt
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace affekt {

HWY_EXPORT(NearestBlocks);
HWY_EXPORT(LloydBlocks);

PaddedCentroids::PaddedCentroids(const float* centroids, std::size_t count, std::size_t columns)
    : k(count), d(columns), data((count + 3) / 4 * 4 * columns, std::numeric_limits<float>::infinity()) {
  std::copy_n(centroids, count * columns, data.begin());
}

void nearest_blocks(const Points& points, std::size_t begin, std::size_t end, const PaddedCentroids& centroids,
                    std::int32_t* labels, float* squared) {
  HWY_DYNAMIC_DISPATCH(NearestBlocks)(points, begin, end, centroids, labels, squared);
}

void lloyd_blocks(const Points& points, std::size_t begin, std::size_t end, const PaddedCentroids& centroids,
                  std::int32_t* labels, ChunkSums& out) {
  HWY_DYNAMIC_DISPATCH(LloydBlocks)(points, begin, end, centroids, labels, out);
}

}  // namespace affekt
#endif  // HWY_ONCE
