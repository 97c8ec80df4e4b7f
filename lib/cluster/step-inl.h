// Private: what the rows of a Lloyd step add up to, for one instruction set at a time.
#if defined(AFFEKT_CLUSTER_STEP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef AFFEKT_CLUSTER_STEP_INL_H_
#undef AFFEKT_CLUSTER_STEP_INL_H_
#else
#define AFFEKT_CLUSTER_STEP_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <vector>

#include "cluster/kernels.h"
#include "cluster/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace affekt {
namespace HWY_NAMESPACE {

constexpr std::size_t kMaskedLimit = 24;  // above, adding row by row is cheaper than a masked pass a cluster
// The rows are added up anew, not moved, if more than k / 24 of them move; at most a half.
constexpr std::size_t kMoveCost = 24, kMoveMost = 12;
constexpr std::size_t kColumns = 10;  // columns whose sums are held in registers at a time

// Adds several blocks to sixteen doubles. Each lane waits for its own sums only: all of them at a time.
HWY_ATTR HWY_INLINE void add_lanewise(const float* values, std::size_t blocks, double* lanes) {
  const Doubles wide;
  constexpr std::size_t kWide = hn::MaxLanes(Doubles());
  hn::Vec<Doubles> sums[kLanes / kWide];
  for (std::size_t i = 0; i < kLanes / kWide; ++i) sums[i] = hn::LoadU(wide, lanes + i * kWide);
  for (std::size_t b = 0; b < blocks; ++b) {
    for (std::size_t i = 0; i < kLanes / kWide; ++i) {
      sums[i] = hn::Add(sums[i], hn::PromoteTo(wide, hn::Load(Halves(), values + b * kLanes + i * kWide)));
    }
  }
  for (std::size_t i = 0; i < kLanes / kWide; ++i) hn::StoreU(sums[i], wide, lanes + i * kWide);
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

HWY_ATTR inline void add_tile_masked(const float* data, std::size_t d, std::size_t k, std::size_t blocks,
                                     const std::int32_t* labels, double* lane_sums) {
  for (std::size_t c = 0; c < k; ++c) {
    for (std::size_t j = 0; j < d; j += kColumns) {
      add_some_columns<kColumns>(d - j, data + j * kLanes, d, blocks, c, labels, lane_sums + (c * d + j) * kLanes);
    }
  }
}

HWY_ATTR inline void count_labels(const std::int32_t* labels, std::size_t blocks, std::size_t k,
                                  std::uint64_t* counts) {
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

inline const float* place_of(const Points& points, std::size_t row) {
  return points.data.data() + (row / kLanes) * points.d * kLanes + row % kLanes;
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
      const float* x = place_of(points_, first * kLanes + i);
      double* more = sum(static_cast<std::size_t>(labels[i]));
      for (std::size_t j = 0; j < points_.d; ++j) more[j] += double{x[j * kLanes]};
    }
  }

  void finish() {
    if (!moving_) {
      for (std::size_t i = 0; i < lane_sums_.size(); ++i) out_.sums[i / kLanes] += lane_sums_[i];
    }
    out_.valid = true;
  }

 private:
  double* sum(std::size_t cluster) { return out_.sums.data() + cluster * points_.d; }

  void clear() {
    std::fill(out_.sums.begin(), out_.sums.end(), 0.0);
    std::fill(out_.counts.begin(), out_.counts.end(), std::uint64_t{0});
    if (k_ <= kMaskedLimit) lane_sums_.assign(k_ * points_.d * kLanes, 0.0);
  }

  void move(std::size_t row, std::size_t from, std::size_t to) {
    const float* x = place_of(points_, row);
    double *less = sum(from), *more = sum(to);
    for (std::size_t j = 0; j < points_.d; ++j) {
      const auto value = double{x[j * kLanes]};
      less[j] -= value;
      more[j] += value;
    }
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
  constexpr std::size_t kWide = hn::MaxLanes(Ints());
  VI apart[kLanes / kWide];
  VI any = hn::Zero(ints);
  for (std::size_t i = 0; i < kLanes / kWide; ++i) {
    apart[i] = hn::Xor(hn::LoadU(ints, a + i * kWide), hn::LoadU(ints, b + i * kWide));
    any = hn::Or(any, apart[i]);
  }
  if (hn::AllTrue(ints, hn::Eq(any, hn::Zero(ints)))) return 0;  // most blocks, after the first steps
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < kLanes / kWide; ++i) {
    std::array<std::uint8_t, 8> bytes{};  // StoreMaskBits may write as many
    hn::StoreMaskBits(ints, hn::Ne(apart[i], hn::Zero(ints)), bytes.data());
    bits |= (bytes[0] | std::uint32_t{bytes[1]} << 8) << (i * kWide);
  }
  return bits;
}

/// Takes the labels and squared distances of a Lloyd step, tile after tile.
class Step {
 public:
  Step(const Points& points, std::size_t begin, std::size_t end, std::size_t k, std::int32_t* labels, ChunkSums& out)
      : labels_(labels), out_(out), summing_(points, begin, end, k, out) {}

  HWY_ATTR void take(std::size_t first, std::size_t blocks, const std::int32_t* labels, const float* squared) {
    for (std::size_t i = 0; i < blocks * kLanes; i += kLanes) {
      std::int32_t* before = labels_ + first * kLanes + i;
      // Most blocks keep their labels after the first steps: not writing them saves memory traffic.
      const std::uint32_t changed = differing(before, labels + i);
      if (changed == 0) continue;
      summing_.change(first * kLanes + i, before, labels + i, changed);
      std::copy_n(labels + i, kLanes, before);
    }
    add_lanewise(squared, blocks, lane_inertia_.data());
    summing_.add_tile(first, blocks, labels);
  }

  void finish() {
    summing_.finish();
    out_.inertia = 0;
    for (const double lane : lane_inertia_) out_.inertia += lane;
  }

 private:
  std::int32_t* labels_;
  ChunkSums& out_;
  Summing summing_;
  HWY_ALIGN std::array<double, kLanes> lane_inertia_{};
};

}  // namespace HWY_NAMESPACE
}  // namespace affekt
HWY_AFTER_NAMESPACE();

#endif  // AFFEKT_CLUSTER_STEP_INL_H_
