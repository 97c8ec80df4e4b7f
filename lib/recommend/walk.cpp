// The iso-principle: begin where the listener is, walk to the goal in equal steps.
#include <algorithm>
#include <cmath>
#include <utility>

#include "affekt/core/text.h"
#include "recommend/scoring.h"

namespace affekt {
namespace {

// A step's own reach in the plane: ten steps over half the plane lie about this far apart.
constexpr double kStepSpread = 0.1;
// Of the catalogue's best fit to a step.
constexpr double kEnough = 0.5;
// Nearer than this there is no direction to walk in.
constexpr double kArrived = 0.02;

struct Road {
  MoodPoint start, goal;
  double length() const { return std::sqrt(plane::squared_distance(start, goal)); }
  MoodPoint at(double t) const {
    return {start.valence + t * (goal.valence - start.valence), start.energy + t * (goal.energy - start.energy)};
  }
  /// How far along the road a place lies: 0 at the start, 1 at the goal.
  double progress(MoodPoint place) const {
    const double v = goal.valence - start.valence;
    const double e = goal.energy - start.energy;
    return ((place.valence - start.valence) * v + (place.energy - start.energy) * e) / (v * v + e * e);
  }
};

// With the cluster strategy a step is answered by the nearest cluster of the point's mood; k, that is all tracks, if
// there is none: a cluster of another mood would hardly have what fits.
std::size_t cluster_for(const RecommendContext& context, MoodPoint point, const std::vector<bool>& has_tracks) {
  const Mood& mood = context.moods.moods[context.moods.region_of(point)];
  return context.nearest_cluster(mood, point, [&](std::size_t i) {
    return has_tracks[i] && context.catalog.clusters.clusters[i].mood == mood.name;
  });
}

// The nearer the goal, the more its mood's own description counts. A cluster whose best track fits less than half as
// well as the best of all does not answer the step: all tracks do.
CandidatePool step_pool(const RecommendContext& context, MoodPoint aim, const Mood& goal, double t,
                        std::size_t cluster) {
  const std::vector<std::size_t>& rows = context.rows;
  std::vector<double> fits;
  fits.reserve(rows.size());
  double best = 0, best_inside = 0;
  for (const std::size_t row : rows) {
    fits.push_back(plane::mood_kernel(context.places, row, goal, aim, kStepSpread, t));
    best = std::max(best, fits.back());
    if (context.cluster_of(row) == cluster) best_inside = std::max(best_inside, fits.back());
  }
  const bool by_cluster = cluster < context.catalog.clusters.k() && best_inside >= kEnough * best;
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (by_cluster && context.cluster_of(rows[i]) != cluster) continue;
    const double score = by_cluster ? cluster_score(context, rows[i], fits[i]) : plane_score(context, rows[i], fits[i]);
    candidates.push_back(perturbed(context, rows[i], score));
  }
  return CandidatePool(std::move(candidates));
}

std::string in_percent(MoodPoint point) {
  return "valence " + percent(point.valence) + " and energy " + percent(point.energy);
}

std::string step_reason(const RecommendContext& context, const Road& road, double t, std::size_t step,
                        std::size_t steps, std::size_t goal, std::size_t row) {
  const std::string& name = context.moods.moods[goal].name;
  std::string words = "step " + std::to_string(step) + " of " + std::to_string(steps) + " to " + name;
  if (road.length() < kArrived) {
    words += ", where the listener already is";
  } else {
    words += ", " + percent(t) + " of the way";
  }
  return words + ": aims at " + in_percent(road.at(t)) + " of the catalogue, lies at " +
         in_percent(context.places.at(row));
}

}  // namespace

std::vector<Pick> walk_to_goal(const RecommendContext& context, Picker& picker, std::size_t goal) {
  std::vector<Pick> picks;
  if (context.rows.empty()) return picks;
  const Mood& mood = context.moods.moods[goal];
  const Road road{plane::mean_point(context.weights, context.moods), mood.center};
  const auto count = static_cast<std::size_t>(context.options.count);
  const auto part = [](std::size_t i, std::size_t n) {
    return n == 1 ? 1 : static_cast<double>(i) / static_cast<double>(n - 1);
  };
  const std::size_t k = context.catalog.clusters.k();
  std::vector<bool> has_tracks(k, false);
  for (const std::size_t row : context.rows) has_tracks[context.cluster_of(row)] = true;
  for (std::size_t i = 0; i < count; ++i) {
    const double t = part(i, count);
    const MoodPoint aim = road.at(t);
    const bool by_cluster = context.options.strategy == RecommendStrategy::cluster;
    CandidatePool pool = step_pool(context, aim, mood, t, by_cluster ? cluster_for(context, aim, has_tracks) : k);
    auto taken = picker.take(pool);
    if (!taken && by_cluster) {  // the cluster has run out
      pool = step_pool(context, aim, mood, t, k);
      taken = picker.take(pool);
    }
    if (!taken) break;
    picks.push_back({*taken, {}, {}});
  }
  if (road.length() >= kArrived) {  // neighbouring steps may have overtaken one another
    std::stable_sort(picks.begin(), picks.end(), [&](const Pick& a, const Pick& b) {
      return road.progress(context.places.at(a.candidate.row)) < road.progress(context.places.at(b.candidate.row));
    });
  }
  for (std::size_t i = 0; i < picks.size(); ++i) {
    picks[i].aim = road.at(part(i, picks.size()));
    picks[i].reason =
        step_reason(context, road, part(i, picks.size()), i + 1, picks.size(), goal, picks[i].candidate.row);
  }
  return picks;
}

}  // namespace affekt
