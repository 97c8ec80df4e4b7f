// What a cluster is like: by which features it stands out, which tracks are typical of it and which lie at its border.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "affekt/cluster/cluster_tracks.h"
#include "affekt/core/export.h"

namespace affekt {

/// One column of a cluster beside all tracks outside it.
struct Distinction {
  TrackFeature feature = TrackFeature::danceability;
  double effect = 0;     ///< Cohen's d: difference of the means over the pooled standard deviation; positive = higher.
  double mean = 0;       ///< Of the cluster, units of the column.
  double rest_mean = 0;  ///< Of the other tracks.
};

struct BorderTrack {
  std::size_t row = 0;
  std::size_t other = 0;  ///< The cluster it might as well belong to.
  double margin = 0;      ///< (b - a) / (a + b), a and b its distances to both centroids; 0 = exactly between.
};

struct ClusterPortrait {
  std::vector<Distinction> distinctions;  ///< Strongest first, ties in the order of the columns.
  std::vector<std::size_t> exemplars;     ///< Rows nearest to the centroid, nearest first.
  std::vector<BorderTrack> borders;  ///< Smallest margin first, ties to the lower row; empty if there is one cluster.
};

/// Portraits of all clusters, at most `count` exemplars and borders each. Every numeric column but `key` takes part in
/// the distinctions, used for clustering or not; one that does not vary within the clusters, or that the cluster or the
/// rest lacks, is left out. Time O(n k d). @throws DataError  the table lacks a column of the clusters.
/// Source of the effect size: Cohen, Statistical Power Analysis for the Behavioral Sciences, 1988.
AFFEKT_API std::vector<ClusterPortrait> cluster_portraits(const TrackTable& table, const Clustering& clustering,
                                                          std::size_t count);

}  // namespace affekt
