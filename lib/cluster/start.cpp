#include "cluster/start.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "affekt/core/error.h"
#include "affekt/core/parallel.h"
#include "cluster/kernels.h"

namespace affekt {
namespace {

class PlusPlus {
 public:
  explicit PlusPlus(const Points& points)
      : points_(points),
        chunk_(chunk_blocks(points)),
        chunk_sums_((points.blocks() + chunk_ - 1) / chunk_),
        nearest_(points.blocks() * kLanes) {
    std::fill_n(nearest_.begin(), points.n, std::numeric_limits<float>::infinity());
  }

  /// Sum over all rows of the squared distance to the nearest centroid so far.
  double add(std::size_t row) {
    const auto center = values(row);
    parallel_for(points_.blocks(), chunk_, [&](std::size_t begin, std::size_t end) {
      chunk_sums_[begin / chunk_] = lower_nearest(points_, begin, end, center.data(), nearest_.data());
    });
    return std::accumulate(chunk_sums_.begin(), chunk_sums_.end(), 0.0);
  }

  /// A row drawn with probability in proportion to its squared distance.
  std::size_t draw(double total, RandomStream& random) const {
    double left = random.uniform() * total;
    std::size_t c = 0;
    while (c + 1 < chunk_sums_.size() && left >= chunk_sums_[c]) left -= chunk_sums_[c++];
    std::size_t chosen = points_.n;
    for (std::size_t row = c * chunk_ * kLanes; row < points_.n; ++row) {
      if (nearest_[row] <= 0) continue;
      chosen = row;  // rounding may leave a rest beyond the chunk's last row
      left -= double{nearest_[row]};
      if (left < 0) break;
    }
    if (chosen == points_.n) {
      chosen = static_cast<std::size_t>(std::max_element(nearest_.begin(), nearest_.end()) - nearest_.begin());
    }
    return chosen;
  }

  /// The candidate that leaves the least sum; ties to the earlier.
  std::size_t best(const std::vector<std::size_t>& rows) const {
    std::vector<float> centers;
    for (const std::size_t row : rows) {
      const auto center = values(row);
      centers.insert(centers.end(), center.begin(), center.end());
    }
    const PaddedCentroids candidates(centers.data(), rows.size(), points_.d);
    const std::size_t width = candidates.padded();
    std::vector<double> totals(chunk_sums_.size() * width);
    parallel_for(points_.blocks(), chunk_, [&](std::size_t begin, std::size_t end) {
      candidate_totals(points_, begin, end, candidates, nearest_.data(), totals.data() + begin / chunk_ * width);
    });
    for (std::size_t i = width; i < totals.size(); ++i) totals[i % width] += totals[i];
    const auto last = totals.begin() + static_cast<std::ptrdiff_t>(rows.size());
    return rows[static_cast<std::size_t>(std::min_element(totals.begin(), last) - totals.begin())];
  }

  std::vector<float> values(std::size_t row) const {
    std::vector<float> result(points_.d);
    for (std::size_t j = 0; j < points_.d; ++j) result[j] = points_.at(row, j);
    return result;
  }

 private:
  const Points& points_;
  std::size_t chunk_;
  std::vector<double> chunk_sums_;
  std::vector<float> nearest_;
};

}  // namespace

std::vector<float> plus_plus_start(const Points& points, std::size_t k, RandomStream& random) {
  PlusPlus state(points);
  const auto trials = 2 + static_cast<std::size_t>(std::log(static_cast<double>(k)));
  std::size_t row = random.below(points.n);
  std::vector<float> centers = state.values(row);
  for (std::size_t c = 1; c < k; ++c) {
    const double total = state.add(row);
    if (!std::isfinite(total)) {
      throw DataError("k-means: values too large to square in single precision; scale the columns first");
    }
    if (total <= 0) {
      throw DataError("k-means: only " + std::to_string(c) + " distinct rows for k = " + std::to_string(k) +
                      "; choose k of at most " + std::to_string(c));
    }
    std::vector<std::size_t> candidates(trials);
    for (auto& candidate : candidates) candidate = state.draw(total, random);
    row = state.best(candidates);
    const auto center = state.values(row);
    centers.insert(centers.end(), center.begin(), center.end());
  }
  return centers;
}

std::vector<float> start_of(const Points& points, const KMeansOptions& options, RandomStream& random) {
  const auto k = static_cast<std::size_t>(options.k);
  return options.start == KMeansStart::parallel ? parallel_start(points, k, random)
                                                : plus_plus_start(points, k, random);
}

}  // namespace affekt
