#include "affekt/cluster/cluster_model.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/core/version.h"
#include "core/json.h"

namespace affekt {
namespace {

constexpr const char* kSchema = "affekt.clusters/1";
constexpr std::size_t kMostClusters = 100000;
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

/// Reads clusters.json; every message begins with the place of the fault.
class ModelReader {
 public:
  explicit ModelReader(std::string place) : place_(std::move(place)) {}

  ClusterModel read(const Json& json) {
    if (!json.is_object() || text(json, "schema") != kSchema) {
      fail("schema", std::string("expected \"") + kSchema + "\": not a file of saved clusters, or of another version");
    }
    read_features(member(json, "features"));
    model_.scaler.kind = read_scale(json);
    const Json& scaler = member(json, "scaler");
    model_.scaler.offset = numbers(member(scaler, "offset"), "scaler.offset", model_.features.size());
    model_.scaler.scale = numbers(member(scaler, "scale"), "scaler.scale", model_.features.size());
    for (const double scale : model_.scaler.scale) {
      if (!(scale > 0)) fail("scaler.scale", "expected numbers above 0");
    }
    if (json.contains("fold_tempo")) {
      if (!json["fold_tempo"].is_boolean()) fail("fold_tempo", "expected true or false");
      model_.fold_tempo = json["fold_tempo"].get<bool>();
    }
    if (json.contains("fill")) model_.fill = numbers(json["fill"], "fill", model_.features.size());
    read_clusters(member(json, "clusters"));
    if (member(json, "k") != model_.k()) fail("k", "expected the number of clusters in the file");
    read_quality(member(json, "quality"));
    if (!member(json, "seed").is_number_unsigned()) fail("seed", "expected a whole number of at least 0");
    model_.seed = json["seed"].get<std::uint64_t>();
    model_.tracks_file = text(json, "tracks_file");
    if (!model_.tracks_file.empty() && model_.tracks_file != "tracks.csv" &&
        model_.tracks_file != "tracks.safetensors") {
      fail("tracks_file", "expected \"tracks.csv\" or \"tracks.safetensors\"");
    }
    model_.tracks_digest = text(json, "tracks_digest");
    if (model_.tracks_digest.size() > 64) fail("tracks_digest", "too long");
    return std::move(model_);
  }

 private:
  [[noreturn]] void fail(const std::string& where, const std::string& what) const {
    throw DataError(place_ + ": " + where + ": " + what);
  }

  const Json& member(const Json& object, const char* key) const {
    if (!object.is_object() || !object.contains(key)) fail(key, "missing");
    return object[key];
  }

  std::string text(const Json& object, const char* key) const {
    const Json& value = member(object, key);
    if (!value.is_string()) fail(key, "expected a text");
    return value.get<std::string>();
  }

  double number(const Json& value, const std::string& where) const {
    if (!value.is_number()) fail(where, "expected a number");
    const double x = value.get<double>();
    if (!std::isfinite(x) || std::abs(x) > 1e30) fail(where, "out of range");
    return x;
  }

  double number_or_unknown(const Json& object, const char* key, const std::string& where) const {
    const Json& value = member(object, key);
    return value.is_null() ? kUnknown : number(value, where + "." + key);
  }

  std::vector<double> numbers(const Json& array, const std::string& where, std::size_t count) const {
    if (!array.is_array() || array.size() != count) fail(where, "expected " + std::to_string(count) + " numbers");
    std::vector<double> values;
    for (const Json& value : array) values.push_back(number(value, where));
    return values;
  }

  void read_features(const Json& array) {
    if (!array.is_array() || array.empty() || array.size() > kTrackFeatureCount)
      fail("features", "expected 1 to 16 names");
    for (const Json& value : array) {
      const std::string name = value.is_string() ? value.get<std::string>() : "";
      const auto& names = feature_names();
      const auto found = std::find(names.begin(), names.end(), name);
      if (found == names.end()) fail("features", unknown_name_message("feature", name, names));
      const auto feature = static_cast<TrackFeature>(found - names.begin());
      if (std::count(model_.features.begin(), model_.features.end(), feature) > 0)
        fail("features", "'" + name + "' twice");
      model_.features.push_back(feature);
    }
  }

  Scaling read_scale(const Json& json) const {
    try {
      return parse_scaling(text(json, "scale"));
    } catch (const UsageError& error) {
      fail("scale", error.what());
    }
  }

  void read_clusters(const Json& array) {
    if (!array.is_array() || array.empty() || array.size() > kMostClusters) {
      fail("clusters", "expected 1 to " + std::to_string(kMostClusters) + " clusters");
    }
    for (const Json& value : array) {
      const std::string where = "clusters[" + std::to_string(model_.clusters.size()) + "]";
      Cluster cluster;
      const Json& size = member(value, "size");
      if (!size.is_number_unsigned()) fail(where + ".size", "expected a whole number of at least 0");
      cluster.size = size.get<std::size_t>();
      if (!member(value, "mood").is_null()) cluster.mood = text(value, "mood");
      if (cluster.mood.size() > 40) fail(where + ".mood", "too long");
      cluster.valence = number_or_unknown(value, "valence", where);
      cluster.energy = number_or_unknown(value, "energy", where);
      cluster.valence_quantile = number_or_unknown(value, "valence_quantile", where);
      cluster.energy_quantile = number_or_unknown(value, "energy_quantile", where);
      if (!cluster.mood.empty() && (std::isnan(cluster.valence_quantile) || std::isnan(cluster.energy_quantile))) {
        fail(where + ".mood", "a mood needs valence_quantile and energy_quantile");
      }
      for (const double x :
           numbers(member(value, "scaled_centroid"), where + ".scaled_centroid", model_.features.size())) {
        model_.centroids.push_back(static_cast<float>(x));
      }
      model_.clusters.push_back(cluster);
    }
  }

  void read_quality(const Json& json) {
    model_.quality.inertia = number_or_unknown(json, "inertia", "quality");
    model_.quality.silhouette = number_or_unknown(json, "silhouette", "quality");
    model_.quality.davies_bouldin = number_or_unknown(json, "davies_bouldin", "quality");
    model_.quality.calinski_harabasz = number_or_unknown(json, "calinski_harabasz", "quality");
  }

  std::string place_;
  ClusterModel model_;
};

Json cluster_json(const ClusterModel& model, std::size_t c) {
  const Cluster& cluster = model.clusters[c];
  const std::size_t d = model.features.size();
  Json json;
  json["id"] = c;
  json["size"] = cluster.size;
  json["mood"] = cluster.mood.empty() ? Json(nullptr) : Json(cluster.mood);
  json["valence"] = number_or_null(cluster.valence);
  json["energy"] = number_or_null(cluster.energy);
  json["valence_quantile"] = number_or_null(cluster.valence_quantile);
  json["energy_quantile"] = number_or_null(cluster.energy_quantile);
  json["scaled_centroid"] = Json::array();
  for (std::size_t j = 0; j < d; ++j) {
    json["scaled_centroid"].push_back(double{model.centroids[c * d + j]});
    json["centroid"][feature_name(model.features[j])] = model.centroid(c, j);
  }
  return json;
}

}  // namespace

std::string cluster_model_json(const ClusterModel& model) {
  Json json;
  json["schema"] = kSchema;
  json["version"] = version();
  json["seed"] = model.seed;
  json["features"] = Json::array();
  for (const TrackFeature feature : model.features) json["features"].push_back(feature_name(feature));
  json["scale"] = scaling_name(model.scaler.kind);
  json["scaler"] = {{"offset", model.scaler.offset}, {"scale", model.scaler.scale}};
  if (model.fold_tempo) json["fold_tempo"] = true;
  if (!model.fill.empty()) json["fill"] = model.fill;
  json["k"] = model.k();
  json["clusters"] = Json::array();
  for (std::size_t c = 0; c < model.k(); ++c) json["clusters"].push_back(cluster_json(model, c));
  json["quality"] = {{"inertia", number_or_null(model.quality.inertia)},
                     {"silhouette", number_or_null(model.quality.silhouette)},
                     {"davies_bouldin", number_or_null(model.quality.davies_bouldin)},
                     {"calinski_harabasz", number_or_null(model.quality.calinski_harabasz)}};
  json["tracks_file"] = model.tracks_file;
  json["tracks_digest"] = model.tracks_digest;
  return json.dump(2) + "\n";
}

ClusterModel parse_cluster_model(std::string_view json, const std::string& place) {
  return ModelReader(place).read(parse_json_strict(json, place));
}

RowFill scaled_rows(const TrackTable& table, const ClusterModel& model) {
  for (const TrackFeature feature : model.features) {
    if (!table.has(feature)) {
      throw DataError(std::string("the table has no column '") + feature_name(feature) + "', which the clusters need");
    }
  }
  return [&table, &model](std::size_t begin, std::size_t end, float* rows) {
    const std::size_t d = model.features.size();
    for (std::size_t j = 0; j < d; ++j) {
      const float* column = table.column(model.features[j]).data() + begin;
      for (std::size_t row = 0; row < end - begin; ++row) {
        rows[row * d + j] = static_cast<float>(model.scaled(double{column[row]}, j));
      }
    }
  };
}

}  // namespace affekt
