// Playlists that lead from one mood to another.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "affekt/recommend/recommender.h"
#include "recommend/mood_plane.h"
#include "small_catalog.h"
#include "support/catch.h"

using namespace affekt;
using affekt::test::five_moods;
using affekt::test::grid_catalog;
using affekt::test::ids;

namespace {

// Where each track lies along the line from the listener's place to the goal's centre.
std::vector<double> progress(const Recommendation& r, const Catalog& catalog, MoodPoint start, MoodPoint goal) {
  const auto places = plane::places_of(catalog.tracks);
  std::vector<double> out;
  for (const auto& track : r.tracks) {
    const auto row = static_cast<std::size_t>(std::stoul(track.title.substr(5)));
    const MoodPoint p = places.at(row);
    out.push_back((p.valence - start.valence) * (goal.valence - start.valence) +
                  (p.energy - start.energy) * (goal.energy - start.energy));
  }
  return out;
}

}  // namespace

TEST_CASE("a walk does not end among tracks that do not fit because their cluster has the goal's name, or none has") {
  const auto farthest_end = [](const Catalog& catalog, const char* goal, MoodPoint center) {
    const auto places = plane::places_of(catalog.tracks);
    RecommendOptions options;
    options.goal = goal;
    const auto r = recommend(one_emotion(Emotion::angry), catalog, five_moods(), options);
    double farthest = 0;
    for (std::size_t i = 8; i < r.tracks.size(); ++i) {
      const auto row = static_cast<std::size_t>(std::stoul(r.tracks[i].title.substr(5)));
      farthest = std::max(farthest, std::sqrt(plane::squared_distance(places.at(row), center)));
    }
    return farthest;
  };
  Catalog catalog = grid_catalog(30, 900);
  CHECK(farthest_end(catalog, "calm", {0.65, 0.2}) < 0.2);
  CHECK(farthest_end(catalog, "energetic", {0.55, 0.9}) < 0.2);  // no cluster is
  for (std::size_t row = 0; row < catalog.tracks.size(); ++row) {
    const bool quiet = catalog.tracks.value(TrackFeature::energy, row) < 0.45F;
    if (catalog.cluster[row] == 2 && quiet) catalog.cluster[row] = 3;  // the calm cluster keeps its loudest
  }
  CHECK(farthest_end(catalog, "calm", {0.65, 0.2}) < 0.2);
}

TEST_CASE("a goal is a walk: it starts at the listener, ends at the goal and never turns back") {
  const Catalog catalog = grid_catalog(40, 1600);
  const MoodMap moods = five_moods();
  for (const auto strategy : {RecommendStrategy::cluster, RecommendStrategy::circumplex}) {
    for (const char* goal : {"happy", "calm", "energetic"}) {
      RecommendOptions options;
      options.goal = goal;
      options.strategy = strategy;
      const auto r = recommend(one_emotion(Emotion::sad), catalog, moods, options);
      const MoodPoint start = moods.of(Emotion::sad).point;
      const MoodPoint end = moods.moods[*moods.find(goal)].center;
      CHECK(r.mood.valence == Approx(start.valence));
      CHECK(r.mood.energy == Approx(start.energy));
      const auto steps = progress(r, catalog, start, end);
      REQUIRE(steps.size() == 10);
      CHECK(std::is_sorted(steps.begin(), steps.end()));
      const double whole = plane::squared_distance(start, end);
      CHECK(steps.front() / whole < 0.2);
      CHECK(steps.back() / whole > 0.8);
      for (std::size_t i = 0; i < 10; ++i) {
        CHECK(r.tracks[i].reason.rfind("step " + std::to_string(i + 1) + " of 10 to " + goal + ", ", 0) == 0);
      }
      CHECK(r.tracks[0].reason.find(", 0 % of the way") != std::string::npos);
      CHECK(r.tracks[9].reason.find(", 100 % of the way") != std::string::npos);
    }
  }
}

TEST_CASE("lift is happy and energize is energetic; a walk of no length says so") {
  const Catalog catalog = grid_catalog(30, 900);
  MoodMap moods = five_moods();
  RecommendOptions lift, happy;
  lift.goal = "LIFT";
  happy.goal = "happy";
  const auto sad = one_emotion(Emotion::sad);
  CHECK(ids(recommend(sad, catalog, moods, lift)) == ids(recommend(sad, catalog, moods, happy)));
  RecommendOptions energize, energetic;
  energize.goal = "energize";
  energetic.goal = "energetic";
  CHECK(ids(recommend(sad, catalog, moods, energize)) == ids(recommend(sad, catalog, moods, energetic)));

  moods.emotions[static_cast<std::size_t>(Emotion::happy)].point = moods.moods[0].center;
  const auto there = recommend(one_emotion(Emotion::happy), catalog, moods, happy);
  REQUIRE(there.tracks.size() == 10);
  CHECK(there.tracks[0].reason.find("already is") != std::string::npos);

  happy.count = 1;
  CHECK(recommend(sad, catalog, moods, happy).tracks.front().reason.find("100 % of the way") != std::string::npos);
}
