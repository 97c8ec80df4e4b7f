// Private: rows dealt to sixteen fixed lanes, the layout all k-means kernels work on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "affekt/metrics/cluster_quality.h"

namespace affekt {

inline constexpr std::size_t kLanes = 16;  ///< Rows in a block, on every CPU: sums a lane, then sums of lanes.

/// n rows of d values: block b holds rows 16 b ... 16 b + 15, value j of lane l at data[(b * d + j) * 16 + l].
/// Lanes beyond the last row hold zeros.
struct Points {
  std::size_t n = 0, d = 0;
  std::vector<float> data;

  std::size_t blocks() const { return (n + kLanes - 1) / kLanes; }
  float at(std::size_t row, std::size_t j) const { return data[((row / kLanes) * d + j) * kLanes + row % kLanes]; }
};

/// Deals rows that `fill` gives. @throws DataError naming the first row and column that is not finite.
Points deal_rows(const RowFill& fill, std::size_t n, std::size_t d);
/// Deals rows of a matrix (n, d).
Points deal_rows(const float* x, std::size_t n, std::size_t d);

/// Blocks in a chunk of parallel work: depends on n alone, never on the number of threads.
std::size_t chunk_blocks(const Points& points);

}  // namespace affekt
