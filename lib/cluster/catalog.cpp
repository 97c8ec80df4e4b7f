#include "affekt/cluster/catalog.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <utility>

#include "affekt/cluster/cluster_folder.h"
#include "affekt/cluster/cluster_tracks.h"
#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/parallel.h"
#include "affekt/core/text.h"
#include "cluster/packed_tracks.h"
#include "music/table_reader.h"

namespace affekt {
namespace {

namespace fs = std::filesystem;

void require_mood_axes(const TrackTable& table, const std::string& place) {
  for (const TrackFeature feature : {TrackFeature::valence, TrackFeature::energy}) {
    if (!table.has(feature)) {
      throw DataError(printable(place) + ": no column '" + feature_name(feature) +
                      "': songs cannot be matched to a mood without it");
    }
  }
}

void read_csv_tracks(InputFile input, const fs::path& path, Catalog& catalog) {
  constexpr std::size_t kChunk = 16384;
  constexpr std::int32_t kWrong = -1;
  TrackReadOptions options;
  options.cells = {"cluster", "distance"};
  TrackFile file = read_tracks(path.string(), std::make_shared<InputFile>(std::move(input)), options);
  for (const std::string& name : options.cells) require_column(file.table.sources, name);
  const std::vector<TextColumn> cells = std::move(file.table.cells);
  file.table.cells.clear();
  catalog.tracks = std::move(file.table);
  catalog.notes = std::move(file.notes);
  const auto k = static_cast<long long>(catalog.clusters.k());
  catalog.cluster.resize(catalog.tracks.size());
  catalog.distance.resize(catalog.tracks.size());
  parallel_for(catalog.tracks.size(), kChunk, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) {
      const auto cluster = parse_integer(cells[0][row]);
      const auto distance = parse_double(cells[1][row]);
      const bool right = cluster && *cluster >= 0 && *cluster < k && distance && *distance >= 0 &&
                         std::isfinite(static_cast<float>(*distance));
      catalog.cluster[row] = right ? static_cast<std::int32_t>(*cluster) : kWrong;
      catalog.distance[row] = right ? static_cast<float>(*distance) : 0;
    }
  });
  const auto wrong = std::find(catalog.cluster.begin(), catalog.cluster.end(), kWrong);
  if (wrong == catalog.cluster.end()) return;
  const auto row = static_cast<std::size_t>(wrong - catalog.cluster.begin());
  throw DataError(printable(path.string()) + ": row " + std::to_string(row + 1) + ": cluster '" +
                  printable(cells[0][row], 20) + "', distance '" + printable(cells[1][row], 20) +
                  "': expected a cluster below " + std::to_string(k) + " and a distance");
}

Catalog read_folder(const fs::path& dir) {
  Catalog catalog;
  catalog.clusters = read_cluster_folder(dir);
  if (catalog.clusters.tracks_file.empty()) {
    throw DataError(printable((dir / "clusters.json").string()) + ": has no tracks beside it");
  }
  const fs::path path = dir / catalog.clusters.tracks_file;
  InputFile file = InputFile::open(path);
  if (digest_hex(file.bytes()) != catalog.clusters.tracks_digest) {
    throw DataError(printable(path.string()) +
                    ": is not the file clusters.json was made with (digests differ); run affekt-cluster again");
  }
  if (path.extension() == ".safetensors") {
    PackedTracks packed = read_packed_tracks(std::move(file), path, catalog.clusters.k());
    catalog.tracks = std::move(packed.table);
    catalog.cluster = std::move(packed.cluster);
    catalog.distance = std::move(packed.distance);
  } else {
    read_csv_tracks(std::move(file), path, catalog);
  }
  require_mood_axes(catalog.tracks, path.string());
  return catalog;
}

Catalog read_raw(const std::string& place, const MoodMap& moods, std::uint64_t seed) {
  TrackFile file = read_tracks(place);
  Catalog catalog;
  catalog.tracks = std::move(file.table);
  catalog.notes = std::move(file.notes);
  if (catalog.tracks.size() > 0) require_mood_axes(catalog.tracks, place);
  drop_unusable(catalog.tracks, default_features(catalog.tracks), file.dropped);
  if (catalog.tracks.size() == 0) throw DataError(printable(place) + ": " + no_tracks_message(file.dropped));
  ClusterOptions options;
  options.kmeans.seed = seed;
  options.few = 12;  // too few to look for groups
  Clustering clustering = cluster_tracks(catalog.tracks, options, moods);
  catalog.clusters = std::move(clustering.model);
  catalog.cluster = std::move(clustering.labels);
  catalog.distance = std::move(clustering.distances);
  return catalog;
}

// Rows without valence or energy cannot be placed on the plane.
void keep_placed(Catalog& catalog) {
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < catalog.tracks.size(); ++row) {
    if (!std::isnan(catalog.tracks.value(TrackFeature::valence, row)) &&
        !std::isnan(catalog.tracks.value(TrackFeature::energy, row))) {
      rows.push_back(row);
    }
  }
  if (rows.size() == catalog.tracks.size()) return;
  catalog.tracks.keep(rows);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    catalog.cluster[i] = catalog.cluster[rows[i]];
    catalog.distance[i] = catalog.distance[rows[i]];
  }
  catalog.cluster.resize(rows.size());
  catalog.distance.resize(rows.size());
}

}  // namespace

Catalog read_catalog(const std::string& place, const MoodMap& moods, std::uint64_t seed) {
  Catalog catalog;
  std::error_code error;
  if (place == "default") {
    catalog = read_folder(find_bundled("catalogue/clusters.json").parent_path());
    catalog.source = "bundled catalogue";
  } else {
    catalog = fs::is_directory(place, error) ? read_folder(place) : read_raw(place, moods, seed);
    catalog.source = place;
  }
  keep_placed(catalog);
  if (catalog.tracks.size() == 0) throw DataError(printable(place) + ": no tracks with valence and energy");
  return catalog;
}

}  // namespace affekt
