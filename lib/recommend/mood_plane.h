// The valence-energy plane of a catalogue: places of tracks, fit to points.
#pragma once

#include <cstddef>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/data/emotion.h"
#include "affekt/music/moods.h"
#include "affekt/music/track_table.h"

namespace affekt::plane {

/// Fraction of values below each value, equal ones counting half: 0..1. NaN gives 0.5.
AFFEKT_API std::vector<float> quantile_positions(const std::vector<float>& values);

/// Places of all tracks, by row.
struct Places {
  std::vector<float> valence, energy;
  MoodPoint at(std::size_t row) const { return {double{valence[row]}, double{energy[row]}}; }
};
AFFEKT_API Places places_of(const TrackTable& tracks);

AFFEKT_API double squared_distance(MoodPoint a, MoodPoint b);
/// exp(-|a - b|^2 / (2 spread^2)), 0..1.
AFFEKT_API double kernel(MoodPoint a, MoodPoint b, double spread);
/// sum_e weights[e] * kernel of emotion e at `place`.
AFFEKT_API double mixture_fit(MoodPoint place, const EmotionProbabilities& weights, const MoodMap& moods);
/// The mixture's mean point.
AFFEKT_API MoodPoint mean_point(const EmotionProbabilities& weights, const MoodMap& moods);

}  // namespace affekt::plane
