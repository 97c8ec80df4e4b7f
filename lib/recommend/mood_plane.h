// The valence-energy plane of a catalogue: places of tracks, fit to points.
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/data/emotion.h"
#include "affekt/music/moods.h"
#include "affekt/music/track_table.h"

namespace affekt::plane {

/// Fraction of values below each value, equal ones counting half: 0..1.
/// @param unknown  the position of NaN.
AFFEKT_API std::vector<float> quantile_positions(const std::vector<float>& values, float unknown = 0.5F);

/// Places of all tracks, by row.
struct Places {
  std::vector<float> valence, energy;                         ///< 0.5 where missing.
  std::array<std::vector<float>, kTrackFeatureCount> traits;  ///< By TrackFeature; empty where nobody asks.
  MoodPoint at(std::size_t row) const { return {double{valence[row]}, double{energy[row]}}; }
  /// NaN: the track has no such value, or nobody asked for it.
  double trait(TrackFeature feature, std::size_t row) const {
    const auto& column = traits[static_cast<std::size_t>(feature)];
    return column.empty() ? std::numeric_limits<double>::quiet_NaN() : double{column[row]};
  }
};
/// @param traits  features to place tracks by beside valence and energy.
AFFEKT_API Places places_of(const TrackTable& tracks, const std::vector<TrackFeature>& traits = {});

AFFEKT_API double squared_distance(MoodPoint a, MoodPoint b);
/// exp(-|a - b|^2 / (2 spread^2)), 0..1.
AFFEKT_API double kernel(MoodPoint a, MoodPoint b, double spread);
/// Kernel of the distance from a track to `aim`, as the mood measures it (Mood::squared_distance).
AFFEKT_API double mood_kernel(const Places& places, std::size_t row, const Mood& mood, MoodPoint aim, double spread,
                              double share = 1);
/// sum_e weights[e] * mood_kernel of emotion e's mood around its point.
AFFEKT_API double mixture_fit(const Places& places, std::size_t row, const EmotionProbabilities& weights,
                              const MoodMap& moods);
/// The mixture's mean point.
AFFEKT_API MoodPoint mean_point(const EmotionProbabilities& weights, const MoodMap& moods);

}  // namespace affekt::plane
