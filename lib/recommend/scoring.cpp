#include "recommend/scoring.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "affekt/core/random.h"
#include "affekt/core/text.h"
#include "cluster/cluster_means.h"

namespace affekt {
namespace {

// Of the share of a score that popularity leaves: how well a track fits its mood, and how typical it is of its cluster.
constexpr double kFitShare = 5.0 / 6.0;
// Scores nearer than this may change places with the seed: nobody hears the difference.
constexpr double kPerturbation = 0.03;
// Wide enough for another list, narrow enough for the same mood.
constexpr double kShuffle = 0.15;

// 0..1; an unknown popularity counts as none.
double popularity(const TrackTable& tracks, std::size_t row) {
  const double value = double{tracks.value(TrackFeature::popularity, row)};
  return std::isnan(value) ? 0 : std::clamp(value / 100, 0.0, 1.0);
}

/// With the weights that the options give to being popular and to being little known.
double with_popularity(const RecommendContext& context, std::size_t row, double fit) {
  const RecommendOptions& o = context.options;
  if (!context.catalog.tracks.has(TrackFeature::popularity)) return fit;
  const double known = popularity(context.catalog.tracks, row);
  return (1 - o.popularity - o.novelty) * fit + o.popularity * known + o.novelty * (1 - known);
}

}  // namespace

MoodPoint RecommendContext::centroid_place(std::size_t cluster) const {
  const Cluster& c = catalog.clusters.clusters[cluster];
  return {c.valence_quantile, c.energy_quantile};
}

std::size_t RecommendContext::nearest_cluster(const Mood& mood, MoodPoint point,
                                              const std::function<bool(std::size_t)>& wanted) const {
  const std::size_t k = catalog.clusters.k();
  std::size_t best = k;
  double best_distance = 0;
  for (std::size_t c = 0; c < k; ++c) {
    if (!wanted(c)) continue;
    const auto trait = [&](TrackFeature feature) { return cluster_traits[c][static_cast<std::size_t>(feature)]; };
    const double distance = mood.squared_distance(point, centroid_place(c), trait);
    if (best == k || distance < best_distance) {
      best = c;
      best_distance = distance;
    }
  }
  return best;
}

double cluster_score(const RecommendContext& context, std::size_t row, double fit) {
  const double radius = context.cluster_radius[context.cluster_of(row)];
  const double distance = double{context.catalog.distance[row]};
  const double typical = radius > 0 ? std::exp(-distance * distance / (2 * radius * radius)) : 1;
  return with_popularity(context, row, kFitShare * fit + (1 - kFitShare) * typical);
}

double plane_score(const RecommendContext& context, std::size_t row, double fit) {
  return with_popularity(context, row, fit);
}

std::vector<std::array<double, kTrackFeatureCount>> cluster_traits(const Catalog& catalog,
                                                                   const plane::Places& places) {
  const std::size_t k = catalog.clusters.k();
  std::array<double, kTrackFeatureCount> unknown{};
  unknown.fill(std::numeric_limits<double>::quiet_NaN());
  std::vector<std::array<double, kTrackFeatureCount>> means(k, unknown);
  for (std::size_t f = 0; f < kTrackFeatureCount; ++f) {
    if (places.traits[f].empty()) continue;
    const auto of_feature =
        cluster_means(catalog.cluster, k, 1, [&](std::size_t row) { return double{places.traits[f][row]}; });
    for (std::size_t c = 0; c < k; ++c) means[c][f] = of_feature[c];
  }
  return means;
}

std::vector<float> perturbations(std::size_t rows, const RecommendOptions& options) {
  RandomStream stream(options.seed);
  const double width = options.shuffle ? kShuffle : kPerturbation;
  std::vector<float> values(rows);
  for (float& value : values) value = static_cast<float>(width * stream.uniform());
  return values;
}

Candidate perturbed(const RecommendContext& context, std::size_t row, double score) {
  return {row, score, score - double{context.perturbation[row]}};
}

std::string percent(double fraction) { return format_fixed(100 * fraction, 0) + " %"; }

std::string weights_in_words(const EmotionProbabilities& weights) {
  constexpr double kWorthNaming = 0.005;
  std::vector<std::size_t> order(kEmotionCount);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return weights[a] > weights[b]; });
  std::vector<std::string> parts;
  for (const std::size_t e : order) {
    if (weights[e] >= kWorthNaming || parts.empty()) parts.push_back(emotion_names()[e] + " " + percent(weights[e]));
  }
  return join(parts, ", ");
}

const Mood& main_mood(const RecommendContext& context, const EmotionProbabilities& weights) {
  const auto most = std::max_element(weights.begin(), weights.end()) - weights.begin();
  return context.moods.moods[context.moods.emotions[static_cast<std::size_t>(most)].mood];
}

std::string place_in_words(const RecommendContext& context, std::size_t row, const Mood& mood) {
  constexpr double kPopular = 0.7;
  const TrackTable& tracks = context.catalog.tracks;
  const MoodPoint place = context.places.at(row);
  std::string words = "valence " + format_fixed(double{tracks.value(TrackFeature::valence, row)}, 2) + ", energy " +
                      format_fixed(double{tracks.value(TrackFeature::energy, row)}, 2) + " (higher than " +
                      percent(place.valence) + " and " + percent(place.energy) + " of the catalogue";
  std::vector<std::string> traits;
  for (const MoodTrait& trait : mood.traits) {
    const double position = context.places.trait(trait.feature, row);
    if (!std::isnan(position)) traits.push_back(feature_name(trait.feature) + (" " + percent(position)));
  }
  words += traits.empty() ? ")" : "; " + join(traits, ", ") + ")";
  if (popularity(tracks, row) >= kPopular) words += ", popular";
  if (context.options.novelty > 0 && popularity(tracks, row) <= 1 - kPopular) words += ", little known";
  return words;
}

}  // namespace affekt
