// k-means clustering: k-means++ start, Lloyd's algorithm, restarts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/metrics/cluster_quality.h"

namespace affekt {

enum class KMeansStart : std::uint8_t {
  plus_plus,  ///< k-means++ in its greedy form: k passes over the rows, one after another.
  parallel,   ///< k-means||: five rounds that each sample some 2 k rows at once, then k-means++ over the sample.
};

/// Whether a Lloyd step keeps a lower bound a row that tells of most rows that no other centroid can be nearer. Takes 4
/// bytes a row more; results are the same, bit for bit. Source: Hamerly, "Making k-means even faster", SDM 2010.
enum class KMeansPruning : std::uint8_t {
  automatic,  ///< From 48 clusters on, where it pays (scripts/bench/kmeans_pruning).
  never,
  always,
};

/// Every knob of kmeans(); these defaults are what the documentation and `affekt-cluster --help` show.
struct AFFEKT_API KMeansOptions {
  int k = 8;                         ///< Number of clusters, 1 <= k <= n.
  int max_iterations = 300;          ///< Lloyd steps a restart, >= 1.
  int restarts = 10;                 ///< Independent runs, >= 1; the lowest inertia wins, ties to the earlier.
  double relative_tolerance = 1e-6;  ///< Stop when inertia falls by less than this fraction; 0 = until nothing moves.
  KMeansStart start = KMeansStart::plus_plus;
  KMeansPruning pruning = KMeansPruning::automatic;
  std::uint64_t seed = 42;  ///< Same seed, data and options give the same bits at any thread count.

  /// @throws UsageError naming the first bad field and its range.
  void validate() const;
};

/// One Lloyd step, for observers.
struct KMeansStep {
  int restart = 0;     ///< From 0.
  int iteration = 0;   ///< From 1.
  double inertia = 0;  ///< Before the centroids move.
  int refilled = 0;    ///< Empty clusters that took over a worst-fitted row.
};

struct KMeansResult {
  std::vector<float> centroids;      ///< (k, d), row-major, in the units of the input.
  std::vector<std::int32_t> labels;  ///< (n), values in [0, k); the nearest centroid, ties to the lower number.
  std::vector<std::size_t> sizes;    ///< (k), rows in each cluster, >= 1 if converged.
  double inertia = 0;                ///< Sum of squared distances to the centroids, squared input units.
  int iterations = 0;                ///< Of the run that won.
  bool converged = false;            ///< False: max_iterations came first.
};

/// Clusters the rows of `x`. All n rows are used: nothing is subsampled, nothing is clamped.
///
/// @param x        (n, d), row-major float32, finite. Scale first (music/scaler.h).
/// @param n, d     rows and columns, both >= 1.
/// @param on_step  called on this thread after each Lloyd step; may be empty; must not throw.
/// @returns        the best of `restarts` runs. An empty cluster takes over the row farthest from its centroid.
/// @throws UsageError  an option is out of range, or k > n.
/// @throws DataError   NaN or infinity in x (the message gives row and column), or fewer than k distinct rows.
///
/// The same bits at any thread count, and with AVX2 and AVX-512 alike: rows are dealt to sixteen fixed lanes whose sums
/// are added in a fixed order, in double precision. Time O(restarts * iterations * n * k * d), less where pruned;
/// memory O((n + k) * d). Safe to call from several threads at once. Source: Lloyd, IEEE Trans. Inf. Theory 28(2),
/// 1982; start by Arthur & Vassilvitskii, SODA 2007, in its greedy form: the best of 2 + floor(ln k) candidates for
/// each next centroid; or by Bahmani et al., "Scalable k-means++", VLDB 2012.
AFFEKT_API KMeansResult kmeans(const float* x, std::size_t n, std::size_t d, const KMeansOptions& options,
                               const std::function<void(const KMeansStep&)>& on_step = {});

/// Mini-batch k-means: centroids follow seeded batches of 8,192 rows until the running mean of the batches' inertia
/// falls by less than max(3e-4, relative_tolerance) in 20 batches; then every row is assigned once. The matrix is never
/// held: rows come a stretch at a time. `max_iterations` counts batches. Inertia comes out somewhat above kmeans(); a
/// cluster may end without rows. Memory O(n) for labels alone. The same bits at any thread count. @throws UsageError,
/// DataError as kmeans(). Source: Sculley, "Web-scale k-means clustering", WWW 2010.
AFFEKT_API KMeansResult kmeans_minibatch(const RowFill& rows, std::size_t n, std::size_t d,
                                         const KMeansOptions& options,
                                         const std::function<void(const KMeansStep&)>& on_step = {});

/// Lloyd steps from the given start (k, d): no k-means++, no restarts (`seed` and `restarts` are not used).
AFFEKT_API KMeansResult kmeans_from(const float* x, std::size_t n, std::size_t d, const std::vector<float>& start,
                                    const KMeansOptions& options,
                                    const std::function<void(const KMeansStep&)>& on_step = {});

/// The start alone, k-means++ or k-means||: (k, d) rows of x.
AFFEKT_API std::vector<float> kmeans_start(const float* x, std::size_t n, std::size_t d, const KMeansOptions& options);

/// Where rows belong.
struct Assignment {
  std::vector<std::int32_t> labels;  ///< (n), the nearest centroid, ties to the lower number.
  std::vector<float> distances;      ///< (n), Euclidean, to it.
};

/// @param centroids  (k, d). @throws DataError  NaN or infinity in x.
AFFEKT_API Assignment assign_to_nearest(const float* x, std::size_t n, std::size_t d,
                                        const std::vector<float>& centroids);

}  // namespace affekt
