#include "affekt/cluster/kmeans.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "affekt/core/error.h"
#include "affekt/core/parallel.h"
#include "affekt/core/random.h"
#include "cluster/bounds.h"
#include "cluster/kernels.h"
#include "cluster/lloyd.h"
#include "cluster/start.h"

namespace affekt {
namespace {

void check_sizes(std::size_t n, std::size_t d, int k) {
  if (n == 0 || d == 0) throw DataError("k-means: no rows or no columns");
  if (k < 1 || static_cast<std::size_t>(k) > n) {
    throw UsageError("k = " + std::to_string(k) + " is out of range: there are " + std::to_string(n) +
                     " rows, so 1 <= k <= " + std::to_string(n));
  }
}

bool prunes(const KMeansOptions& options, std::size_t d) {
  constexpr int kFewest = 48;  // below, comparing a row with all centroids costs no more than its bound
  if (options.pruning == KMeansPruning::never || d > kWidestBounded) return false;
  return options.pruning == KMeansPruning::always || options.k >= kFewest;
}

/// Lloyd's algorithm from one start.
class Lloyd {
 public:
  Lloyd(const Points& points, const KMeansOptions& options) : points_(points), options_(options) {}

  KMeansResult run(std::vector<float> centroids, int restart, const std::function<void(const KMeansStep&)>& on_step) {
    KMeansResult result;
    labels_.resize(points_.blocks() * kLanes);
    bounded_ = prunes(options_, points_.d);
    if (bounded_) bounds_ = Bounds(points_, static_cast<std::size_t>(options_.k));
    for (ChunkSums& part : parts_) part.valid = false;
    double before = std::numeric_limits<double>::infinity();
    std::vector<float> next;
    for (int iteration = 1;; ++iteration) {
      const ChunkSums sums = assign(centroids);
      if (!std::isfinite(sums.inertia)) {
        throw DataError("k-means: values too large to square in single precision; scale the columns first");
      }
      const int refilled = move(sums, centroids, next);
      result.iterations = iteration;
      result.inertia = sums.inertia;
      result.converged =
          refilled == 0 && (next == centroids || before - sums.inertia <= options_.relative_tolerance * sums.inertia);
      if (on_step) on_step({restart, iteration, sums.inertia, refilled});
      if (result.converged || iteration == options_.max_iterations) {
        result.sizes.assign(sums.counts.begin(), sums.counts.end());
        break;
      }
      if (bounded_) bounds_.follow(centroids, next);
      before = refilled == 0 ? sums.inertia : std::numeric_limits<double>::infinity();
      centroids.swap(next);
    }
    result.centroids = std::move(centroids);
    return result;
  }

 private:
  ChunkSums assign(const std::vector<float>& centroids) {
    const std::size_t d = points_.d, k = centroids.size() / d;
    const PaddedCentroids padded(centroids.data(), k, d);
    const std::size_t chunk = chunk_blocks(points_);
    parts_.resize((points_.blocks() + chunk - 1) / chunk);
    parallel_for(points_.blocks(), chunk, [&](std::size_t begin, std::size_t end) {
      ChunkSums& part = parts_[begin / chunk];
      part.sums.resize(k * d);
      part.counts.resize(k);
      if (bounded_) {
        bounded_blocks(points_, begin, end, padded, bounds_, labels_.data(), part);
      } else {
        lloyd_blocks(points_, begin, end, padded, labels_.data(), part);
      }
    });
    ChunkSums total = parts_.front();
    for (std::size_t i = 1; i < parts_.size(); ++i) {
      for (std::size_t j = 0; j < k * d; ++j) total.sums[j] += parts_[i].sums[j];
      for (std::size_t c = 0; c < k; ++c) total.counts[c] += parts_[i].counts[c];
      total.inertia += parts_[i].inertia;
    }
    return total;
  }

  // New centroids into `next`; returns the number of empty clusters, each of which moved onto a worst-fitted row.
  int move(const ChunkSums& sums, const std::vector<float>& centroids, std::vector<float>& next) {
    const std::size_t d = points_.d, k = sums.counts.size();
    next.resize(k * d);
    std::vector<std::size_t> empty;
    for (std::size_t c = 0; c < k; ++c) {
      if (sums.counts[c] == 0) empty.push_back(c);
      for (std::size_t j = 0; j < d && sums.counts[c] > 0; ++j) {
        next[c * d + j] = static_cast<float>(sums.sums[c * d + j] / static_cast<double>(sums.counts[c]));
      }
    }
    if (empty.empty()) return 0;
    const auto rows = worst_rows(centroids, empty.size());
    for (std::size_t i = 0; i < empty.size(); ++i) {
      for (std::size_t j = 0; j < d; ++j) next[empty[i] * d + j] = points_.at(rows[i], j);
    }
    return static_cast<int>(empty.size());
  }

  // The rows farthest from their centroids, the farthest first, ties to the lower row; no two of them are equal.
  std::vector<std::size_t> worst_rows(const std::vector<float>& centroids, std::size_t count) {
    std::vector<float> distance(labels_.size(), std::numeric_limits<float>::infinity());
    std::vector<std::int32_t> ignored(labels_.size());
    const PaddedCentroids padded(centroids.data(), centroids.size() / points_.d, points_.d);
    const std::size_t chunk = chunk_blocks(points_);
    parallel_for(points_.blocks(), chunk, [&](std::size_t begin, std::size_t end) {
      nearest_blocks(points_, begin, end, padded, ignored.data() + begin * kLanes, distance.data() + begin * kLanes);
    });
    std::vector<std::size_t> rows;
    std::vector<float> row(points_.d);
    while (rows.size() < count) {
      const auto last = distance.begin() + static_cast<std::ptrdiff_t>(points_.n);
      rows.push_back(static_cast<std::size_t>(std::max_element(distance.begin(), last) - distance.begin()));
      for (std::size_t j = 0; j < points_.d; ++j) row[j] = points_.at(rows.back(), j);
      parallel_for(points_.blocks(), chunk, [&](std::size_t begin, std::size_t end) {
        lower_nearest(points_, begin, end, row.data(), distance.data());
      });
    }
    return rows;
  }

  const Points& points_;
  const KMeansOptions& options_;
  std::vector<std::int32_t> labels_;
  std::vector<ChunkSums> parts_;
  bool bounded_ = false;
  Bounds bounds_;
};

}  // namespace

void KMeansOptions::validate() const {
  if (k < 1) throw UsageError("k: " + std::to_string(k) + " is out of range, expected at least 1");
  if (max_iterations < 1) {
    throw UsageError("max-iterations: " + std::to_string(max_iterations) + " is out of range, expected at least 1");
  }
  if (restarts < 1) throw UsageError("restarts: " + std::to_string(restarts) + " is out of range, expected at least 1");
  if (!(relative_tolerance >= 0 && relative_tolerance < 1)) {
    throw UsageError("tolerance: expected a number from 0 up to, but not including, 1");
  }
}

KMeansResult kmeans(const float* x, std::size_t n, std::size_t d, const KMeansOptions& options,
                    const std::function<void(const KMeansStep&)>& on_step) {
  options.validate();
  check_sizes(n, d, options.k);
  const Points points = deal_rows(x, n, d);
  KMeansResult best = kmeans_points(points, options, on_step);
  best.labels = labels_of(points, best.centroids);
  return best;
}

KMeansResult kmeans_points(const Points& points, const KMeansOptions& options,
                           const std::function<void(const KMeansStep&)>& on_step) {
  options.validate();
  check_sizes(points.n, points.d, options.k);
  Lloyd lloyd(points, options);
  KMeansResult best;
  for (int restart = 0; restart < options.restarts; ++restart) {
    RandomStream random(options.seed, static_cast<std::uint64_t>(restart));
    auto result = lloyd.run(start_of(points, options, random), restart, on_step);
    if (restart == 0 || result.inertia < best.inertia) best = std::move(result);
  }
  return best;
}

KMeansResult kmeans_from(const float* x, std::size_t n, std::size_t d, const std::vector<float>& start,
                         const KMeansOptions& options, const std::function<void(const KMeansStep&)>& on_step) {
  options.validate();
  check_sizes(n, d, options.k);
  if (start.size() != static_cast<std::size_t>(options.k) * d) {
    throw UsageError("k-means start: expected " + std::to_string(static_cast<std::size_t>(options.k) * d) +
                     " values, found " + std::to_string(start.size()));
  }
  if (!std::all_of(start.begin(), start.end(), [](float value) { return std::isfinite(value); })) {
    throw DataError("k-means start: a value is not finite");
  }
  const Points points = deal_rows(x, n, d);
  KMeansResult result = Lloyd(points, options).run(start, 0, on_step);
  result.labels = labels_of(points, result.centroids);
  return result;
}

std::vector<float> kmeans_start(const float* x, std::size_t n, std::size_t d, const KMeansOptions& options) {
  options.validate();
  check_sizes(n, d, options.k);
  RandomStream random(options.seed, 0);
  return start_of(deal_rows(x, n, d), options, random);
}

std::vector<std::int32_t> labels_of(const Points& points, const std::vector<float>& centroids) {
  const PaddedCentroids padded(centroids.data(), centroids.size() / points.d, points.d);
  std::vector<std::int32_t> labels(points.blocks() * kLanes);
  parallel_for(points.blocks(), chunk_blocks(points), [&](std::size_t begin, std::size_t end) {
    nearest_blocks(points, begin, end, padded, labels.data() + begin * kLanes, nullptr);
  });
  labels.resize(points.n);
  return labels;
}

Assignment assign_points(const Points& points, const std::vector<float>& centroids) {
  Assignment result;
  auto& [labels, distances] = result;
  const PaddedCentroids padded(centroids.data(), centroids.size() / points.d, points.d);
  labels.resize(points.blocks() * kLanes);
  distances.resize(points.blocks() * kLanes);
  parallel_for(points.blocks(), chunk_blocks(points), [&](std::size_t begin, std::size_t end) {
    nearest_blocks(points, begin, end, padded, result.labels.data() + begin * kLanes,
                   result.distances.data() + begin * kLanes);
  });
  labels.resize(points.n);
  distances.resize(points.n);
  for (float& distance : distances) distance = std::sqrt(distance);
  return result;
}

Assignment assign_to_nearest(const float* x, std::size_t n, std::size_t d, const std::vector<float>& centroids) {
  return assign_points(deal_rows(x, n, d), centroids);
}

}  // namespace affekt
