// Moods as regions of the valence-energy plane, and where each emotion lies in it. Read from configs/moods.json.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/data/emotion.h"
#include "affekt/music/track_table.h"

namespace affekt {

/// A place in the plane. Both axes are quantiles 0..1 of a catalogue: 0.5 is its median track.
struct MoodPoint {
  double valence = 0.5;  ///< 0 unpleasant .. 1 pleasant.
  double energy = 0.5;   ///< 0 low arousal .. 1 high arousal.
};

/// What the tracks of a mood have in common beside valence and energy.
struct MoodTrait {
  TrackFeature feature = TrackFeature::acousticness;
  double at = 0.5;        ///< Quantile of the catalogue, 0..1.
  double weight = 1;      ///< Beside the weights of the two axes, 0..10.
  std::string reference;  ///< Where it comes from.
};

/// Quantile 0..1 of a track or a cluster in a feature; NaN = unknown, the trait then does not count.
using QuantileOf = std::function<double(TrackFeature)>;

/// A region of the plane around a centre, and traits.
struct AFFEKT_API Mood {
  std::string name;
  MoodPoint center;
  std::string reference;                         ///< Where the place comes from.
  double valence_weight = 1, energy_weight = 1;  ///< How much each axis counts, 0..10; not both 0.
  std::vector<MoodTrait> traits{};

  /// sum_i w_i (difference_i)^2 over both axes and the known traits, the weights scaled to a sum of 2: without traits
  /// and with equal weights the squared Euclidean distance of the plane.
  /// @param share  how much this mood's own description counts: 0 = the plain plane .. 1 = all of it.
  double squared_distance(MoodPoint aim, MoodPoint place, const QuantileOf& quantile, double share = 1) const;
};

struct EmotionPlace {
  MoodPoint point;
  double spread = 0.2;   ///< Standard deviation around the point, same units, > 0.
  std::size_t mood = 0;  ///< Index into MoodMap::moods.
  std::string reference;
};

struct AFFEKT_API MoodMap {
  std::vector<Mood> moods;                           ///< At least one.
  std::array<EmotionPlace, kEmotionCount> emotions;  ///< By Emotion.

  const EmotionPlace& of(Emotion emotion) const { return emotions[static_cast<std::size_t>(emotion)]; }
  /// Index of the mood whose centre is nearest in the plane (Euclidean; ties to the earlier mood).
  std::size_t region_of(MoodPoint point) const;
  /// Index of the mood whose centre is nearest to a cluster by Mood::squared_distance with a share of 0.5; ties to the
  /// earlier mood.
  std::size_t closest(MoodPoint place, const QuantileOf& quantile) const;
  /// Features that traits name, in the order of the enumeration.
  std::vector<TrackFeature> trait_features() const;
  std::optional<std::size_t> find(std::string_view name) const;
  std::vector<std::string> names() const;
};

/// @throws IoError    missing or unreadable.
/// @throws DataError  not strict: unknown or repeated keys, a missing emotion, numbers out of range, an unknown mood.
AFFEKT_API MoodMap read_moods(const std::filesystem::path& path);
/// The bundled configs/moods.json.
AFFEKT_API MoodMap default_moods();

/// For each value of `sorted`'s catalogue: the fraction of values below `value`, counting equal ones half; 0..1.
AFFEKT_API double quantile_position(const std::vector<float>& sorted, double value);

}  // namespace affekt
