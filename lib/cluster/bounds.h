// Private: bounds that tell of most rows that their cluster stays, without a look at the other centroids.
//
// Hamerly, "Making k-means even faster", SDM 2010: a row nearer to its own centroid than the others can have come keeps
// its label. The distance to the own centroid is computed anyway, for the inertia; so one number a row is enough, a
// lower bound of the distance to the second nearest centroid, which shrinks by the longest way another centroid has
// gone.
//
// A bounded step gives the bits of a plain one. Both compare squared distances rounded to single precision, in which
// d + 2 roundings of positive terms err by less than (d + 3) 2^-24 of the value, if nothing underflows. A row is
// settled only if its own rounded square is below shrink * bound^2, and what shrink takes off covers that error where
// the bound was made and where it is used, and the roundings of the bound itself. Bounds below kLeastBound count as
// none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cluster/kernels.h"
#include "cluster/points.h"

namespace affekt {

/// Squares of shorter distances may have underflowed.
inline constexpr float kLeastBound = 0x1p-50F;

/// Columns up to which the allowance for rounding leaves something of a bound.
inline constexpr std::size_t kWidestBounded = 4096;

struct Bounds {
  /// (blocks, 16): at least this far is any centroid but the row's own, plus `moved` of its cluster at that time.
  std::vector<float> lower;
  /// (k): how far any other centroid can have gone in all steps together. Grows by no less than the true way.
  std::vector<float> moved;
  float shrink = 1;  ///< For squared bounds. Above 0 up to kWidestBounded columns.

  Bounds() = default;
  Bounds(const Points& points, std::size_t k);

  /// Centroids (k, d) have moved.
  void follow(const std::vector<float>& from, const std::vector<float>& to);
};

/// lloyd_blocks() with the same results, bit for bit. If `out` is not valid, the bounds are made; else those of the
/// step before are used and renewed. Memory: 4 bytes a row.
void bounded_blocks(const Points& points, std::size_t begin, std::size_t end, const PaddedCentroids& centroids,
                    Bounds& bounds, std::int32_t* labels, ChunkSums& out);

}  // namespace affekt
