// Candidates with their scores, shared by the strategies. recommender.h documents the formulas.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "affekt/recommend/recommender.h"
#include "recommend/mood_plane.h"
#include "recommend/picker.h"

namespace affekt {

/// What every strategy works on.
struct RecommendContext {
  const Catalog& catalog;
  const MoodMap& moods;
  const RecommendOptions& options;
  EmotionProbabilities weights;        ///< Normalised.
  plane::Places places;                ///< By row.
  std::vector<std::size_t> rows;       ///< Not excluded, ascending.
  std::vector<double> cluster_radius;  ///< Root mean square distance to the centroid.
  std::vector<float> perturbation;     ///< By row; subtracted from scores where they are compared.
  std::vector<std::array<double, kTrackFeatureCount>> cluster_traits;  ///< Mean of places.traits; NaN = unknown.

  MoodPoint centroid_place(std::size_t cluster) const;
  std::size_t cluster_of(std::size_t row) const { return static_cast<std::size_t>(catalog.cluster[row]); }
  /// Cluster among those `wanted` accepts whose centroid is nearest to the point as the mood measures; k() if none is.
  std::size_t nearest_cluster(const Mood& mood, MoodPoint point, const std::function<bool(std::size_t)>& wanted) const;
};

/// Fit, closeness to the centroid and popularity as one number 0..1.
double cluster_score(const RecommendContext& context, std::size_t row, double fit);
/// Fit and popularity as one number 0..1.
double plane_score(const RecommendContext& context, std::size_t row, double fit);
/// Means of the tracks' trait quantiles by cluster.
std::vector<std::array<double, kTrackFeatureCount>> cluster_traits(const Catalog& catalog, const plane::Places& places);
/// For each row a seeded number, 0..0.03, with shuffle 0..0.15.
std::vector<float> perturbations(std::size_t rows, const RecommendOptions& options);
Candidate perturbed(const RecommendContext& context, std::size_t row, double score);

/// A pick on its way to the playlist.
struct Pick {
  Candidate candidate;
  std::string reason;
  std::optional<MoodPoint> aim;  ///< Of a step to a goal.
};

/// Picks in playing order.
std::vector<Pick> match_by_clusters(const RecommendContext& context, Picker& picker);
std::vector<Pick> match_by_circumplex(const RecommendContext& context, Picker& picker);
/// @param goal  index of the mood to walk to.
std::vector<Pick> walk_to_goal(const RecommendContext& context, Picker& picker, std::size_t goal);

/// "happy 62 %, surprise 10 %": emotions with at least half a percent, most first.
std::string weights_in_words(const EmotionProbabilities& weights);
/// The mood of the emotion that weighs most.
const Mood& main_mood(const RecommendContext& context, const EmotionProbabilities& weights);
/// "valence 0.91, energy 0.74 (higher than 94 % and 61 % of the catalogue; danceability 71 %), popular": the mood's
/// traits as quantiles.
std::string place_in_words(const RecommendContext& context, std::size_t row, const Mood& mood);
std::string percent(double fraction);

}  // namespace affekt
