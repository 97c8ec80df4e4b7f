// A catalogue made in memory: tracks on a grid of the valence-energy plane, one cluster a quadrant.
#pragma once

#include <cmath>
#include <string>

#include "affekt/cluster/catalog.h"
#include "affekt/music/moods.h"
#include "affekt/recommend/recommender.h"

namespace affekt::test {

inline MoodMap five_moods() {
  MoodMap map;
  map.moods = {{"happy", {0.8, 0.6}, ""},
               {"energetic", {0.55, 0.9}, ""},
               {"tense", {0.2, 0.8}, ""},
               {"sad", {0.2, 0.2}, ""},
               {"calm", {0.65, 0.2}, ""}};
  map.emotions = {{{{0.2, 0.8}, 0.15, 2, ""},     // angry
                   {{0.15, 0.7}, 0.15, 2, ""},    // disgust
                   {{0.25, 0.75}, 0.15, 2, ""},   // fear
                   {{0.8, 0.65}, 0.15, 0, ""},    // happy
                   {{0.2, 0.2}, 0.15, 3, ""},     // sad
                   {{0.6, 0.9}, 0.15, 1, ""},     // surprise
                   {{0.6, 0.25}, 0.15, 4, ""}}};  // neutral
  return map;
}

/// A Spotify-like id of 22 characters.
inline std::string track_id(std::size_t row) {
  std::string id = std::to_string(row);
  return std::string(22 - id.size(), 'a') + id;
}

inline std::size_t quadrant(double valence, double energy) {
  return (valence > 0.5 ? 0U : 1U) + (energy > 0.5 ? 0U : 2U);
}

/// side * side tracks over the plane; row r has title "Song r", artist "Artist r % artists", popularity r % 101.
/// Clusters: 0 happy (bright, lively), 1 tense (dark, lively), 2 calm (bright, quiet), 3 sad (dark, quiet).
inline Catalog grid_catalog(std::size_t side, std::size_t artists) {
  Catalog catalog;
  TrackTable& tracks = catalog.tracks;
  ClusterModel& model = catalog.clusters;
  model.features = {TrackFeature::energy, TrackFeature::valence};
  model.scaler = {Scaling::none, {0, 0}, {1, 1}};
  const char* const moods[] = {"happy", "tense", "calm", "sad"};
  for (std::size_t c = 0; c < 4; ++c) {
    Cluster cluster;
    cluster.mood = moods[c];
    cluster.valence = cluster.valence_quantile = c % 2 == 0 ? 0.75 : 0.25;
    cluster.energy = cluster.energy_quantile = c / 2 == 0 ? 0.75 : 0.25;
    model.clusters.push_back(cluster);
    model.centroids.push_back(static_cast<float>(cluster.energy));
    model.centroids.push_back(static_cast<float>(cluster.valence));
  }
  for (std::size_t row = 0; row < side * side; ++row) {
    const double valence = (static_cast<double>(row % side) + 0.5) / static_cast<double>(side);
    const double energy = (static_cast<double>(row / side) + 0.5) / static_cast<double>(side);
    const std::size_t c = quadrant(valence, energy);
    tracks.title.push_back("Song " + std::to_string(row));
    tracks.artist.push_back("Artist " + std::to_string(row % artists));
    tracks.id.push_back(track_id(row));
    tracks.column(TrackFeature::valence).push_back(static_cast<float>(valence));
    tracks.column(TrackFeature::energy).push_back(static_cast<float>(energy));
    tracks.column(TrackFeature::popularity).push_back(static_cast<float>(row % 101));
    tracks.column(TrackFeature::duration_ms).push_back(200000);
    catalog.cluster.push_back(static_cast<std::int32_t>(c));
    catalog.distance.push_back(
        static_cast<float>(std::hypot(valence - model.clusters[c].valence, energy - model.clusters[c].energy)));
    ++model.clusters[c].size;
    ++tracks.rows;
  }
  return catalog;
}

/// The tracks of a playlist, in its order.
inline std::vector<std::string> ids(const Recommendation& r) {
  std::vector<std::string> out;
  for (const auto& track : r.tracks) out.push_back(track.id);
  return out;
}

}  // namespace affekt::test
