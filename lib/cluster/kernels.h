// Private: the inner loops of k-means, compiled for several instruction sets and chosen at run time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cluster/points.h"

namespace affekt {

/// Centroids (k, d) padded to a multiple of four with infinitely far ones, and four values more: any value may be
/// loaded with the three that follow it.
struct PaddedCentroids {
  std::size_t k = 0, d = 0;
  std::vector<float> data;

  PaddedCentroids(const float* centroids, std::size_t count, std::size_t columns);
  std::size_t padded() const { return (k + 3) / 4 * 4; }
};

/// What one chunk of rows adds to a Lloyd step, kept from step to step.
struct ChunkSums {
  bool valid = false;                 ///< Sums and counts belong to the labels as they stand.
  std::vector<double> sums;           ///< (k, d)
  std::vector<std::uint64_t> counts;  ///< (k)
  std::size_t moved = 0;              ///< Rows whose label the last step changed.
  double inertia = 0;
};

/// Nearest centroid of the rows of blocks [begin, end), ties to the lower number: `labels` (and `squared`, the squared
/// distances, if not null) have 16 places a block, those of block `begin` first; the lanes beyond the last row get
/// label -1 and distance 0.
void nearest_blocks(const Points& points, std::size_t begin, std::size_t end, const PaddedCentroids& centroids,
                    std::int32_t* labels, float* squared);

/// A Lloyd step for these blocks: nearest centroids into the labels of all rows, and what the rows add up to.
/// @param out  sized (k, d) and (k). If valid, `labels` are those of the step before.
void lloyd_blocks(const Points& points, std::size_t begin, std::size_t end, const PaddedCentroids& centroids,
                  std::int32_t* labels, ChunkSums& out);

/// nearest = min(nearest, squared distance to `center`) for the rows of the blocks; returns the sum of it.
double lower_nearest(const Points& points, std::size_t begin, std::size_t end, const float* center, float* nearest);

/// For each candidate: the sum over the blocks' rows of min(nearest, squared distance to the candidate).
/// @param totals  (candidates.padded())
void candidate_totals(const Points& points, std::size_t begin, std::size_t end, const PaddedCentroids& candidates,
                      const float* nearest, double* totals);

}  // namespace affekt
