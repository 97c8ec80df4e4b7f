// Saved clusters (clusters.json): enough to put any other table into them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/metrics/cluster_quality.h"
#include "affekt/music/scaler.h"
#include "affekt/music/track_table.h"

namespace affekt {

struct Cluster {
  std::size_t size = 0;            ///< Tracks in it.
  std::string mood;                ///< Name of its mood; "" where the table has no valence or no energy.
  double valence = 0, energy = 0;  ///< Means of its tracks, fractions; NaN without such a column.
  double valence_quantile = 0, energy_quantile = 0;  ///< Where these lie in the catalogue, 0..1; NaN without.
};

/// Figures of a clustering, in scaled units; NaN where undefined.
struct ClusterQuality {
  double inertia = 0, silhouette = 0, davies_bouldin = 0, calinski_harabasz = 0;
};

struct AFFEKT_API ClusterModel {
  std::vector<TrackFeature> features;  ///< (d) columns used.
  Scaler scaler;                       ///< (d)
  bool fold_tempo = false;             ///< Tempo is folded into an octave before it is scaled.
  std::vector<double> fill;            ///< (d) what stands in for missing values; empty: such tracks are left out.
  std::vector<float> centroids;        ///< (k, d), row-major, scaled units.
  std::vector<Cluster> clusters;       ///< (k)
  ClusterQuality quality;
  std::uint64_t seed = 0;
  std::string tracks_file;    ///< "tracks.csv" or "tracks.safetensors" beside it; "" if there is none.
  std::string tracks_digest;  ///< Of the tracks.csv beside it; "" if there is none.

  std::size_t k() const { return clusters.size(); }
  /// A value of feature `j`, original units, as the clusters see it.
  double scaled(double value, std::size_t j) const {
    if (fold_tempo && features[j] == TrackFeature::tempo) value = folded_tempo(value);
    return scaler.forward(value, j);
  }
  /// Value in original units.
  double centroid(std::size_t cluster, std::size_t feature) const {
    return scaler.backward(double{centroids[cluster * features.size() + feature]}, feature);
  }
};

AFFEKT_API std::string cluster_model_json(const ClusterModel& model);

/// @throws DataError  not schema "affekt.clusters/1", or any size, number or name out of bounds; `place` names the
/// file.
AFFEKT_API ClusterModel parse_cluster_model(std::string_view json, const std::string& place);

/// Gives scaled features of rows, (rows, d), a stretch at a time; refers to both. @throws DataError if the table lacks
/// one of the columns.
AFFEKT_API RowFill scaled_rows(const TrackTable& table, const ClusterModel& model);

}  // namespace affekt
