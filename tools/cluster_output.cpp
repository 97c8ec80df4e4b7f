#include "cluster_output.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "affekt/core/table.h"
#include "affekt/core/text.h"

namespace affekt::cli {
namespace {

Json track_json(const TrackTable& table, std::size_t row) {
  return {{"id", std::string(table.text(table.id, row))},
          {"title", std::string(table.text(table.title, row))},
          {"artist", std::string(table.text(table.artist, row))}};
}

void add_portrait(const ClusteredTracks& result, std::size_t c, Json& cluster) {
  const ClusterPortrait& portrait = result.portraits[c];
  cluster["distinctive"] = Json::array();
  for (const Distinction& one : portrait.distinctions) {
    cluster["distinctive"].push_back({{"feature", feature_name(one.feature)},
                                      {"effect", one.effect},
                                      {"mean", one.mean},
                                      {"rest_mean", one.rest_mean}});
  }
  cluster["exemplars"] = Json::array();
  for (const std::size_t row : portrait.exemplars) {
    Json track = track_json(result.tracks, row);
    track["distance"] = result.clustering.distances[row];
    cluster["exemplars"].push_back(track);
  }
  cluster["border"] = Json::array();
  for (const BorderTrack& border : portrait.borders) {
    Json track = track_json(result.tracks, border.row);
    track["other_cluster"] = border.other;
    track["margin"] = border.margin;
    cluster["border"].push_back(track);
  }
}

Json clusters_json(const ClusteredTracks& result) {
  const ClusterModel& model = result.clustering.model;
  Json clusters = Json::array();
  for (std::size_t c = 0; c < model.k(); ++c) {
    Json cluster;
    cluster["id"] = c;
    cluster["size"] = model.clusters[c].size;
    cluster["mood"] = model.clusters[c].mood.empty() ? Json(nullptr) : Json(model.clusters[c].mood);
    for (std::size_t j = 0; j < model.features.size(); ++j) {
      cluster["centroid"][feature_name(model.features[j])] = model.centroid(c, j);
    }
    if (c < result.portraits.size()) add_portrait(result, c, cluster);
    clusters.push_back(cluster);
  }
  return clusters;
}

std::string centroid_text(const ClusterModel& model, std::size_t c, TrackFeature feature, int decimals) {
  for (std::size_t j = 0; j < model.features.size(); ++j) {
    if (model.features[j] == feature) return format_fixed(model.centroid(c, j), decimals);
  }
  return "";
}

std::vector<std::pair<const char*, int>> advice_list(const KAdvice& advice) {
  return {{"silhouette", advice.silhouette},
          {"elbow", advice.elbow},
          {"davies_bouldin", advice.davies_bouldin},
          {"calinski_harabasz", advice.calinski_harabasz},
          {"gap", advice.gap},
          {"stability", advice.stability}};
}

std::string sweep_text(const Clustering& clustering) {
  Table table;
  table.columns = {
      {"k", true},   {"silhouette", true}, {"inertia", true}, {"Davies-Bouldin", true}, {"Calinski-Harabasz", true},
      {"gap", true}, {"stability", true}};
  for (const SweepEntry& entry : clustering.sweep) {
    const bool sampled = entry.silhouette_error > 0;
    table.rows.push_back(
        {std::to_string(entry.k),
         number_or(entry.silhouette, 3) + (sampled ? " ± " + format_fixed(entry.silhouette_error, 3) : ""),
         number_or(entry.inertia, 1), number_or(entry.davies_bouldin, 3), number_or(entry.calinski_harabasz, 1),
         number_or(entry.gap, 3), number_or(entry.stability, 3)});
  }
  std::string others;
  for (const auto& [name, k] : advice_list(clustering.advice)) {
    std::string words = name;
    std::replace(words.begin(), words.end(), '_', '-');
    if (words != "silhouette")
      others += (others.empty() ? "" : ", ") + words + " " + (k > 0 ? std::to_string(k) : "none");
  }
  return table_text(table) + "k = " + std::to_string(clustering.advice.silhouette) +
         " has the highest silhouette; other measures would take: " + others + "\n";
}

std::string song_text(const TrackTable& table, std::size_t row) {
  constexpr std::size_t kWidth = 28;
  const std::string title = printable(table.text(table.title, row), kWidth);
  const std::string artist = printable(table.primary_artist(row), kWidth);
  if (title.empty()) return "row " + std::to_string(row + 1);
  return artist.empty() ? title : artist + " - " + title;
}

Table cluster_table(const ClusteredTracks& result) {
  const ClusterModel& model = result.clustering.model;
  Table table;
  table.columns = {{"cluster", true}, {"mood"},      {"tracks", true},           {"valence", true},
                   {"energy", true},  {"bpm", true}, {"nearest to the centroid"}};
  for (std::size_t c = 0; c < model.k(); ++c) {
    std::string songs;
    const std::vector<std::size_t>& nearest = result.portraits[c].exemplars;
    for (std::size_t i = 0; i < std::min<std::size_t>(nearest.size(), 2); ++i) {
      songs += (songs.empty() ? "" : "; ") + song_text(result.tracks, nearest[i]);
    }
    table.rows.push_back({std::to_string(c), model.clusters[c].mood.empty() ? "?" : model.clusters[c].mood,
                          std::to_string(model.clusters[c].size), centroid_text(model, c, TrackFeature::valence, 3),
                          centroid_text(model, c, TrackFeature::energy, 3),
                          centroid_text(model, c, TrackFeature::tempo, 1), songs});
  }
  return table;
}

constexpr std::size_t kMostLabels = 20;  // more are in the JSON only

Table confusion_table(const LabelComparison& comparison) {
  Table table;
  table.columns = {{"label"}};
  for (std::size_t c = 0; c < comparison.confusion.front().size(); ++c)
    table.columns.push_back({std::to_string(c), true});
  for (std::size_t i = 0; i < comparison.labels.size(); ++i) {
    table.rows.push_back({printable(comparison.labels[i], 28)});
    for (const std::size_t count : comparison.confusion[i]) table.rows.back().push_back(std::to_string(count));
  }
  return table;
}

}  // namespace

std::vector<std::string> detail_lines(const ClusteredTracks& result) {
  constexpr std::size_t kFeatures = 4;
  std::vector<std::string> lines;
  if (result.dropped.missing > 0) lines.push_back("tracks that lack a feature: " + lacking_in_words(result.dropped));
  for (std::size_t c = 0; c < result.portraits.size(); ++c) {
    const ClusterPortrait& portrait = result.portraits[c];
    const std::string& mood = result.clustering.model.clusters[c].mood;
    std::vector<std::string> features, tracks;
    for (const Distinction& one : portrait.distinctions) {
      if (features.size() == kFeatures) break;
      features.push_back(std::string(feature_name(one.feature)) + (one.effect < 0 ? " -" : " +") +
                         format_fixed(std::abs(one.effect), 2));
    }
    for (const BorderTrack& border : portrait.borders) {
      tracks.push_back(song_text(result.tracks, border.row) + " (" + std::to_string(border.other) + ")");
    }
    lines.push_back("cluster " + std::to_string(c) + (mood.empty() ? "" : " " + mood) + ": stands out by " +
                    (features.empty() ? "nothing" : join(features, ", ")) +
                    (tracks.empty() ? "" : "; at the border to another: " + join(tracks, "; ")));
  }
  return lines;
}

void add_cluster_json(const ClusteredTracks& result, std::size_t peak_memory, Json& json) {
  const Clustering& clustering = result.clustering;
  const ClusterModel& model = clustering.model;
  json["tracks"] = result.size();
  if (peak_memory > 0) {
    json["sample"] = result.tracks.size();
    json["peak_memory_bytes"] = peak_memory;
  }
  json["dropped"] = {{"missing", result.dropped.missing},
                     {"duplicate", result.dropped.duplicate},
                     {"malformed", result.dropped.malformed},
                     {"lacking", Json::object()}};
  for (std::size_t i = 0; i < kTrackFeatureCount; ++i) {
    if (result.dropped.lacking[i] == 0) continue;
    json["dropped"]["lacking"][feature_name(static_cast<TrackFeature>(i))] = result.dropped.lacking[i];
  }
  json["filled"] = result.filled;
  json["features"] = Json::array();
  for (const TrackFeature feature : model.features) json["features"].push_back(feature_name(feature));
  json["constant_features"] = Json::array();
  for (const TrackFeature feature : clustering.constant) json["constant_features"].push_back(feature_name(feature));
  json["scale"] = scaling_name(model.scaler.kind);
  json["fold_tempo"] = model.fold_tempo;
  json["k"] = model.k();
  json["inertia"] = number_or_null(model.quality.inertia);
  json["silhouette"] = number_or_null(model.quality.silhouette);
  json["davies_bouldin"] = number_or_null(model.quality.davies_bouldin);
  json["calinski_harabasz"] = number_or_null(model.quality.calinski_harabasz);
  json["iterations"] = clustering.iterations;
  json["converged"] = clustering.converged;
  json["sweep"] = Json::array();
  for (const SweepEntry& entry : clustering.sweep) {
    json["sweep"].push_back({{"k", entry.k},
                             {"inertia", entry.inertia},
                             {"silhouette", number_or_null(entry.silhouette)},
                             {"silhouette_error", number_or_null(entry.silhouette_error)},
                             {"davies_bouldin", number_or_null(entry.davies_bouldin)},
                             {"calinski_harabasz", number_or_null(entry.calinski_harabasz)},
                             {"gap", number_or_null(entry.gap)},
                             {"gap_error", number_or_null(entry.gap_error)},
                             {"stability", number_or_null(entry.stability)}});
  }
  if (!clustering.sweep.empty()) {
    for (const auto& [name, k] : advice_list(clustering.advice)) json["advice"][name] = k > 0 ? Json(k) : Json(nullptr);
  }
  json["clusters"] = clusters_json(result);
  if (result.labels) {
    const Agreement& agreement = result.labels->agreement;
    json["agreement"] = {{"ari", agreement.ari},
                         {"nmi", agreement.nmi},
                         {"purity", agreement.purity},
                         {"tracks", result.labels->tracks},
                         {"labels", result.labels->labels},
                         {"confusion", result.labels->confusion}};
  }
}

std::string cluster_text(const ClusteredTracks& result, std::size_t peak_memory) {
  const Clustering& clustering = result.clustering;
  const ClusterQuality& quality = clustering.model.quality;
  std::string text = table_text(cluster_table(result));
  text += "\n" + std::to_string(result.size()) + " tracks, k = " + std::to_string(clustering.model.k()) +
          ", silhouette " + number_or(quality.silhouette, 3) + ", Davies-Bouldin " +
          number_or(quality.davies_bouldin, 3) + ", Calinski-Harabasz " + number_or(quality.calinski_harabasz, 1) +
          ", inertia " + number_or(quality.inertia, 1) + "\n";
  text += "left out: " + std::to_string(result.dropped.missing) + " lacking a feature, " +
          std::to_string(result.dropped.duplicate) + " duplicates, " + std::to_string(result.dropped.malformed) +
          " malformed\n";
  if (result.filled > 0)
    text += "medians stand in for missing values of " + std::to_string(result.filled) + " tracks\n";
  if (!clustering.sweep.empty()) {
    text += "\n" + sweep_text(clustering);
  }
  if (result.labels) {
    const Agreement& agreement = result.labels->agreement;
    if (result.labels->labels.size() <= kMostLabels) text += table_text(confusion_table(*result.labels)) + "\n";
    text += "agreement with the labels of " + std::to_string(result.labels->tracks) + " tracks: ARI " +
            number_or(agreement.ari, 3) + ", NMI " + number_or(agreement.nmi, 3) + ", purity " +
            number_or(agreement.purity, 3) + "\n";
  }
  if (clustering.sampled_from > 0) {
    text += "silhouette, Davies-Bouldin, choice of k and songs are of a sample of " +
            std::to_string(result.tracks.size()) + " tracks\n";
  }
  if (peak_memory > 0) text += "peak memory " + std::to_string(peak_memory / 1000000) + " MB\n";
  return text;
}

}  // namespace affekt::cli
