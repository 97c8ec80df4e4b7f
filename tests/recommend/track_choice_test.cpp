// Which tracks may come at all, and what pulls among them besides the mood.
#include <cmath>
#include <set>

#include "affekt/core/error.h"
#include "affekt/recommend/recommender.h"
#include "recommend/mood_plane.h"
#include "small_catalog.h"
#include "support/catch.h"

using namespace affekt;
using namespace affekt::test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("filters leave what they say, and name what each took when nothing is left") {
  Catalog catalog = grid_catalog(10, 100);
  TrackTable& tracks = catalog.tracks;
  const char* const genres[] = {"Punk Rock", "['k-pop', 'dance pop']", "", "jazz"};
  for (std::size_t row = 0; row < 100; ++row) {
    tracks.genre.push_back(genres[row % 4]);
    tracks.column(TrackFeature::year).push_back(row % 10 == 9 ? NAN : static_cast<float>(1990 + row % 10));
    tracks.column(TrackFeature::explicit_lyrics).push_back(row % 5 == 0 ? 1.0F : 0.0F);
  }
  std::vector<std::size_t> all(100);
  for (std::size_t row = 0; row < 100; ++row) all[row] = row;
  const auto left = [&](const TrackFilter& filter) { return filter_rows(tracks, all, filter).rows.size(); };
  CHECK(left({parse_years("1990:1994"), {}, ExplicitTracks::allow}) == 50);
  CHECK(left({parse_years("1998:"), {}, ExplicitTracks::allow}) == 10);  // an unknown year is none of them
  CHECK(left({parse_years(":1990"), {}, ExplicitTracks::allow}) == 10);
  CHECK(left({parse_years("1993"), {}, ExplicitTracks::allow}) == 10);
  CHECK(left({{}, {"ROCK"}, ExplicitTracks::allow}) == 25);
  CHECK(left({{}, {"pop"}, ExplicitTracks::allow}) == 25);
  CHECK(left({{}, {"k"}, ExplicitTracks::allow}) == 0);
  CHECK(left({{}, {"k-pop", "jazz"}, ExplicitTracks::allow}) == 50);
  CHECK(left({{}, {}, ExplicitTracks::only}) == 20);
  CHECK(left({{}, {}, ExplicitTracks::exclude}) == 80);
  for (const char* years : {"1999:1990", "90s", ":", "1:2:3", "-5:", "12345"}) {
    CHECK_THROWS_AS(left({parse_years(years), {}, ExplicitTracks::allow}), UsageError);
  }
  CHECK_THROWS_AS(left({{}, {" "}, ExplicitTracks::allow}), UsageError);

  RecommendOptions options;
  options.filter = {parse_years("1990:1994"), {"rock"}, ExplicitTracks::exclude};
  for (const auto& track : recommend(one_emotion(Emotion::happy), catalog, five_moods(), options).tracks) {
    const std::size_t row = std::stoul(track.title.substr(5));
    CHECK((row % 4 == 0 && row % 10 <= 4 && row % 5 != 0));
  }
  options.filter = {parse_years("1990:1994"), {"polka"}, ExplicitTracks::allow};
  CHECK_THROWS_WITH(recommend(one_emotion(Emotion::happy), catalog, five_moods(), options),
                    ContainsSubstring("of 100 tracks 50 by --year, 50 by --genre are taken away"));
  tracks.column(TrackFeature::explicit_lyrics).clear();
  options.filter = {{}, {}, ExplicitTracks::only};
  CHECK_THROWS_WITH(recommend(one_emotion(Emotion::happy), catalog, five_moods(), options),
                    ContainsSubstring("explicit"));
}

TEST_CASE("popularity and novelty pull in opposite directions, shuffle changes the list but not the mood") {
  const Catalog catalog = grid_catalog(40, 1600);
  const auto list = [&](double popularity, double novelty, bool shuffle, std::uint64_t seed) {
    RecommendOptions options;
    options.popularity = popularity;
    options.novelty = novelty;
    options.shuffle = shuffle;
    options.seed = seed;
    return recommend(one_emotion(Emotion::happy), catalog, five_moods(), options).tracks;
  };
  const auto mean_popularity = [](const std::vector<RecommendedTrack>& tracks) {
    double sum = 0;
    for (const auto& track : tracks) sum += static_cast<double>(std::stoul(track.title.substr(5)) % 101);
    return sum / static_cast<double>(tracks.size());
  };
  CHECK(mean_popularity(list(0.5, 0, false, 42)) > 70);
  CHECK(mean_popularity(list(0, 0.5, false, 42)) < 30);
  RecommendOptions both;
  both.popularity = both.novelty = 0.6;
  CHECK_THROWS_AS(both.validate(five_moods()), UsageError);
  const auto titles = [](const std::vector<RecommendedTrack>& tracks) {
    std::set<std::string> names;
    for (const auto& track : tracks) names.insert(track.title);
    return names;
  };
  const auto first = list(0.1, 0, true, 1);
  CHECK(titles(first) == titles(list(0.1, 0, true, 1)));
  const auto second = titles(list(0.1, 0, true, 2));
  std::size_t shared = 0;
  for (const auto& name : titles(first)) shared += second.count(name);
  CHECK(shared <= 7);
  for (const auto& track : first) CHECK(track.mood == "happy");
}

TEST_CASE("a song comes once, in whatever editions the catalogue has it") {
  Catalog catalog = grid_catalog(5, 1);  // one artist
  TextColumn titles;
  for (const char* edition :
       {"Lola", "Lola - Remastered 2009", "LOLA (Radio Edit)", "Lola - Live", "Waterloo Sunset"}) {
    for (int copy = 0; copy < 5; ++copy) titles.push_back(edition);
  }
  catalog.tracks.title = titles;
  RecommendOptions options;
  options.count = 25;
  options.max_per_artist = 0;
  CHECK(recommend(one_emotion(Emotion::happy), catalog, five_moods(), options).tracks.size() == 3);
}

TEST_CASE("a trait that a track does not have counts neither for nor against it") {
  Catalog catalog = grid_catalog(4, 16);
  catalog.tracks.column(TrackFeature::acousticness).assign(16, 0.5F);
  catalog.tracks.column(TrackFeature::acousticness)[3] = NAN;
  MoodMap moods = five_moods();
  moods.moods[*moods.find("calm")].traits = {{TrackFeature::acousticness, 1, 5, ""}};
  const auto places = plane::places_of(catalog.tracks, {TrackFeature::acousticness});
  CHECK(std::isnan(places.trait(TrackFeature::acousticness, 3)));
  const Mood& calm = moods.moods[*moods.find("calm")];
  CHECK(plane::mood_kernel(places, 3, calm, places.at(3), 0.2) == 1);
  CHECK(plane::mood_kernel(places, 2, calm, places.at(2), 0.2) < 0.2);
}
