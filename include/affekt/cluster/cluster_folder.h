// The folder a clustering is kept in: tracks.csv (or tracks.safetensors), report.html and, last, clusters.json.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "affekt/cluster/cluster_tracks.h"
#include "affekt/core/export.h"

namespace affekt {

enum class TracksForm : std::uint8_t {
  csv,     ///< The input's columns and cluster, mood, distance: for people and other programs.
  packed,  ///< The columns this project knows, as tensors: small, and read without parsing.
};

/// Writes the folder. All files are written beside their places first and renamed at the end, clusters.json last; it
/// holds the digest of the tracks, so that a folder cut short is told from a whole one.
/// @param report_html  becomes report.html (report/clustering_page.h makes it); "" = none. @throws IoError.
AFFEKT_API void write_cluster_folder(const std::filesystem::path& dir, const TrackTable& table, Clustering& clustering,
                                     TracksForm form = TracksForm::csv, std::string_view report_html = {});

/// clusters.json of a folder that write_cluster_folder() wrote.
/// @throws IoError  there is none, or it cannot be read; DataError: its content is wrong.
AFFEKT_API ClusterModel read_cluster_folder(const std::filesystem::path& dir);

}  // namespace affekt
