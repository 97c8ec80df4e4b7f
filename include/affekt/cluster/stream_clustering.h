// Clusters of tables larger than memory: k-means over a sample, then every track goes to its nearest centroid.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "affekt/cluster/cluster_tracks.h"
#include "affekt/core/export.h"
#include "affekt/music/track_reader.h"
#include "affekt/music/track_stream.h"

namespace affekt {

struct StreamClusteringOptions {
  std::size_t sample_rows = std::size_t{1} << 20;          ///< >= 1.
  std::size_t fingerprint_bytes = std::size_t{256} << 20;  ///< For the search for duplicates.
};

/// What is told while a stream is clustered; each may be empty, and may throw to end the work.
struct StreamClusteringSteps {
  std::function<void(double)> progress;  ///< Fraction of the present pass.
  /// All tracks follow, with these clusters; told anew where what was told so far is void.
  std::function<void(const ClusterModel&)> start;
  std::function<void(const TrackTable&, const Clustering&)> rows;  ///< Tracks, their labels and distances.
};

struct StreamClustering {
  TrackTable sample;      ///< All tracks, if they are no more than sample_rows; numbers, titles, artists and ids.
  Clustering clustering;  ///< Labels, distances, sweep, silhouette, Davies-Bouldin of the sample; the rest of all.
  std::size_t tracks = 0;
  DroppedTracks dropped;
  std::size_t filled = 0;                       ///< Tracks given medians.
  std::optional<std::size_t> duplicates_until;  ///< Row from which on later rows' duplicates were not looked for.
};

/// Mini-batch k-means over the sample, scaled by the mean and deviation (or least and greatest value) of all tracks;
/// `robust` takes the sample's quartiles. With no more tracks than the sample holds, everything is what
/// cluster_tracks() gives. Reads the stream twice; memory does not depend on its length.
/// @param options  features set; no fill. @throws as cluster_tracks() and the stream.
AFFEKT_API StreamClustering cluster_stream(TrackStream& stream, const ClusterOptions& options, const MoodMap& moods,
                                           const StreamClusteringSteps& steps = {},
                                           const StreamClusteringOptions& limits = {});

/// Puts every track into the nearest of saved clusters; reads the stream once.
AFFEKT_API StreamClustering assign_stream(TrackStream& stream, const ClusterModel& saved,
                                          const StreamClusteringSteps& steps = {},
                                          const StreamClusteringOptions& limits = {});

}  // namespace affekt
