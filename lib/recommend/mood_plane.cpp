#include "recommend/mood_plane.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

namespace affekt::plane {

std::vector<float> quantile_positions(const std::vector<float>& values, float unknown) {
  std::vector<std::pair<float, std::uint32_t>> order;
  order.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isnan(values[i])) order.emplace_back(values[i], static_cast<std::uint32_t>(i));
  }
  std::sort(order.begin(), order.end());
  std::vector<float> positions(values.size(), unknown);
  const auto n = static_cast<double>(order.size());
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    while (end < order.size() && order[end].first == order[begin].first) ++end;
    const auto position = static_cast<float>((static_cast<double>(begin) + static_cast<double>(end)) / (2 * n));
    for (; begin < end; ++begin) positions[order[begin].second] = position;
  }
  return positions;
}

Places places_of(const TrackTable& tracks, const std::vector<TrackFeature>& traits) {
  constexpr float kMiddle = 0.5F;  // a track has to be somewhere in the plane
  const auto positions = [&](TrackFeature feature) {
    return tracks.has(feature) ? quantile_positions(tracks.column(feature), kMiddle)
                               : std::vector<float>(tracks.size(), kMiddle);
  };
  Places places{positions(TrackFeature::valence), positions(TrackFeature::energy), {}};
  for (const TrackFeature feature : traits) {
    if (!tracks.has(feature)) continue;
    places.traits[static_cast<std::size_t>(feature)] =
        quantile_positions(tracks.column(feature), std::numeric_limits<float>::quiet_NaN());
  }
  return places;
}

double squared_distance(MoodPoint a, MoodPoint b) {
  const double v = a.valence - b.valence;
  const double e = a.energy - b.energy;
  return v * v + e * e;
}

double kernel(MoodPoint a, MoodPoint b, double spread) {
  return std::exp(-squared_distance(a, b) / (2 * spread * spread));
}

double mood_kernel(const Places& places, std::size_t row, const Mood& mood, MoodPoint aim, double spread,
                   double share) {
  const auto quantile = [&places, row](TrackFeature feature) { return places.trait(feature, row); };
  return std::exp(-mood.squared_distance(aim, places.at(row), quantile, share) / (2 * spread * spread));
}

double mixture_fit(const Places& places, std::size_t row, const EmotionProbabilities& weights, const MoodMap& moods) {
  double fit = 0;
  for (std::size_t e = 0; e < kEmotionCount; ++e) {
    const EmotionPlace& emotion = moods.emotions[e];
    if (weights[e] > 0) {
      fit += weights[e] * mood_kernel(places, row, moods.moods[emotion.mood], emotion.point, emotion.spread);
    }
  }
  return fit;
}

MoodPoint mean_point(const EmotionProbabilities& weights, const MoodMap& moods) {
  MoodPoint mean{0, 0};
  for (std::size_t e = 0; e < kEmotionCount; ++e) {
    mean.valence += weights[e] * moods.emotions[e].point.valence;
    mean.energy += weights[e] * moods.emotions[e].point.energy;
  }
  return mean;
}

}  // namespace affekt::plane
