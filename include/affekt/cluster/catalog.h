// A catalogue to recommend from: tracks together with their clusters.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "affekt/cluster/cluster_model.h"
#include "affekt/core/export.h"
#include "affekt/music/moods.h"
#include "affekt/music/track_reader.h"
#include "affekt/music/track_table.h"

namespace affekt {

struct Catalog {
  TrackTable tracks;  ///< Every track has valence, energy and a cluster.
  ClusterModel clusters;
  std::vector<std::int32_t> cluster;  ///< (n), index into clusters.clusters.
  std::vector<float> distance;        ///< (n), to the centroid, scaled units.
  std::string source;                 ///< "bundled catalogue", or the path as given.
  TrackReadNotes notes;
};

/// @param place  "default": the bundled catalogue; a folder made by `affekt-cluster --out`; or a CSV file, which is
///               clustered on the fly with the defaults (k by silhouette over 4..12) and `seed`.
/// @throws IoError, DataError  also if tracks.csv is not the one clusters.json was made with, or if the table lacks
///               valence or energy.
AFFEKT_API Catalog read_catalog(const std::string& place, const MoodMap& moods, std::uint64_t seed);

}  // namespace affekt
