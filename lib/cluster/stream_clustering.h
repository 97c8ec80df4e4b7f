// Private: clusters of tables larger than memory.
#pragma once

#include <functional>

#include "affekt/cluster/cluster_files.h"
#include "affekt/music/track_stream.h"

namespace affekt {

/// What is told while a stream is clustered; each may throw to end the work.
struct StreamSteps {
  std::function<void(double)> progress;  ///< Fraction of the present pass.
  /// All tracks follow, with these clusters; what was told before is void.
  std::function<void(const ClusterModel&)> start;
  std::function<void(const TrackTable&, const Assignment&)> rows;
};

/// Mini-batch k-means over the sample, scaled by the mean and deviation (or least and greatest value) of all tracks;
/// `robust` takes the sample's quartiles. With no more tracks than the sample holds, everything is what
/// cluster_tracks() gives. Reads the stream twice. Portraits and labels are left to the caller.
/// @param options  features set; no fill. @throws as cluster_tracks() and the stream.
ClusteredTracks cluster_stream(TrackStream& stream, const ClusterOptions& options, const MoodMap& moods,
                               const StreamSteps& steps, const StreamLimits& limits);

/// Puts every track into the nearest of saved clusters; reads the stream once.
ClusteredTracks assign_stream(TrackStream& stream, const ClusterModel& saved, const StreamSteps& steps,
                              const StreamLimits& limits);

}  // namespace affekt
