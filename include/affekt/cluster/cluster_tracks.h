// From a table of tracks to named clusters: scaling, k-means, choice of k, quality, moods.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "affekt/cluster/cluster_model.h"
#include "affekt/cluster/kmeans.h"
#include "affekt/core/export.h"
#include "affekt/music/moods.h"
#include "affekt/music/scaler.h"
#include "affekt/music/track_table.h"

namespace affekt {

enum class KMeansAlgorithm : std::uint8_t {
  lloyd,      ///< Every step uses all tracks.
  minibatch,  ///< Steps use seeded batches; the scaled features are never held.
};

struct AFFEKT_API ClusterOptions {
  int k = 0;                   ///< Clusters; 0 = the k of the highest silhouette over [k_low, k_high].
  int k_low = 4, k_high = 12;  ///< 2 <= k_low <= k_high; values of n and above are not tried.
  std::size_t few = 0;         ///< k = 0: so few tracks are one cluster, as are fewer different ones than k_low;
                               ///< 0 = the latter are an error.
  std::vector<TrackFeature> features;  ///< Empty: default_features().
  std::vector<double> fill;            ///< What stood in for missing values of `features`, to be saved; or empty.
  Scaling scaling = Scaling::standard;
  Scaler scaler;            ///< Of `features`, fitted to more than the table; without columns: fitted to the table.
  bool fold_tempo = false;  ///< Cluster by tempo folded into an octave: folded_tempo() of music/scaler.h.
  KMeansAlgorithm algorithm = KMeansAlgorithm::lloyd;
  bool all_measures = false;  ///< Fill the sweep's gap and stability too; they never decide.
  KMeansOptions kmeans;       ///< Its k is not used.

  /// @throws UsageError naming the first bad field and its range.
  void validate() const;
};

struct SweepEntry {
  int k = 0;
  double inertia = 0;           ///< Scaled units.
  double silhouette = 0;        ///< Of a seeded sample of at most 10,000 tracks.
  double silhouette_error = 0;  ///< Its standard error; 0 where all tracks were used.
  double davies_bouldin = 0, calinski_harabasz = 0;
  /// Of a seeded sample of at most 2,000 tracks; NaN unless asked for. The gap is that of the logarithms of the inertia
  /// to ten samples uniform in the same box, with its standard error (Tibshirani, Walther and Hastie, JRSS B 63, 2001);
  /// stability is the mean adjusted Rand index to clusterings of ten bootstraps.
  double gap = std::numeric_limits<double>::quiet_NaN(), gap_error = std::numeric_limits<double>::quiet_NaN();
  double stability = std::numeric_limits<double>::quiet_NaN();
};

/// The k that each measure would take; 0: it has no opinion.
struct KAdvice {
  int silhouette = 0, elbow = 0, davies_bouldin = 0, calinski_harabasz = 0, gap = 0, stability = 0;
};

/// Labels are indices into model.clusters, distances are in scaled units.
struct Clustering : Assignment {
  ClusterModel model;                  ///< Clusters in falling order of size.
  std::vector<SweepEntry> sweep;       ///< In rising order of k; empty for a fixed k.
  KAdvice advice;                      ///< Of the sweep.
  std::vector<TrackFeature> constant;  ///< Left out: the same value in every row.
  int iterations = 0;                  ///< Lloyd steps of the run that was chosen.
  bool converged = true;
  std::size_t sampled_from = 0;  ///< The table is a sample of so many tracks, whose sizes and inertia these are; or 0.
};

/// Clusters every row of `table`: drop_unusable() first.
/// @param progress  told the fraction done; may be empty.
/// @throws UsageError  k > n, an unknown or absent feature. @throws DataError  no rows, a missing value, only
/// constants.
AFFEKT_API Clustering cluster_tracks(const TrackTable& table, const ClusterOptions& options, const MoodMap& moods,
                                     const std::function<void(double)>& progress = {});

/// Puts every row into the nearest of saved clusters; the model's sizes and quality become those of this table.
/// @throws DataError  no rows, a column the clusters need is absent, or a missing value.
AFFEKT_API Clustering assign_tracks(const TrackTable& table, const ClusterModel& saved);

/// The `count` rows of a cluster nearest to its centroid, nearest first.
AFFEKT_API std::vector<std::size_t> exemplars(const Clustering& clustering, std::size_t cluster, std::size_t count);

}  // namespace affekt
