#include "affekt/recommend/recommender.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "affekt/core/error.h"
#include "recommend/mood_plane.h"
#include "small_catalog.h"
#include "support/catch.h"

using namespace affekt;
using affekt::test::five_moods;
using affekt::test::grid_catalog;
using affekt::test::ids;
using affekt::test::track_id;

namespace {

EmotionProbabilities mixture(std::initializer_list<std::pair<Emotion, double>> parts) {
  EmotionProbabilities p{};
  for (const auto& part : parts) p[static_cast<std::size_t>(part.first)] = part.second;
  return p;
}

std::map<std::string, int> moods_of(const Recommendation& r) {
  std::map<std::string, int> counts;
  for (const auto& track : r.tracks) ++counts[track.mood];
  return counts;
}

std::string usage_error(const RecommendOptions& options) {
  try {
    recommend(one_emotion(Emotion::happy), grid_catalog(4, 16), five_moods(), options);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("every goal, strategy and mixture keeps the promises of a playlist") {
  const Catalog catalog = grid_catalog(30, 40);
  const MoodMap moods = five_moods();
  const std::vector<EmotionProbabilities> mixtures{
      one_emotion(Emotion::happy), one_emotion(Emotion::surprise), one_emotion(Emotion::disgust),
      mixture({{Emotion::sad, 0.55}, {Emotion::neutral, 0.45}}), EmotionProbabilities{1, 1, 1, 1, 1, 1, 1}};
  for (const auto& weights : mixtures) {
    for (const char* goal : {"match", "lift", "energize", "happy", "tense", "sad", "calm", "energetic"}) {
      for (const auto strategy : {RecommendStrategy::cluster, RecommendStrategy::circumplex}) {
        for (const double diversity : {0.0, 0.2, 1.0}) {
          RecommendOptions options;
          options.count = 23;
          options.goal = goal;
          options.strategy = strategy;
          options.diversity = diversity;
          const Recommendation r = recommend(weights, catalog, moods, options);
          REQUIRE(r.tracks.size() == 23);
          CHECK(r.notes.empty());
          CHECK(r.goal == goal);
          CHECK(std::accumulate(r.mood.weights.begin(), r.mood.weights.end(), 0.0) == Approx(1));
          std::set<std::string> seen;
          std::map<std::string, int> artists;
          for (std::size_t i = 0; i < r.tracks.size(); ++i) {
            const RecommendedTrack& track = r.tracks[i];
            CHECK(track.rank == static_cast<int>(i) + 1);
            CHECK(seen.insert(track.id).second);
            CHECK(++artists[track.artist] <= 2);
            CHECK((track.score >= 0 && track.score <= 1));
            CHECK(track.reason.size() > 20);
            CHECK(track.mood == catalog.clusters.clusters[static_cast<std::size_t>(track.cluster)].mood);
          }
        }
      }
    }
  }
}

TEST_CASE("the mixture selects clusters in proportion, by largest remainder") {
  const Catalog catalog = grid_catalog(30, 900);
  RecommendOptions options;
  const auto p = mixture({{Emotion::happy, 0.62}, {Emotion::sad, 0.25}, {Emotion::neutral, 0.13}});
  const auto counts = moods_of(recommend(p, catalog, five_moods(), options));
  CHECK(counts.at("happy") == 6);
  CHECK(counts.at("sad") == 3);  // 6.2, 2.5, 1.3: the greatest remainder is sad's
  CHECK(counts.at("calm") == 1);

  options.count = 1;
  CHECK(recommend(p, catalog, five_moods(), options).tracks.front().mood == "happy");
}

TEST_CASE("the beginning of a mixed list has the proportions of the whole") {
  RecommendOptions options;
  const auto p = mixture({{Emotion::happy, 0.5}, {Emotion::sad, 0.5}});
  const auto tracks = recommend(p, grid_catalog(30, 900), five_moods(), options).tracks;
  for (std::size_t i = 0; i + 1 < tracks.size(); i += 2) CHECK(tracks[i].mood != tracks[i + 1].mood);

  options.count = 3;  // a place each: the mood that is felt most comes first, whatever the clusters' numbers
  const auto sad = mixture({{Emotion::happy, 0.2}, {Emotion::sad, 0.5}, {Emotion::neutral, 0.3}});
  const auto neutral = mixture({{Emotion::happy, 0.2}, {Emotion::sad, 0.3}, {Emotion::neutral, 0.5}});
  CHECK(recommend(sad, grid_catalog(30, 900), five_moods(), options).tracks.front().mood == "sad");
  CHECK(recommend(neutral, grid_catalog(30, 900), five_moods(), options).tracks.front().mood == "calm");
}

TEST_CASE("of two clusters of a mood the one with more fitting tracks has more places, wherever the centroids are") {
  Catalog catalog = grid_catalog(30, 900);
  // Five of the sad tracks become a cluster of their own whose centroid lies on the emotion's very point.
  Cluster few = catalog.clusters.clusters[3];
  few.valence_quantile = few.energy_quantile = 0.2;
  few.size = 5;
  catalog.clusters.clusters.push_back(few);
  for (int value = 0; value < 2; ++value) catalog.clusters.centroids.push_back(0.2F);
  std::size_t moved = 0;
  for (std::size_t row = 0; row < catalog.tracks.size() && moved < 5; ++row) {
    if (catalog.cluster[row] != 3) continue;
    catalog.cluster[row] = 4;
    ++moved;
  }
  const auto places = [&](int count) {
    RecommendOptions options;
    options.count = count;
    std::map<int, int> counts;
    for (const auto& track : recommend(one_emotion(Emotion::sad), catalog, five_moods(), options).tracks) {
      CHECK(track.mood == "sad");
      ++counts[track.cluster];
    }
    return counts;
  };
  CHECK(places(10) == std::map<int, int>{{3, 10}});
  CHECK(places(200)[4] >= 1);  // their share, 5 of 225 tracks or less
  CHECK(places(200)[4] <= 5);
}

TEST_CASE("an emotion whose mood no cluster has uses the nearest cluster and says so") {
  const Catalog catalog = grid_catalog(20, 400);  // nothing is energetic
  const auto r = recommend(one_emotion(Emotion::surprise), catalog, five_moods(), {});
  REQUIRE(r.tracks.size() == 10);
  for (const auto& track : r.tracks) {
    CHECK(track.mood == "happy");
    CHECK(track.reason.find("no energetic cluster, the nearest is 0 (happy)") != std::string::npos);
  }
}

TEST_CASE("traits rank what the plane cannot tell apart, in both strategies and at the end of a walk") {
  auto catalog = grid_catalog(30, 900);
  auto& acousticness = catalog.tracks.column(TrackFeature::acousticness);
  for (std::size_t row = 0; row < catalog.tracks.size(); ++row) acousticness.push_back(row % 2 == 0 ? 0.9F : 0.1F);
  MoodMap moods = five_moods();
  moods.moods[*moods.find("calm")].traits = {{TrackFeature::acousticness, 0.75, 2, ""}};
  const auto acoustic = [&](const Recommendation& r, std::size_t first) {
    std::size_t count = 0;
    for (std::size_t i = first; i < r.tracks.size(); ++i) {
      for (std::size_t row = 0; row < catalog.tracks.size(); ++row) {
        if (catalog.tracks.id[row] == r.tracks[i].id && acousticness[row] > 0.5F) ++count;
      }
    }
    return count;
  };
  RecommendOptions options;
  for (const auto strategy : {RecommendStrategy::cluster, RecommendStrategy::circumplex}) {
    options.strategy = strategy;
    options.goal = "match";
    const auto calm = recommend(one_emotion(Emotion::neutral), catalog, moods, options);
    CHECK(acoustic(calm, 0) == 10);
    CHECK(calm.tracks.front().reason.find("acousticness 75 %") != std::string::npos);
    CHECK(acoustic(recommend(one_emotion(Emotion::neutral), catalog, five_moods(), options), 0) < 9);
    options.goal = "calm";
    CHECK(acoustic(recommend(one_emotion(Emotion::angry), catalog, moods, options), 5) == 5);
  }
}

TEST_CASE("closeness decides: a smaller spread of the answer than of the catalogue") {
  const Catalog catalog = grid_catalog(40, 1600);
  const auto places = plane::places_of(catalog.tracks);
  const MoodMap moods = five_moods();
  for (const auto strategy : {RecommendStrategy::cluster, RecommendStrategy::circumplex}) {
    for (const Emotion emotion : {Emotion::happy, Emotion::sad, Emotion::angry, Emotion::neutral}) {
      RecommendOptions options;
      options.strategy = strategy;
      double sum = 0;
      const auto r = recommend(one_emotion(emotion), catalog, moods, options);
      for (const auto& track : r.tracks) {
        const auto row = static_cast<std::size_t>(std::stoul(track.title.substr(5)));
        sum += std::sqrt(plane::squared_distance(places.at(row), moods.of(emotion).point));
      }
      CHECK(sum / 10 < 0.13);  // a random track of the right quadrant is about 0.2 away
    }
  }
}

TEST_CASE("the same seed gives the same list; another seed exchanges near-equal tracks only") {
  const Catalog catalog = grid_catalog(60, 3600);
  const MoodMap moods = five_moods();
  RecommendOptions options;
  const auto p = one_emotion(Emotion::happy);
  const auto first = recommend(p, catalog, moods, options);
  CHECK(ids(first) == ids(recommend(p, catalog, moods, options)));
  options.seed = 43;
  const auto second = recommend(p, catalog, moods, options);
  CHECK(ids(first) != ids(second));
  options.diversity = 0;
  const auto mean_score = [](const Recommendation& r) {
    return std::accumulate(r.tracks.begin(), r.tracks.end(), 0.0, [](double s, const auto& t) { return s + t.score; }) /
           static_cast<double>(r.tracks.size());
  };
  const double scores = mean_score(recommend(p, catalog, moods, options));
  options.seed = 44;
  CHECK(std::abs(scores - mean_score(recommend(p, catalog, moods, options))) < 0.03);
}

TEST_CASE("diversity spreads the list, no diversity takes the best") {
  const Catalog catalog = grid_catalog(40, 1600);
  const auto spread = [&](double diversity) {
    RecommendOptions options;
    options.diversity = diversity;
    const auto r = recommend(one_emotion(Emotion::happy), catalog, five_moods(), options);
    double sum = 0;
    for (const auto& a : r.tracks) {
      for (const auto& b : r.tracks) sum += std::hypot(a.valence - b.valence, a.energy - b.energy);
    }
    return sum;
  };
  CHECK(spread(1.0) > 1.3 * spread(0.0));
  CHECK(spread(0.2) >= spread(0.0));
}

TEST_CASE("artists are counted whatever their case, and the limit can be lifted") {
  Catalog catalog = grid_catalog(10, 100);
  catalog.tracks.artist = {};
  for (std::size_t row = 0; row < 100; ++row) catalog.tracks.artist.push_back(row % 2 == 0 ? "ABBA" : "abba");
  RecommendOptions options;
  options.max_per_artist = 3;
  const auto capped = recommend(one_emotion(Emotion::happy), catalog, five_moods(), options);
  CHECK(capped.tracks.size() == 3);
  REQUIRE(capped.notes.size() == 1);
  CHECK(capped.notes[0].find("at most 3 by one artist") != std::string::npos);
  options.max_per_artist = 0;
  CHECK(recommend(one_emotion(Emotion::happy), catalog, five_moods(), options).tracks.size() == 10);
}

TEST_CASE("no song twice: by id, or by artist and title whatever their case") {
  Catalog catalog = grid_catalog(4, 16);
  TextColumn title, artist, id;
  for (std::size_t row = 0; row < 16; ++row) {
    title.push_back(row < 8 ? "Same" : "SAME ");
    artist.push_back("Artist " + std::to_string(row % 4));
    id.push_back(track_id(row));
  }
  catalog.tracks.title = title;
  catalog.tracks.artist = artist;
  catalog.tracks.id = id;
  CHECK(recommend(one_emotion(Emotion::happy), catalog, five_moods(), {}).tracks.size() == 4);

  Catalog same_id = grid_catalog(4, 16);
  same_id.tracks.id = {};
  for (std::size_t row = 0; row < 16; ++row) same_id.tracks.id.push_back(track_id(row % 5));
  CHECK(recommend(one_emotion(Emotion::happy), same_id, five_moods(), {}).tracks.size() == 5);
}

TEST_CASE("small and empty catalogues give what they have, with a note") {
  RecommendOptions options;
  options.count = 50;
  for (const auto strategy : {RecommendStrategy::cluster, RecommendStrategy::circumplex}) {
    for (const char* goal : {"match", "lift"}) {
      options.strategy = strategy;
      options.goal = goal;
      const auto r = recommend(one_emotion(Emotion::sad), grid_catalog(4, 16), five_moods(), options);
      CHECK(r.tracks.size() == 16);
      REQUIRE(r.notes.size() == 1);
      CHECK(r.notes[0].find("asked for 50 tracks, found 16: the catalogue has 16") == 0);
      const auto none = recommend(one_emotion(Emotion::sad), grid_catalog(0, 1), five_moods(), options);
      CHECK(none.tracks.empty());
      CHECK(none.notes.size() == 1);
    }
  }
}

TEST_CASE("a cluster that runs out hands its places on") {
  RecommendOptions options;
  options.count = 12;
  const auto r = recommend(one_emotion(Emotion::happy), grid_catalog(6, 36), five_moods(), options);
  REQUIRE(r.tracks.size() == 12);
  CHECK(moods_of(r).at("happy") == 9);
  CHECK(r.tracks.back().reason.find("cluster 0 has no more tracks") == 0);
}

TEST_CASE("excluded tracks never come, and clusters emptied by it do not break the deal") {
  const Catalog catalog = grid_catalog(10, 100);
  std::string text;
  for (std::size_t row = 0; row < 100; ++row) {
    if (catalog.cluster[row] == 0) text += track_id(row) + "\n";
  }
  const auto excluded = ExclusionList::parse(text, "list");
  const auto r = recommend(one_emotion(Emotion::happy), catalog, five_moods(), {}, excluded);
  REQUIRE(r.tracks.size() == 10);
  for (const auto& track : r.tracks) CHECK(track.cluster != 0);
}

TEST_CASE("one song under two ids: excluding one excludes both, and an artist with guests is the artist") {
  Catalog catalog = grid_catalog(4, 16);
  TrackTable& tracks = catalog.tracks;
  tracks.title = tracks.artist = {};
  for (std::size_t row = 0; row < 16; ++row) {
    tracks.title.push_back(row % 4 == 0   ? "Same"
                           : row % 4 == 1 ? "Same - 2009 Remaster"
                                          : "Song " + std::to_string(row));
    const std::string name = "Band" + std::to_string(row / 4);
    tracks.artist.push_back(row % 4 == 3 ? name + ", Guest" : name);
  }
  RecommendOptions options;
  options.count = 16;
  options.max_per_artist = 0;
  const auto all = recommend(one_emotion(Emotion::happy), catalog, five_moods(), options);
  CHECK(all.tracks.size() == 12);
  const auto left =
      recommend(one_emotion(Emotion::happy), catalog, five_moods(), options, ExclusionList::parse(track_id(0), "x"));
  CHECK(left.tracks.size() == 11);
  for (const auto& track : left.tracks) CHECK((track.id != track_id(0) && track.id != track_id(1)));
  options.max_per_artist = 1;
  CHECK(recommend(one_emotion(Emotion::happy), catalog, five_moods(), options).tracks.size() == 4);
}

TEST_CASE("tracks without popularity, titles, artists or ids still make a playlist") {
  Catalog catalog = grid_catalog(10, 100);
  catalog.tracks.title = catalog.tracks.artist = catalog.tracks.id = {};
  catalog.tracks.column(TrackFeature::popularity).clear();
  catalog.tracks.column(TrackFeature::duration_ms).clear();
  const auto r = recommend(one_emotion(Emotion::happy), catalog, five_moods(), {});
  REQUIRE(r.tracks.size() == 10);
  CHECK(r.tracks[0].title.empty());
  CHECK(std::isnan(r.tracks[0].duration_ms));
}

TEST_CASE("bad options and probabilities are refused by name") {
  RecommendOptions options;
  options.count = 0;
  CHECK(usage_error(options).find("count: expected 1..10000, found 0") == 0);
  options = {};
  options.diversity = 1.5;
  CHECK(usage_error(options).find("diversity: expected 0..1, found 1.5") == 0);
  options.diversity = std::nan("");
  CHECK(usage_error(options).find("diversity") == 0);
  options = {};
  options.max_per_artist = -1;
  CHECK(usage_error(options).find("max-per-artist") == 0);
  options = {};
  options.goal = "hapy";
  CHECK(usage_error(options).find("'happy'") != std::string::npos);

  const auto with = [](EmotionProbabilities p) { recommend(p, grid_catalog(4, 16), five_moods(), {}); };
  CHECK_THROWS_AS(with({}), UsageError);
  CHECK_THROWS_AS(with({-1, 2, 0, 0, 0, 0, 0}), UsageError);
  CHECK_THROWS_AS(with({std::nan(""), 1, 0, 0, 0, 0, 0}), UsageError);
  CHECK_THROWS_AS(mean_probabilities({}), UsageError);
}

TEST_CASE("several faces: the mean counts each the same") {
  const auto mean = mean_probabilities(
      {one_emotion(Emotion::happy), one_emotion(Emotion::sad), one_emotion(Emotion::sad), one_emotion(Emotion::sad)});
  CHECK(mean[static_cast<std::size_t>(Emotion::happy)] == Approx(0.25));
  CHECK(mean[static_cast<std::size_t>(Emotion::sad)] == Approx(0.75));
}

TEST_CASE("quantile positions count equal values half and leave the unknown in the middle") {
  const auto q = plane::quantile_positions({3, 1, 1, std::nanf(""), 2});
  CHECK(q[0] == Approx(0.875));
  CHECK(q[1] == Approx(0.25));
  CHECK(q[2] == Approx(0.25));
  CHECK(q[3] == Approx(0.5));
  CHECK(q[4] == Approx(0.625));
}
