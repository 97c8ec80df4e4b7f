// Private: sums of distances from one point to blocks of points, compiled for several instruction sets.
#pragma once

#include <cstddef>

namespace affekt {

inline constexpr std::size_t kSilhouetteLanes = 16;

/// Blocks of sixteen points: value j of lane l of block b at data[(b * d + j) * 16 + l]; weights[b * 16 + l] is 1 for a
/// point and 0 for a lane without one. Returns the sum of Euclidean distances to blocks [begin, end).
double sum_of_distances(const float* data, const float* weights, std::size_t begin, std::size_t end, std::size_t d,
                        const float* point);

}  // namespace affekt
