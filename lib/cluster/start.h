// Private: first centroids.
#pragma once

#include <cstddef>
#include <vector>

#include "affekt/cluster/kmeans.h"
#include "affekt/core/random.h"
#include "cluster/points.h"

namespace affekt {

/// Greedy k-means++: (k, d) rows of the points. @throws DataError  fewer than k distinct rows.
std::vector<float> plus_plus_start(const Points& points, std::size_t k, RandomStream& random);

/// k-means|| (Bahmani et al., VLDB 2012): the same bits at any thread count. Where the sample holds fewer than k
/// different rows, plus_plus_start(). @throws DataError as plus_plus_start().
std::vector<float> parallel_start(const Points& points, std::size_t k, RandomStream& random);

/// The start that the options ask for.
std::vector<float> start_of(const Points& points, const KMeansOptions& options, RandomStream& random);

}  // namespace affekt
