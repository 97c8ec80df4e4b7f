// Lanes never mix inside these loops, so vectors of 4, 8 or 16 floats give the same bits. Products and sums are rounded
// separately (no fused multiply-add): CPUs without one agree too.
#include "cluster/kernels.h"

#include <algorithm>
#include <array>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cluster/kernels.cpp"
#include <hwy/foreach_target.h>
// Highway wants this order.
#include <hwy/cache_control.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace affekt {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, kLanes>;
using Ints = hn::Rebind<std::int32_t, Floats>;
using V = hn::Vec<Floats>;
using VI = hn::Vec<Ints>;

constexpr std::size_t kTile = 16;  // blocks whose sums stay in float before they go to double
constexpr std::size_t kTileRows = kTile * kLanes;
constexpr std::size_t kFewMoves = 6;      // moving one row costs some six times what adding it up anew does
constexpr std::size_t kMaskedLimit = 24;  // above, adding row by row is cheaper than a masked pass a cluster

struct Tile {
  HWY_ALIGN std::array<std::int32_t, kTileRows> labels;
  HWY_ALIGN std::array<float, kTileRows> squared;
};

HWY_ATTR HWY_INLINE V add_square(V sum, V x, V center) {
  const V difference = hn::Sub(x, center);
  return hn::Add(sum, hn::Mul(difference, difference));
}

// Squared distances of one vector of rows to four centroids, d values apart.
struct Four {
  V a, b, c, e;
};

HWY_ATTR HWY_INLINE Four four_distances(Floats tag, const float* x, const float* centers, std::size_t d) {
  Four sum{hn::Zero(tag), hn::Zero(tag), hn::Zero(tag), hn::Zero(tag)};
  for (std::size_t j = 0; j < d; ++j) {
    const V value = hn::LoadU(tag, x + j * kLanes);
    sum.a = add_square(sum.a, value, hn::Set(tag, centers[j]));
    sum.b = add_square(sum.b, value, hn::Set(tag, centers[d + j]));
    sum.c = add_square(sum.c, value, hn::Set(tag, centers[2 * d + j]));
    sum.e = add_square(sum.e, value, hn::Set(tag, centers[3 * d + j]));
  }
  return sum;
}

HWY_ATTR HWY_INLINE void take_nearer(V distance, std::size_t c, V& best, VI& label) {
  const Ints ints;
  const auto nearer = hn::Lt(distance, best);
  best = hn::IfThenElse(nearer, distance, best);
  label = hn::IfThenElse(hn::RebindMask(ints, nearer), hn::Set(ints, static_cast<std::int32_t>(c)), label);
}

// The rows are read for the first time here; `next_blocks` of the tile that follows are fetched meanwhile.
HWY_ATTR void nearest_in_tile(const float* data, std::size_t blocks, const PaddedCentroids& centroids,
                              std::size_t next_blocks, Tile& tile) {
  const Floats tag;
  const Ints ints;
  const std::size_t d = centroids.d;
  for (std::size_t row = 0; row < blocks * kLanes; row += hn::Lanes(tag)) {
    const float* x = data + (row / kLanes) * d * kLanes + row % kLanes;
    if (row % kLanes == 0 && row / kLanes < next_blocks) {
      for (std::size_t j = 0; j < d; ++j) hwy::Prefetch(x + (blocks * d + j) * kLanes);
    }
    V best = hn::Set(tag, std::numeric_limits<float>::infinity());
    VI label = hn::Zero(ints);
    for (std::size_t c = 0; c < centroids.padded(); c += 4) {
      const Four distance = four_distances(tag, x, centroids.data.data() + c * d, d);
      take_nearer(distance.a, c, best, label);
      take_nearer(distance.b, c + 1, best, label);
      take_nearer(distance.c, c + 2, best, label);
      take_nearer(distance.e, c + 3, best, label);
    }
    hn::Store(best, tag, tile.squared.data() + row);
    hn::Store(label, ints, tile.labels.data() + row);
  }
}

HWY_ATTR HWY_INLINE void add_lanes(V values, double* lanes) {
  const Floats tag;
  HWY_ALIGN float parts[kLanes];
  hn::Store(values, tag, parts);
  for (std::size_t l = 0; l < hn::Lanes(tag); ++l) lanes[l] += double{parts[l]};
}

// Adds up to four columns of the rows labelled c; lane_sums has 16 doubles a column.
HWY_ATTR HWY_INLINE void add_four_columns(const float* x, std::size_t d, std::size_t blocks, std::size_t c,
                                          const std::int32_t* labels, double* lane_sums) {
  const Floats tag;
  const Ints ints;
  const auto wanted = hn::Set(ints, static_cast<std::int32_t>(c));
  for (std::size_t lane = 0; lane < kLanes; lane += hn::Lanes(tag)) {
    V s0 = hn::Zero(tag), s1 = s0, s2 = s0, s3 = s0;
    for (std::size_t b = 0; b < blocks; ++b) {
      const auto mine = hn::RebindMask(tag, hn::Eq(hn::LoadU(ints, labels + b * kLanes + lane), wanted));
      const float* column = x + b * d * kLanes + lane;
      s0 = hn::Add(s0, hn::IfThenElseZero(mine, hn::LoadU(tag, column)));
      s1 = hn::Add(s1, hn::IfThenElseZero(mine, hn::LoadU(tag, column + kLanes)));
      s2 = hn::Add(s2, hn::IfThenElseZero(mine, hn::LoadU(tag, column + 2 * kLanes)));
      s3 = hn::Add(s3, hn::IfThenElseZero(mine, hn::LoadU(tag, column + 3 * kLanes)));
    }
    add_lanes(s0, lane_sums + lane);
    add_lanes(s1, lane_sums + kLanes + lane);
    add_lanes(s2, lane_sums + 2 * kLanes + lane);
    add_lanes(s3, lane_sums + 3 * kLanes + lane);
  }
}

HWY_ATTR HWY_INLINE void add_one_column(const float* x, std::size_t d, std::size_t blocks, std::size_t c,
                                        const std::int32_t* labels, double* lane_sums) {
  const Floats tag;
  const Ints ints;
  const auto wanted = hn::Set(ints, static_cast<std::int32_t>(c));
  for (std::size_t lane = 0; lane < kLanes; lane += hn::Lanes(tag)) {
    V sum = hn::Zero(tag);
    for (std::size_t b = 0; b < blocks; ++b) {
      const auto mine = hn::RebindMask(tag, hn::Eq(hn::LoadU(ints, labels + b * kLanes + lane), wanted));
      sum = hn::Add(sum, hn::IfThenElseZero(mine, hn::LoadU(tag, x + b * d * kLanes + lane)));
    }
    add_lanes(sum, lane_sums + lane);
  }
}

HWY_ATTR void add_tile_masked(const float* data, std::size_t d, std::size_t k, std::size_t blocks,
                              const std::int32_t* labels, double* lane_sums) {
  for (std::size_t c = 0; c < k; ++c) {
    std::size_t j = 0;
    for (; j + 4 <= d; j += 4) {
      add_four_columns(data + j * kLanes, d, blocks, c, labels, lane_sums + (c * d + j) * kLanes);
    }
    for (; j < d; ++j) {
      add_one_column(data + j * kLanes, d, blocks, c, labels, lane_sums + (c * d + j) * kLanes);
    }
  }
}

void add_row(const Points& points, std::size_t row, double sign, double* sum) {
  const float* x = points.data.data() + (row / kLanes) * points.d * kLanes + row % kLanes;
  for (std::size_t j = 0; j < points.d; ++j) sum[j] += sign * double{x[j * kLanes]};
}

// Sums and counts of a chunk from its labels.
HWY_ATTR void add_chunk(const Points& points, std::size_t begin, std::size_t end, std::size_t k,
                        const std::int32_t* labels, ChunkSums& out) {
  const std::size_t d = points.d;
  std::fill(out.sums.begin(), out.sums.end(), 0.0);
  std::fill(out.counts.begin(), out.counts.end(), std::uint64_t{0});
  for (std::size_t row = begin * kLanes; row < std::min(end * kLanes, points.n); ++row) {
    ++out.counts[static_cast<std::size_t>(labels[row])];
  }
  if (k > kMaskedLimit) {
    for (std::size_t row = begin * kLanes; row < std::min(end * kLanes, points.n); ++row) {
      add_row(points, row, 1, out.sums.data() + static_cast<std::size_t>(labels[row]) * d);
    }
    return;
  }
  std::vector<double> lane_sums(k * d * kLanes);
  for (std::size_t first = begin; first < end; first += kTile) {
    add_tile_masked(points.data.data() + first * d * kLanes, d, k, std::min(kTile, end - first),
                    labels + first * kLanes, lane_sums.data());
  }
  for (std::size_t i = 0; i < lane_sums.size(); ++i) out.sums[i / kLanes] += lane_sums[i];
}

/// Rows that went to another cluster since the last step, as long as they are few.
struct Moves {
  struct Move {
    std::size_t row;
    std::int32_t from;
  };
  std::vector<Move> moves;
  std::size_t most;
  bool too_many = false;

  void note(std::size_t row, std::size_t rows, const std::int32_t* before, const std::int32_t* after) {
    for (std::size_t block = 0; block < rows && !too_many; block += kLanes) {
      const std::size_t end = std::min(block + kLanes, rows);
      if (std::equal(before + block, before + end, after + block)) continue;
      for (std::size_t i = block; i < end; ++i) {
        if (before[i] != after[i]) moves.push_back({row + i, before[i]});
      }
      too_many = moves.size() > most;
    }
  }
};

void apply_moves(const Points& points, const Moves& moves, const std::int32_t* labels, ChunkSums& out) {
  for (const auto& move : moves.moves) {
    const auto from = static_cast<std::size_t>(move.from), to = static_cast<std::size_t>(labels[move.row]);
    add_row(points, move.row, -1, out.sums.data() + from * points.d);
    add_row(points, move.row, 1, out.sums.data() + to * points.d);
    --out.counts[from];
    ++out.counts[to];
  }
}

HWY_ATTR void AssignBlocks(const Points& points, std::size_t begin, std::size_t end, const PaddedCentroids& centroids,
                           std::int32_t* labels, float* squared, ChunkSums* out) {
  const std::size_t d = points.d;
  Moves moves;
  moves.most = (end - begin) * kLanes / kFewMoves;
  moves.too_many = out == nullptr || !out->valid;
  std::array<double, kLanes> lane_inertia{};
  Tile tile;
  for (std::size_t first = begin; first < end; first += kTile) {
    const std::size_t blocks = std::min(kTile, end - first);
    const std::size_t row = first * kLanes;
    const std::size_t rows = std::min(blocks * kLanes, points.n - row);
    nearest_in_tile(points.data.data() + first * d * kLanes, blocks, centroids, std::min(kTile, end - first - blocks),
                    tile);
    for (std::size_t i = rows; i < blocks * kLanes; ++i) {
      tile.labels[i] = -1;
      tile.squared[i] = 0;
    }
    if (!moves.too_many) moves.note(row, rows, labels + row, tile.labels.data());
    std::copy_n(tile.labels.data(), blocks * kLanes, labels + row);
    if (squared != nullptr) std::copy_n(tile.squared.data(), blocks * kLanes, squared + row);
    for (std::size_t i = 0; i < blocks * kLanes; i += kLanes) {
      for (std::size_t l = 0; l < kLanes; ++l) lane_inertia[l] += double{tile.squared[i + l]};
    }
  }
  if (out == nullptr) return;
  if (moves.too_many) {
    add_chunk(points, begin, end, centroids.k, labels, *out);
  } else {
    apply_moves(points, moves, labels, *out);
  }
  out->valid = true;
  out->inertia = 0;
  for (const double lane : lane_inertia) out->inertia += lane;
}

HWY_ATTR double LowerNearest(const Points& points, std::size_t begin, std::size_t end, const float* center,
                             float* nearest) {
  const Floats tag;
  const std::size_t d = points.d;
  std::array<double, kLanes> lanes{};
  for (std::size_t b = begin; b < end; ++b) {
    for (std::size_t lane = 0; lane < kLanes; lane += hn::Lanes(tag)) {
      const float* x = points.data.data() + b * d * kLanes + lane;
      V sum = hn::Zero(tag);
      for (std::size_t j = 0; j < d; ++j) {
        sum = add_square(sum, hn::LoadU(tag, x + j * kLanes), hn::Set(tag, center[j]));
      }
      float* place = nearest + b * kLanes + lane;
      sum = hn::Min(sum, hn::LoadU(tag, place));
      hn::StoreU(sum, tag, place);
      add_lanes(sum, lanes.data() + lane);
    }
  }
  double total = 0;
  for (const double lane : lanes) total += lane;
  return total;
}

HWY_ATTR void CandidateTotals(const Points& points, std::size_t begin, std::size_t end,
                              const PaddedCentroids& candidates, const float* nearest, double* totals) {
  const Floats tag;
  const std::size_t d = points.d;
  std::vector<double> lanes(4 * kLanes);
  for (std::size_t c = 0; c < candidates.padded(); c += 4) {
    const float* centers = candidates.data.data() + c * d;
    std::fill(lanes.begin(), lanes.end(), 0.0);
    for (std::size_t first = begin; first < end; first += kTile) {
      for (std::size_t lane = 0; lane < kLanes; lane += hn::Lanes(tag)) {
        V s0 = hn::Zero(tag), s1 = s0, s2 = s0, s3 = s0;
        for (std::size_t b = first; b < std::min(end, first + kTile); ++b) {
          const Four distance = four_distances(tag, points.data.data() + b * d * kLanes + lane, centers, d);
          const V old = hn::LoadU(tag, nearest + b * kLanes + lane);
          s0 = hn::Add(s0, hn::Min(old, distance.a));
          s1 = hn::Add(s1, hn::Min(old, distance.b));
          s2 = hn::Add(s2, hn::Min(old, distance.c));
          s3 = hn::Add(s3, hn::Min(old, distance.e));
        }
        add_lanes(s0, lanes.data() + lane);
        add_lanes(s1, lanes.data() + kLanes + lane);
        add_lanes(s2, lanes.data() + 2 * kLanes + lane);
        add_lanes(s3, lanes.data() + 3 * kLanes + lane);
      }
    }
    for (std::size_t i = 0; i < lanes.size(); ++i) totals[c + i / kLanes] += lanes[i];
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace affekt
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace affekt {

HWY_EXPORT(AssignBlocks);
HWY_EXPORT(LowerNearest);
HWY_EXPORT(CandidateTotals);

PaddedCentroids::PaddedCentroids(const float* centroids, std::size_t count, std::size_t columns)
    : k(count), d(columns), data((count + 3) / 4 * 4 * columns, std::numeric_limits<float>::infinity()) {
  std::copy_n(centroids, count * columns, data.begin());
}

void assign_blocks(const Points& points, std::size_t begin, std::size_t end, const PaddedCentroids& centroids,
                   std::int32_t* labels, float* squared, ChunkSums* out) {
  HWY_DYNAMIC_DISPATCH(AssignBlocks)(points, begin, end, centroids, labels, squared, out);
}

double lower_nearest(const Points& points, std::size_t begin, std::size_t end, const float* center, float* nearest) {
  return HWY_DYNAMIC_DISPATCH(LowerNearest)(points, begin, end, center, nearest);
}

void candidate_totals(const Points& points, std::size_t begin, std::size_t end, const PaddedCentroids& candidates,
                      const float* nearest, double* totals) {
  HWY_DYNAMIC_DISPATCH(CandidateTotals)(points, begin, end, candidates, nearest, totals);
}

}  // namespace affekt
#endif  // HWY_ONCE
