#include "affekt/recommend/recommender.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "recommend/scoring.h"

namespace affekt {
namespace {

constexpr int kMostTracks = 10000;

// Index of the mood to walk to; nothing for "match". @throws UsageError.
std::optional<std::size_t> goal_mood(const std::string& goal, const MoodMap& moods) {
  const std::string folded = lower_ascii(goal);
  if (folded == "match") return std::nullopt;
  for (const std::string& name : {folded == "lift" ? "happy" : folded == "energize" ? "energetic" : folded, goal}) {
    if (const auto mood = moods.find(name)) return mood;
  }
  std::vector<std::string> known{"match", "lift", "energize"};
  for (const auto& name : moods.names()) known.push_back(name);
  throw UsageError("goal: " + unknown_name_message("goal", goal, known));
}

EmotionProbabilities normalised(const EmotionProbabilities& probabilities) {
  double sum = 0;
  for (const double p : probabilities) {
    if (!(p >= 0) || !std::isfinite(p))
      throw UsageError("emotion probabilities: expected numbers from 0, found " + format_shortest(p));
    sum += p;
  }
  if (!(sum > 0)) throw UsageError("emotion probabilities: all are 0; at least one must be greater");
  EmotionProbabilities out{};
  std::transform(probabilities.begin(), probabilities.end(), out.begin(), [sum](double p) { return p / sum; });
  return out;
}

// The catalogue's own names, most frequent first.
std::string common_genres(const TrackTable& tracks) {
  constexpr std::size_t kMost = 12;
  std::map<std::string, std::size_t> counts;
  for (std::size_t row = 0; row < tracks.size(); ++row) {
    std::string genres(tracks.text(tracks.genre, row));  // a cell may list several
    for (char& c : genres) c = std::string_view(";[]'\"").find(c) != std::string_view::npos ? ',' : c;
    for (const std::string& genre : split(genres, ',')) {
      if (!trim(genre).empty()) ++counts[std::string(trim(genre))];
    }
  }
  std::vector<std::pair<std::size_t, std::string>> order;
  order.reserve(counts.size());
  for (const auto& [name, count] : counts) order.emplace_back(count, printable(name, 40));
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::string> names;
  names.reserve(kMost + 1);
  for (std::size_t i = 0; i < std::min(kMost, order.size()); ++i) names.push_back(order[i].second);
  if (order.size() > kMost) names.emplace_back("...");
  return join(names, ", ");
}

std::vector<std::size_t> rows_left(const Catalog& catalog, const RecommendOptions& options,
                                   const ExclusionList& excluded) {
  const std::size_t all = catalog.tracks.size();
  std::vector<std::size_t> rows;
  rows.reserve(all);
  ExclusionList songs = excluded;
  if (!songs.empty()) songs.add_songs_of_ids(catalog.tracks);
  for (std::size_t row = 0; row < all; ++row) {
    if (songs.empty() || !songs.contains(catalog.tracks, row)) rows.push_back(row);
  }
  const std::size_t by_lists = all - rows.size();
  FilteredRows left = filter_rows(catalog.tracks, rows, options.filter);
  if (left.rows.empty() && all > 0) {
    std::vector<std::string> taken;
    const auto count = [&taken](std::size_t number, const char* by) {
      if (number > 0) taken.push_back(std::to_string(number) + " by " + by);
    };
    count(by_lists, "--exclude and --history");
    count(left.by_years, "--year");
    count(left.by_genres, "--genre");
    count(left.by_explicit, "--explicit");
    const std::string genres = left.by_genres > 0 ? "; genres there: " + common_genres(catalog.tracks) : "";
    throw DataError("no track is left to recommend: of " + std::to_string(all) + " tracks " + join(taken, ", ") +
                    " are taken away (ask for less" + genres + ")");
  }
  return std::move(left.rows);
}

std::vector<double> cluster_radii(const Catalog& catalog) {
  std::vector<double> sums(catalog.clusters.k(), 0);
  std::vector<double> counts(catalog.clusters.k(), 0);
  for (std::size_t row = 0; row < catalog.tracks.size(); ++row) {
    const auto c = static_cast<std::size_t>(catalog.cluster[row]);
    sums[c] += double{catalog.distance[row]} * double{catalog.distance[row]};
    ++counts[c];
  }
  for (std::size_t c = 0; c < sums.size(); ++c) sums[c] = counts[c] > 0 ? std::sqrt(sums[c] / counts[c]) : 0;
  return sums;
}

// Of the moods that decide, so that no other column needs to be sorted.
std::vector<TrackFeature> features_asked_for(const EmotionProbabilities& weights, std::optional<std::size_t> goal,
                                             const MoodMap& moods) {
  std::vector<TrackFeature> features;
  const auto add = [&](std::size_t mood) {
    for (const MoodTrait& trait : moods.moods[mood].traits) {
      if (std::find(features.begin(), features.end(), trait.feature) == features.end()) {
        features.push_back(trait.feature);
      }
    }
  };
  for (std::size_t e = 0; e < kEmotionCount; ++e) {
    if (weights[e] > 0) add(moods.emotions[e].mood);
  }
  if (goal) add(*goal);
  return features;
}

RecommendedTrack to_track(const RecommendContext& context, const Pick& pick, int rank) {
  const TrackTable& tracks = context.catalog.tracks;
  const std::size_t row = pick.candidate.row;
  RecommendedTrack track;
  track.rank = rank;
  track.id = tracks.text(tracks.id, row);
  track.title = tracks.text(tracks.title, row);
  track.artist = tracks.text(tracks.artist, row);
  track.album = tracks.text(tracks.album, row);
  track.duration_ms = double{tracks.value(TrackFeature::duration_ms, row)};
  track.score = pick.candidate.score;
  track.cluster = static_cast<int>(context.cluster_of(row));
  track.mood = context.catalog.clusters.clusters[context.cluster_of(row)].mood;
  track.valence = double{tracks.value(TrackFeature::valence, row)};
  track.energy = double{tracks.value(TrackFeature::energy, row)};
  track.aim = pick.aim;
  track.reason = pick.reason;
  return track;
}

std::string fewer_tracks_note(const RecommendContext& context, std::size_t found) {
  const std::size_t all = context.catalog.tracks.size();
  std::string note = "asked for " + std::to_string(context.options.count) + " tracks, found " + std::to_string(found) +
                     ": the catalogue has " + std::to_string(all);
  if (context.rows.size() < all)
    note += ", " + std::to_string(all - context.rows.size()) + " of them excluded or filtered out";
  if (context.options.max_per_artist > 0) {
    note += ", at most " + std::to_string(context.options.max_per_artist) + " by one artist";
  }
  return note;
}

}  // namespace

void RecommendOptions::validate(const MoodMap& moods) const {
  if (count < 1 || count > kMostTracks) {
    throw UsageError("count: expected 1.." + std::to_string(kMostTracks) + ", found " + std::to_string(count));
  }
  if (!(diversity >= 0 && diversity <= 1)) {
    throw UsageError("diversity: expected 0..1, found " + format_shortest(diversity));
  }
  if (max_per_artist < 0) {
    throw UsageError("max-per-artist: expected 0 (no limit) or more, found " + std::to_string(max_per_artist));
  }
  for (const auto& [name, value] : {std::pair{"popularity", popularity}, std::pair{"novelty", novelty}}) {
    if (!(value >= 0 && value <= 1)) {
      throw UsageError(std::string(name) + ": expected 0..1, found " + format_shortest(value));
    }
  }
  if (popularity + novelty > 1) {
    throw UsageError("novelty: with popularity " + format_shortest(popularity) + " at most " +
                     format_shortest(1 - popularity) + ", found " + format_shortest(novelty));
  }
  filter.validate();
  goal_mood(goal, moods);
}

Recommendation recommend(const EmotionProbabilities& probabilities, const Catalog& catalog, const MoodMap& moods,
                         const RecommendOptions& options, const ExclusionList& excluded) {
  options.validate(moods);
  const auto goal = goal_mood(options.goal, moods);
  if (options.novelty > 0 && !catalog.tracks.has(TrackFeature::popularity)) {
    throw DataError("the catalogue has no column of popularities, which --novelty needs");
  }
  const EmotionProbabilities weights = normalised(probabilities);
  plane::Places places = plane::places_of(catalog.tracks, features_asked_for(weights, goal, moods));
  auto traits = cluster_traits(catalog, places);
  const RecommendContext context{catalog,
                                 moods,
                                 options,
                                 weights,
                                 std::move(places),
                                 rows_left(catalog, options, excluded),
                                 cluster_radii(catalog),
                                 perturbations(catalog.tracks.size(), options),
                                 std::move(traits)};
  Picker picker(catalog, options.diversity, options.max_per_artist);
  const auto picks = goal                                             ? walk_to_goal(context, picker, *goal)
                     : options.strategy == RecommendStrategy::cluster ? match_by_clusters(context, picker)
                                                                      : match_by_circumplex(context, picker);
  Recommendation result;
  const MoodPoint mean = plane::mean_point(context.weights, moods);
  result.mood = {mean.valence, mean.energy, context.weights};
  result.goal = lower_ascii(options.goal);
  for (const auto& pick : picks) {
    result.tracks.push_back(to_track(context, pick, static_cast<int>(result.tracks.size()) + 1));
  }
  if (result.tracks.size() < static_cast<std::size_t>(options.count)) {
    result.notes.push_back(fewer_tracks_note(context, result.tracks.size()));
  }
  if (!excluded.empty() && context.rows.size() == catalog.tracks.size()) {
    result.notes.push_back("none of the " + std::to_string(excluded.size()) +
                           " entries of the exclusion list is in the catalogue (of playlists, csv, m3u8 and uris can "
                           "be read back)");
  }
  return result;
}

}  // namespace affekt
