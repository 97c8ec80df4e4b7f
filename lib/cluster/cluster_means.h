// Means over the tracks of each cluster.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace affekt {

/// Mean by cluster of value(row) over the rows 0, stride, 2 stride, ...; NaN values do not count, a cluster without any
/// other has NaN.
/// @param labels  (n), 0..k-1.
template <class Value>
std::vector<double> cluster_means(const std::vector<std::int32_t>& labels, std::size_t k, std::size_t stride,
                                  const Value& value) {
  std::vector<double> sums(k), counts(k);
  for (std::size_t row = 0; row < labels.size(); row += stride) {
    const double x = value(row);
    if (std::isnan(x)) continue;
    const auto c = static_cast<std::size_t>(labels[row]);
    sums[c] += x;
    ++counts[c];
  }
  for (std::size_t c = 0; c < k; ++c)
    sums[c] = counts[c] > 0 ? sums[c] / counts[c] : std::numeric_limits<double>::quiet_NaN();
  return sums;
}

}  // namespace affekt
