// Moods as regions of the valence-energy plane, and where each emotion lies in it. Read from configs/moods.json.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/data/emotion.h"

namespace affekt {

/// A place in the plane. Both axes are quantiles 0..1 of a catalogue: 0.5 is its median track.
struct MoodPoint {
  double valence = 0.5;  ///< 0 unpleasant .. 1 pleasant.
  double energy = 0.5;   ///< 0 low arousal .. 1 high arousal.
};

/// A region: all points nearer to this centre than to any other mood's (Euclidean; ties to the earlier mood).
struct Mood {
  std::string name;
  MoodPoint center;
  std::string reference;  ///< Where the place comes from.
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
  /// Index of the mood whose region holds the point.
  std::size_t region_of(MoodPoint point) const;
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
