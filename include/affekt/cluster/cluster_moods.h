// Names for clusters: which mood of a MoodMap the tracks of each are nearest to.
#pragma once

#include <cstdint>
#include <vector>

#include "affekt/cluster/cluster_model.h"
#include "affekt/core/export.h"
#include "affekt/music/moods.h"
#include "affekt/music/track_table.h"

namespace affekt {

/// Fills valence, energy, their quantiles and the mood of every cluster. A cluster lies where its mean valence and mean
/// energy fall among all tracks; in a trait of the moods, at the mean quantile of its tracks (of every s-th track where
/// there are more than 131,072). Its mood is MoodMap::closest(); "" where the table lacks valence or energy.
/// @param labels  (n), index into model.clusters.
/// Time O(n log n).
AFFEKT_API void name_clusters(const TrackTable& table, const std::vector<std::int32_t>& labels, const MoodMap& moods,
                              ClusterModel& model);

}  // namespace affekt
