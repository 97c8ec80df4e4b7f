// What affekt-cluster prints: JSON or a table for people.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "affekt/cluster/cluster_files.h"
#include "common/cli.h"

namespace affekt::cli {

/// @param peak_memory  bytes, with --stream; else 0.
void add_cluster_json(const ClusteredTracks& result, std::size_t peak_memory, Json& json);
std::string cluster_text(const ClusteredTracks& result, std::size_t peak_memory);
/// A line a cluster for -v: what stands out, and the tracks at its border.
std::vector<std::string> detail_lines(const ClusteredTracks& result);

}  // namespace affekt::cli
