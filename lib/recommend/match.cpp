// Playlists that answer the mood as it is.
#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "recommend/scoring.h"

namespace affekt {
namespace {

/// What one cluster is asked for.
struct ClusterShare {
  EmotionProbabilities emotions{};  ///< Probability each emotion hands to the cluster.
  double total = 0;
  std::size_t places = 0;
  std::string missing_mood;  ///< A mood no cluster has, for which this one stands in.
};

// Hands the probability of one emotion to the clusters of its mood by how many tracks they have that fit: a small
// cluster is not asked for more than it has, however near its centroid is.
void share_out(const RecommendContext& context, std::size_t emotion, const std::vector<bool>& has_tracks,
               std::vector<ClusterShare>& shares) {
  const EmotionPlace& place = context.moods.emotions[emotion];
  const Mood& mood = context.moods.moods[place.mood];
  const double weight = context.weights[emotion];
  const auto& clusters = context.catalog.clusters.clusters;
  const auto of_mood = [&](std::size_t c) { return has_tracks[c] && clusters[c].mood == mood.name; };
  std::vector<double> fitting(shares.size(), 0);
  for (const std::size_t row : context.rows) {
    const std::size_t c = context.cluster_of(row);
    if (of_mood(c)) fitting[c] += plane::mood_kernel(context.places, row, mood, place.point, place.spread);
  }
  double sum = std::accumulate(fitting.begin(), fitting.end(), 0.0);
  if (!(sum > 1e-9)) {  // no such cluster, or all of its tracks far beyond the spread
    std::size_t nearest = context.nearest_cluster(mood, mood.center, of_mood);
    if (nearest == shares.size()) {
      nearest = context.nearest_cluster(mood, mood.center, [&](std::size_t c) { return has_tracks[c]; });
      shares[nearest].missing_mood = mood.name;
    }
    std::fill(fitting.begin(), fitting.end(), 0.0);
    fitting[nearest] = sum = 1;
  }
  for (std::size_t c = 0; c < shares.size(); ++c) {
    shares[c].emotions[emotion] += weight * fitting[c] / sum;
    shares[c].total += weight * fitting[c] / sum;
  }
}

// Largest remainder; ties to the greater share, then to the lower number.
void deal_places(std::vector<ClusterShare>& shares, std::size_t places) {
  const double total =
      std::accumulate(shares.begin(), shares.end(), 0.0, [](double sum, const auto& s) { return sum + s.total; });
  std::vector<std::pair<double, std::size_t>> remainders;
  std::size_t dealt = 0;
  for (std::size_t c = 0; c < shares.size(); ++c) {
    const double exact = shares[c].total / total * static_cast<double>(places);
    shares[c].places = std::min(static_cast<std::size_t>(exact), places - dealt);
    dealt += shares[c].places;
    remainders.emplace_back(exact - static_cast<double>(shares[c].places), c);
  }
  std::stable_sort(remainders.begin(), remainders.end(), [&](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : shares[a.second].total > shares[b.second].total;
  });
  for (std::size_t i = 0; dealt < places; ++i, ++dealt) ++shares[remainders[i % remainders.size()].second].places;
}

// The clusters in playing order, so that the beginning of the list already has the proportions of the whole. Ties go to
// the greater share: with one place each, what the listener mostly is comes first.
std::vector<std::size_t> interleave(const std::vector<ClusterShare>& shares, std::size_t places) {
  std::vector<double> credit(shares.size(), 0);
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < places; ++i) {
    for (std::size_t c = 0; c < shares.size(); ++c) credit[c] += static_cast<double>(shares[c].places);
    std::size_t richest = 0;
    for (std::size_t c = 1; c < shares.size(); ++c) {
      const bool tie = credit[c] == credit[richest];
      if (tie ? shares[c].total > shares[richest].total : credit[c] > credit[richest]) richest = c;
    }
    credit[richest] -= static_cast<double>(places);
    order.push_back(richest);
  }
  return order;
}

std::vector<CandidatePool> cluster_pools(const RecommendContext& context, const std::vector<ClusterShare>& shares) {
  std::vector<std::vector<Candidate>> candidates(shares.size());
  for (const std::size_t row : context.rows) {
    const std::size_t c = context.cluster_of(row);
    if (shares[c].places == 0) continue;
    const double fit = plane::mixture_fit(context.places, row, shares[c].emotions, context.moods) / shares[c].total;
    candidates[c].push_back(perturbed(context, row, cluster_score(context, row, fit)));
  }
  std::vector<CandidatePool> pools;
  pools.reserve(candidates.size());
  for (auto& of_cluster : candidates) pools.emplace_back(std::move(of_cluster));
  return pools;
}

CandidatePool whole_catalogue(const RecommendContext& context) {
  std::vector<Candidate> candidates;
  candidates.reserve(context.rows.size());
  for (const std::size_t row : context.rows) {
    const double fit = plane::mixture_fit(context.places, row, context.weights, context.moods);
    candidates.push_back(perturbed(context, row, plane_score(context, row, fit)));
  }
  return CandidatePool(std::move(candidates));
}

std::string cluster_reason(const RecommendContext& context, const ClusterShare& share, std::size_t row) {
  const std::size_t c = context.cluster_of(row);
  const std::string number = std::to_string(c);
  const std::string& mood = context.catalog.clusters.clusters[c].mood;
  std::string why = "cluster " + number + " (" + mood + ") answers " + weights_in_words(share.emotions);
  if (!share.missing_mood.empty()) {
    why = "no " + share.missing_mood + " cluster, the nearest is " + number + " (" + mood + ") for " +
          weights_in_words(share.emotions);
  }
  return why + ": " + place_in_words(context, row, main_mood(context, share.emotions));
}

}  // namespace

std::vector<Pick> match_by_clusters(const RecommendContext& context, Picker& picker) {
  std::vector<Pick> picks;
  if (context.rows.empty()) return picks;
  const auto count = static_cast<std::size_t>(context.options.count);
  std::vector<bool> has_tracks(context.catalog.clusters.k(), false);
  for (const std::size_t row : context.rows) has_tracks[context.cluster_of(row)] = true;
  std::vector<ClusterShare> shares(has_tracks.size());
  for (std::size_t e = 0; e < kEmotionCount; ++e) {
    if (context.weights[e] > 0) share_out(context, e, has_tracks, shares);
  }
  deal_places(shares, count);
  auto pools = cluster_pools(context, shares);
  std::vector<std::size_t> run_out;
  for (const std::size_t c : interleave(shares, count)) {
    if (const auto taken = picker.take(pools[c])) {
      picks.push_back({*taken, cluster_reason(context, shares[c], taken->row), {}});
    } else {
      run_out.push_back(c);
    }
  }
  if (run_out.empty()) return picks;
  CandidatePool rest = whole_catalogue(context);
  for (const std::size_t c : run_out) {
    const auto taken = picker.take(rest);
    if (!taken) break;
    picks.push_back({*taken,
                     "cluster " + std::to_string(c) + " has no more tracks, next nearest to the mood: " +
                         place_in_words(context, taken->row, main_mood(context, context.weights)),
                     {}});
  }
  return picks;
}

std::vector<Pick> match_by_circumplex(const RecommendContext& context, Picker& picker) {
  CandidatePool pool = whole_catalogue(context);
  std::vector<Pick> picks;
  while (picks.size() < static_cast<std::size_t>(context.options.count)) {
    const auto taken = picker.take(pool);
    if (!taken) break;
    std::size_t nearest = 0;
    double most = -1;
    for (std::size_t e = 0; e < kEmotionCount; ++e) {
      EmotionProbabilities only{};
      only[e] = context.weights[e];
      const double part = plane::mixture_fit(context.places, taken->row, only, context.moods);
      if (part > most) {
        most = part;
        nearest = e;
      }
    }
    picks.push_back({*taken,
                     "close to " + emotion_names()[nearest] + " (" + percent(context.weights[nearest]) +
                         " of the mood): " +
                         place_in_words(context, taken->row, context.moods.moods[context.moods.emotions[nearest].mood]),
                     {}});
  }
  return picks;
}

}  // namespace affekt
