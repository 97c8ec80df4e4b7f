#include "affekt/music/moods.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/text.h"
#include "core/json.h"

namespace affekt {
namespace {

constexpr const char* kSchema = "affekt.moods/1";
constexpr std::size_t kMostMoods = 64;
constexpr std::size_t kLongestName = 40;
constexpr double kHighestWeight = 10;
// A cluster is a mean of many tracks, whose traits it shows but faintly: the plane decides unless they speak clearly.
constexpr double kNamingShare = 0.5;

/// What a trait may be about: what a song sounds like, beside the two axes.
const std::vector<TrackFeature>& trait_choices() {
  using F = TrackFeature;
  static const std::vector<TrackFeature> choices{F::danceability,     F::loudness, F::speechiness, F::acousticness,
                                                 F::instrumentalness, F::liveness, F::tempo,       F::mode};
  return choices;
}

/// Reads one file strictly; every message begins with the place of the fault.
class MoodReader {
 public:
  explicit MoodReader(std::string place) : place_(std::move(place)) {}

  MoodMap read(const Json& json) {
    check_keys(json, "", {"schema", "about", "literature", "moods", "emotions"}, {"schema", "moods", "emotions"});
    if (json["schema"] != kSchema)
      fail("schema", std::string("expected \"") + kSchema + "\", found " + found(json["schema"]));
    read_moods(json["moods"]);
    read_emotions(json["emotions"]);
    return std::move(map_);
  }

 private:
  [[noreturn]] void fail(const std::string& where, const std::string& what) const {
    throw DataError(place_ + ": " + where + ": " + what);
  }

  void check_keys(const Json& object, const std::string& where, const std::vector<std::string>& known,
                  const std::vector<std::string>& needed) const {
    const std::string prefix = where.empty() ? "" : where + ".";
    if (!object.is_object()) fail(where.empty() ? "top level" : where, "expected an object");
    for (const auto& [key, value] : object.items()) {
      if (std::find(known.begin(), known.end(), key) == known.end()) {
        fail(where.empty() ? "top level" : where, unknown_name_message("key", key, known));
      }
    }
    for (const auto& key : needed) {
      if (!object.contains(key)) fail(prefix + key, "missing");
    }
  }

  static std::string found(const Json& value) {
    return printable(value.dump(-1, ' ', true, Json::error_handler_t::replace), kLongestName);
  }

  double number(const Json& object, const std::string& where, const char* key, double low, double high) const {
    const Json& value = object[key];
    const std::string name = where + "." + key;
    if (!value.is_number()) fail(name, "expected a number, found " + found(value));
    const double x = value.get<double>();
    if (!(x >= low && x <= high)) {
      fail(name,
           format_shortest(x) + " is out of range, expected " + format_shortest(low) + ".." + format_shortest(high));
    }
    return x;
  }

  std::string text(const Json& object, const std::string& where, const char* key) const {
    if (!object.contains(key)) return {};
    if (!object[key].is_string()) fail(where + "." + key, "expected a text, found " + found(object[key]));
    return object[key].get<std::string>();
  }

  void read_moods(const Json& moods) {
    if (!moods.is_object() || moods.empty() || moods.size() > kMostMoods) {
      fail("moods", "expected an object with 1 to " + std::to_string(kMostMoods) + " moods");
    }
    for (const auto& [name, value] : moods.items()) {
      const std::string where = "moods." + printable(name, kLongestName);
      if (name.empty() || name.size() > kLongestName || printable(name) != name) {
        fail(where, "a mood's name is 1 to " + std::to_string(kLongestName) + " plain characters");
      }
      check_keys(value, where, {"valence", "energy", "valence_weight", "energy_weight", "traits", "reference"},
                 {"valence", "energy"});
      Mood mood;
      mood.name = name;
      mood.center = {number(value, where, "valence", 0, 1), number(value, where, "energy", 0, 1)};
      mood.reference = text(value, where, "reference");
      mood.valence_weight = weight(value, where, "valence_weight");
      mood.energy_weight = weight(value, where, "energy_weight");
      if (!(mood.valence_weight + mood.energy_weight > 0)) {
        fail(where, "valence_weight and energy_weight are both 0, expected at least one above 0");
      }
      if (value.contains("traits")) read_traits(value["traits"], where + ".traits", mood);
      map_.moods.push_back(mood);
    }
  }

  double weight(const Json& object, const std::string& where, const char* key) const {
    return object.contains(key) ? number(object, where, key, 0, kHighestWeight) : 1;
  }

  void read_traits(const Json& traits, const std::string& where, Mood& mood) const {
    std::vector<std::string> known;
    for (const TrackFeature feature : trait_choices()) known.emplace_back(feature_name(feature));
    check_keys(traits, where, known, {});
    for (const TrackFeature feature : trait_choices()) {
      if (!traits.contains(feature_name(feature))) continue;
      const Json& value = traits[feature_name(feature)];
      const std::string place = where + "." + feature_name(feature);
      check_keys(value, place, {"at", "weight", "reference"}, {"at"});
      mood.traits.push_back(
          {feature, number(value, place, "at", 0, 1), weight(value, place, "weight"), text(value, place, "reference")});
    }
  }

  void read_emotions(const Json& emotions) {
    check_keys(emotions, "emotions", emotion_names(), emotion_names());
    for (const auto& [name, value] : emotions.items()) {
      const std::string where = "emotions." + name;
      const std::vector<std::string> needed = {"valence", "energy", "spread", "mood"};
      check_keys(value, where, {"valence", "energy", "spread", "mood", "reference"}, needed);
      EmotionPlace place;
      place.point = {number(value, where, "valence", 0, 1), number(value, where, "energy", 0, 1)};
      place.spread = number(value, where, "spread", 0.01, 1);
      const std::string mood_name = text(value, where, "mood");
      const auto mood = map_.find(mood_name);
      if (!mood) fail(where + ".mood", unknown_name_message("mood", mood_name, map_.names()));
      place.mood = *mood;
      place.reference = text(value, where, "reference");
      map_.emotions[static_cast<std::size_t>(*parse_emotion(name))] = place;
    }
  }

  std::string place_;
  MoodMap map_;
};

/// The first of those whose centres are nearest.
std::size_t nearest_mood(const std::vector<Mood>& moods, MoodPoint place, const QuantileOf& quantile, double share) {
  std::size_t best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < moods.size(); ++i) {
    const double distance = moods[i].squared_distance(moods[i].center, place, quantile, share);
    if (distance < least) {
      least = distance;
      best = i;
    }
  }
  return best;
}

}  // namespace

double Mood::squared_distance(MoodPoint aim, MoodPoint place, const QuantileOf& quantile, double share) const {
  double sum = 0, weights = 0;
  const auto add = [&](double difference, double weight) {
    sum += weight * difference * difference;
    weights += weight;
  };
  add(place.valence - aim.valence, 1 + share * (valence_weight - 1));
  add(place.energy - aim.energy, 1 + share * (energy_weight - 1));
  for (const MoodTrait& trait : traits) {
    const double position = quantile(trait.feature);
    if (!std::isnan(position)) add(position - trait.at, share * trait.weight);
  }
  return 2 * sum / weights;
}

std::size_t MoodMap::region_of(MoodPoint point) const {
  return nearest_mood(
      moods, point, [](TrackFeature) { return std::numeric_limits<double>::quiet_NaN(); }, 0);
}

std::size_t MoodMap::closest(MoodPoint place, const QuantileOf& quantile) const {
  return nearest_mood(moods, place, quantile, kNamingShare);
}

std::vector<TrackFeature> MoodMap::trait_features() const {
  std::vector<TrackFeature> features;
  for (const TrackFeature feature : trait_choices()) {
    const auto names_it = [feature](const Mood& mood) {
      return std::any_of(mood.traits.begin(), mood.traits.end(),
                         [feature](const MoodTrait& trait) { return trait.feature == feature; });
    };
    if (std::any_of(moods.begin(), moods.end(), names_it)) features.push_back(feature);
  }
  return features;
}

std::optional<std::size_t> MoodMap::find(std::string_view name) const {
  for (std::size_t i = 0; i < moods.size(); ++i) {
    if (moods[i].name == name) return i;
  }
  return std::nullopt;
}

std::vector<std::string> MoodMap::names() const {
  std::vector<std::string> names;
  for (const Mood& mood : moods) names.push_back(mood.name);
  return names;
}

MoodMap read_moods(const std::filesystem::path& path) {
  constexpr std::size_t kLargest = std::size_t{1} << 20;
  const InputFile file = InputFile::open(path, kLargest);
  const std::string place = printable(path.string());
  return MoodReader(place).read(parse_json_strict(file.bytes(), place, true));
}

MoodMap default_moods() { return read_moods(find_bundled("configs/moods.json")); }

double quantile_position(const std::vector<float>& sorted, double value) {
  if (sorted.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto below = std::lower_bound(sorted.begin(), sorted.end(), value,
                                      [](float element, double limit) { return double{element} < limit; });
  const auto above =
      std::upper_bound(below, sorted.end(), value, [](double limit, float element) { return limit < double{element}; });
  const auto twice = static_cast<double>((below - sorted.begin()) + (above - sorted.begin()));
  return twice / 2 / static_cast<double>(sorted.size());
}

}  // namespace affekt
