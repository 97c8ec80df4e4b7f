// From a table of tracks to named clusters: scaling, k-means, choice of k, quality, moods.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "affekt/cluster/cluster_model.h"
#include "affekt/cluster/kmeans.h"
#include "affekt/core/export.h"
#include "affekt/music/moods.h"
#include "affekt/music/scaler.h"
#include "affekt/music/track_table.h"

namespace affekt {

struct AFFEKT_API ClusterOptions {
  int k = 0;                           ///< Clusters; 0 = the k of the highest silhouette over [k_low, k_high].
  int k_low = 4, k_high = 12;          ///< 2 <= k_low <= k_high; values of n and above are not tried.
  std::vector<TrackFeature> features;  ///< Empty: default_features().
  Scaling scaling = Scaling::standard;
  KMeansOptions kmeans;  ///< Its k is not used.

  /// @throws UsageError naming the first bad field and its range.
  void validate() const;
};

struct SweepEntry {
  int k = 0;
  double inertia = 0;     ///< Scaled units.
  double silhouette = 0;  ///< Of a seeded sample of at most 10,000 tracks.
};

struct Clustering {
  ClusterModel model;                  ///< Clusters in falling order of size.
  std::vector<std::int32_t> labels;    ///< (n), index into model.clusters.
  std::vector<float> distances;        ///< (n), Euclidean, to the centroid, scaled units.
  std::vector<SweepEntry> sweep;       ///< In rising order of k; empty for a fixed k.
  std::vector<TrackFeature> constant;  ///< Left out: the same value in every row.
  int iterations = 0;                  ///< Lloyd steps of the run that was chosen.
  bool converged = true;
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
