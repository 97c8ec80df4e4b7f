// What affekt-cluster prints: JSON or a table for people.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "affekt/cluster/cluster_tracks.h"
#include "affekt/cluster/portrait.h"
#include "affekt/metrics/cluster_quality.h"
#include "affekt/music/track_reader.h"
#include "common/cli.h"

namespace affekt::cli {

struct ClusterResult {
  TrackTable tracks;
  DroppedTracks dropped;
  ClusterOptions fitting;  ///< The options, and what stands in for missing values.
  std::size_t filled = 0;  ///< Tracks that lacked a feature and were given the median.
  Clustering clustering;
  std::optional<Agreement> agreement;               ///< With --label-column.
  std::size_t labelled = 0;                         ///< Tracks that have a label.
  std::vector<std::string> label_names;             ///< In alphabetical order.
  std::vector<std::vector<std::size_t>> confusion;  ///< (labels, k), tracks.
  std::vector<ClusterPortrait> portraits;           ///< (k)
  std::size_t peak_memory = 0;                      ///< Bytes, with --stream.
};

void add_cluster_json(const ClusterResult& result, Json& json);
std::string cluster_text(const ClusterResult& result);
/// A line a cluster for -v: what stands out, and the tracks at its border.
std::vector<std::string> detail_lines(const ClusterResult& result);

}  // namespace affekt::cli
