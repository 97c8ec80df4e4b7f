// Private: tracks.safetensors, a track table as tensors with their clusters: small, and read without parsing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "affekt/cluster/cluster_tracks.h"
#include "affekt/core/file.h"
#include "affekt/music/track_table.h"

namespace affekt {

/// Numbers are kept in half precision, the duration as whole milliseconds. @throws IoError.
void write_packed_tracks(const std::filesystem::path& path, const TrackTable& table, const Clustering& clustering);

struct PackedTracks {
  TrackTable table;
  std::vector<std::int32_t> cluster;
  std::vector<float> distance;
};

/// Every size, offset and index is checked; `k` bounds the clusters. Texts refer to the file, which is kept.
/// @param path  for messages. @throws DataError
PackedTracks read_packed_tracks(InputFile file, const std::filesystem::path& path, std::size_t k);

}  // namespace affekt
