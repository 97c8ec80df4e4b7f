// Private: first centroids.
#pragma once

#include <cstddef>
#include <vector>

#include "affekt/core/random.h"
#include "cluster/points.h"

namespace affekt {

/// Greedy k-means++: (k, d) rows of the points. @throws DataError  fewer than k distinct rows.
std::vector<float> plus_plus_start(const Points& points, std::size_t k, RandomStream& random);

}  // namespace affekt
