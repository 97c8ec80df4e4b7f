#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "cluster/bounds.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cluster/bounded_kernels.cpp"
#include <hwy/foreach_target.h>
// Highway wants this order.
#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include "cluster/nearest-inl.h"
#include "cluster/step-inl.h"

HWY_BEFORE_NAMESPACE();
namespace affekt {
namespace HWY_NAMESPACE {

// Four values of each of four rows, turned: value i of row l goes to place l of column i.
HWY_ATTR HWY_INLINE void turn_four(const std::array<const float*, 4>& rows, float* columns) {
#if HWY_TARGET == HWY_SCALAR
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t row = 0; row < 4; ++row) columns[i * kLanes + row] = rows[row][i];
  }
#else
  const hn::FixedTag<float, 4> four;
  const hn::FixedTag<double, 2> pairs;
  const auto a = hn::LoadU(four, rows[0]), b = hn::LoadU(four, rows[1]);
  const auto c = hn::LoadU(four, rows[2]), e = hn::LoadU(four, rows[3]);
  const auto low = hn::BitCast(pairs, hn::InterleaveLower(four, a, b));
  const auto low2 = hn::BitCast(pairs, hn::InterleaveLower(four, c, e));
  const auto high = hn::BitCast(pairs, hn::InterleaveUpper(four, a, b));
  const auto high2 = hn::BitCast(pairs, hn::InterleaveUpper(four, c, e));
  hn::StoreU(hn::BitCast(four, hn::InterleaveLower(pairs, low, low2)), four, columns);
  hn::StoreU(hn::BitCast(four, hn::InterleaveUpper(pairs, low, low2)), four, columns + kLanes);
  hn::StoreU(hn::BitCast(four, hn::InterleaveLower(pairs, high, high2)), four, columns + 2 * kLanes);
  hn::StoreU(hn::BitCast(four, hn::InterleaveUpper(pairs, high, high2)), four, columns + 3 * kLanes);
#endif
}

// The centroids that a block's rows have, dealt to lanes as the rows are. Columns come in fours; those beyond the last
// mean nothing. Gather instructions, a column at a time, would take three times as long.
HWY_ATTR HWY_INLINE void deal_centroids(const PaddedCentroids& centroids, const std::int32_t* labels, float* dealt) {
  for (std::size_t lane = 0; lane < kLanes; lane += 4) {
    std::array<const float*, 4> rows{};
    for (std::size_t i = 0; i < 4; ++i) {
      rows[i] = centroids.data.data() + static_cast<std::size_t>(std::max(labels[lane + i], 0)) * centroids.d;
    }
    for (std::size_t j = 0; j < centroids.d; j += 4) {
      turn_four(rows, dealt + j * kLanes + lane);
      for (const float*& row : rows) row += 4;
    }
  }
}

// Makes the bounds of a tile's rows out of the squared distances to their second nearest centroids.
HWY_ATTR HWY_INLINE void bound_tile(const Tile& tile, std::size_t rows, const Bounds& bounds, float* lower) {
  const Floats tag;
  const Ints ints;
  const V least = hn::Set(tag, kLeastBound * kLeastBound), most = hn::Set(tag, std::numeric_limits<float>::max());
  const V rounded_down = hn::Set(tag, 1.0F - 0x1p-22F);
  for (std::size_t i = 0; i < rows; i += hn::Lanes(tag)) {
    const V second = hn::Min(hn::Load(tag, tile.second.data() + i), most);
    const V distance = hn::IfThenElseZero(hn::Ge(second, least), hn::Sqrt(second));
    const VI label = hn::Max(hn::Load(ints, tile.labels.data() + i), hn::Zero(ints));
    const V moved = hn::GatherIndex(tag, bounds.moved.data(), label);
    hn::StoreU(hn::Mul(hn::Add(distance, moved), rounded_down), tag, lower + i);
  }
}

// What a block's rows are compared by.
struct Block {
  const float* x;              // (d, 16)
  const float* own;            // (d, 16) centroids
  const std::int32_t* labels;  // (16)
  const float* lower;          // (16)
};

// Squared distances of a block's rows to their own centroids. Rows that another may be as near to are numbered in
// `open`, from `row` on; returns how many they are. `open` has room for a vector more.
HWY_ATTR HWY_INLINE std::size_t open_rows(const Block& block, const Bounds& bounds, std::size_t d, float* squared,
                                          std::size_t row, std::int32_t* open) {
  const Floats tag;
  const Ints ints;
  const V shrink = hn::Set(tag, bounds.shrink), least = hn::Set(tag, kLeastBound);
  std::size_t count = 0;
  for (std::size_t lane = 0; lane < kLanes; lane += hn::Lanes(tag)) {
    V sum = hn::Zero(tag);
    for (std::size_t j = 0; j < d; ++j) {
      const std::size_t at = j * kLanes + lane;
      sum = add_square(sum, hn::LoadU(tag, block.x + at), hn::LoadU(tag, block.own + at));
    }
    hn::StoreU(sum, tag, squared + lane);
    const VI label = hn::Max(hn::LoadU(ints, block.labels + lane), hn::Zero(ints));
    const V bound = hn::Sub(hn::LoadU(tag, block.lower + lane), hn::GatherIndex(tag, bounds.moved.data(), label));
    const auto settled = hn::And(hn::Ge(bound, least), hn::Lt(sum, hn::Mul(hn::Mul(bound, bound), shrink)));
    const VI rows = hn::Iota(ints, static_cast<std::int32_t>(row + lane));
    count += hn::CompressStore(rows, hn::Not(hn::RebindMask(ints, settled)), ints, open + count);
  }
  return count;
}

/// Finds the labels and squared distances of a chunk, a stretch of blocks at a time.
class BoundedSearch {
 public:
  static constexpr std::size_t kBlocks = 4 * kTile;  ///< In a stretch, at most.

  BoundedSearch(const Points& points, const PaddedCentroids& centroids, Bounds& bounds)
      : points_(points),
        centroids_(centroids),
        bounds_(bounds),
        width_((points.d + 3) / 4 * 4 * kLanes),
        dealt_(kTileRows * points.d),
        own_(kAhead * width_) {}

  /// By bounds, unless those of most rows have failed lately: then a few stretches are searched without asking them.
  HWY_ATTR void find(std::size_t first, std::size_t blocks, const std::int32_t* before) {
    constexpr int kPause = 7;
    if (pause_ > 0) {
      --pause_;
      return find_all(first, blocks);
    }
    const std::size_t open = find_open(first, blocks, before);
    if (2 * open > blocks * kLanes) pause_ = kPause;
    for (std::size_t at = 0; at < open; at += kTileRows)
      search(first, open_.data() + at, std::min(kTileRows, open - at));
  }

  /// Compares each row with all centroids.
  HWY_ATTR void find_all(std::size_t first, std::size_t blocks) {
    for_tiles<true>(points_, first, first + blocks, centroids_,
                    [&](std::size_t tile_first, std::size_t tile_blocks, const Tile& tile) HWY_ATTR {
                      const std::size_t rows = tile_blocks * kLanes, at = (tile_first - first) * kLanes;
                      std::copy_n(tile.labels.data(), rows, labels.data() + at);
                      std::copy_n(tile.squared.data(), rows, squared.data() + at);
                      bound_tile(tile, rows, bounds_, bounds_.lower.data() + tile_first * kLanes);
                    });
  }

  HWY_ALIGN std::array<std::int32_t, kBlocks * kLanes> labels;
  HWY_ALIGN std::array<float, kBlocks * kLanes> squared;

 private:
  static constexpr std::size_t kAhead = 8;

  // The rows whose bounds do not settle them; the others keep their labels.
  HWY_ATTR std::size_t find_open(std::size_t first, std::size_t blocks, const std::int32_t* before) {
    const std::size_t d = points_.d, rows = std::min(blocks * kLanes, points_.n - first * kLanes);
    const float* x = points_.data.data() + first * d * kLanes;
    const float* lower = bounds_.lower.data() + first * kLanes;
    std::copy_n(before, blocks * kLanes, labels.data());
    std::size_t count = 0;
    for (std::size_t b = 0; b < blocks; ++b) {
      // Some blocks before their use: a vector loads slowly while the quarters it was stored in are on their way.
      for (std::size_t ahead = b; b % kAhead == 0 && ahead < std::min(b + kAhead, blocks); ++ahead) {
        for (std::size_t j = 0; j < d; ++j) hwy::Prefetch(x + (ahead * d + j) * kLanes);
        deal_centroids(centroids_, before + ahead * kLanes, own_.data() + ahead % kAhead * width_);
      }
      const std::size_t row = b * kLanes;
      const Block block{x + row * d, own_.data() + b % kAhead * width_, before + row, lower + row};
      count += open_rows(block, bounds_, d, squared.data() + row, row, open_.data() + count);
    }
    // The lanes beyond the last row.
    while (count > 0 && static_cast<std::size_t>(open_[count - 1]) >= rows) --count;
    std::fill(squared.begin() + static_cast<std::ptrdiff_t>(rows), squared.end(), 0.0F);
    return count;
  }

  // Compares these rows, at most a tile of them, with all centroids.
  HWY_ATTR void search(std::size_t first, const std::int32_t* open, std::size_t count) {
    const std::size_t d = points_.d, blocks = (count + kLanes - 1) / kLanes;
    const auto row_of = [open, count](std::size_t i) { return static_cast<std::size_t>(open[std::min(i, count - 1)]); };
    for (std::size_t i = 0; i < blocks * kLanes; ++i) {
      const std::size_t row = first * kLanes + row_of(i);
      const float* from = points_.data.data() + row / kLanes * d * kLanes + row % kLanes;
      float* to = dealt_.data() + i / kLanes * d * kLanes + i % kLanes;
      for (std::size_t j = 0; j < d; ++j) to[j * kLanes] = from[j * kLanes];
    }
    nearest_in_tile<true>(dealt_.data(), blocks, centroids_, tile_);
    bound_tile(tile_, blocks * kLanes, bounds_, tile_.second.data());
    for (std::size_t i = 0; i < count; ++i) {
      labels[row_of(i)] = tile_.labels[i];
      squared[row_of(i)] = tile_.squared[i];
      bounds_.lower[first * kLanes + row_of(i)] = tile_.second[i];
    }
  }

  const Points& points_;
  const PaddedCentroids& centroids_;
  Bounds& bounds_;
  std::size_t width_;
  std::vector<float> dealt_, own_;
  std::array<std::int32_t, (kBlocks + 1) * kLanes> open_;
  Tile tile_;
  int pause_ = 0;
};

HWY_ATTR void BoundedBlocks(const Points& points, std::size_t begin, std::size_t end, const PaddedCentroids& centroids,
                            Bounds& bounds, std::int32_t* labels, ChunkSums& out) {
  const bool bounded = out.valid;
  Step step(points, begin, end, centroids.k, labels, out);
  BoundedSearch search(points, centroids, bounds);
  for (std::size_t first = begin; first < end; first += BoundedSearch::kBlocks) {
    const std::size_t blocks = std::min(BoundedSearch::kBlocks, end - first);
    if (bounded) {
      search.find(first, blocks, labels + first * kLanes);
    } else {
      search.find_all(first, blocks);
    }
    for (std::size_t b = 0; b < blocks; b += kTile) {
      const std::size_t row = b * kLanes;
      step.take(first + b, std::min(kTile, blocks - b), search.labels.data() + row, search.squared.data() + row);
    }
  }
  step.finish();
}

}  // namespace HWY_NAMESPACE
}  // namespace affekt
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace affekt {

HWY_EXPORT(BoundedBlocks);

void bounded_blocks(const Points& points, std::size_t begin, std::size_t end, const PaddedCentroids& centroids,
                    Bounds& bounds, std::int32_t* labels, ChunkSums& out) {
  HWY_DYNAMIC_DISPATCH(BoundedBlocks)(points, begin, end, centroids, bounds, labels, out);
}

}  // namespace affekt
#endif  // HWY_ONCE
