// Private: k-means over rows that are dealt already, and without labels: those of ten million rows are worth saving.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "affekt/cluster/kmeans.h"
#include "cluster/points.h"

namespace affekt {

/// As kmeans(), but KMeansResult::labels stays empty. @throws UsageError, DataError
KMeansResult kmeans_points(const Points& points, const KMeansOptions& options,
                           const std::function<void(const KMeansStep&)>& on_step = {});

/// Nearest centroid of each row, ties to the lower number.
std::vector<std::int32_t> labels_of(const Points& points, const std::vector<float>& centroids);
/// The same, and the distances to them.
Assignment assign_points(const Points& points, const std::vector<float>& centroids);
/// assign_points() for rows that are not held.
Assignment assign_rows(const RowFill& rows, std::size_t n, std::size_t d, const std::vector<float>& centroids);

}  // namespace affekt
