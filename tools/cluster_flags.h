// The flags of affekt-cluster.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "affekt/cluster/cluster_tracks.h"

namespace affekt::cli {

enum class Missing : std::uint8_t { drop, median };

struct ClusterFlags {
  std::vector<std::string> inputs;
  std::string k = "auto", k_range = "4:12", features, columns, label_column, assign, out, moods;
  bool force = false, pack = false, stream = false;
  Missing missing = Missing::drop;
  ClusterOptions options;
};

}  // namespace affekt::cli
