#include "affekt/music/moods.h"

#include <cmath>
#include <cstdlib>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/music/scaler.h"
#include "support/catch.h"
#include "support/error_message.h"
#include "support/temp_folder.h"

using affekt::DataError;
using affekt::Emotion;
using affekt::MoodMap;
using affekt::test::contains;
using affekt::test::message_of;

namespace {

std::string bundled_text() {
  const auto path = std::filesystem::path(std::getenv("AFFEKT_SOURCE")) / "configs/moods.json";
  return std::string(affekt::InputFile::open(path).bytes());
}

std::string refusal(const std::string& from, const std::string& to) {
  std::string text = bundled_text();
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
  const TempFolder folder;
  affekt::write_file(folder / "moods.json", text);
  return message_of<DataError>([&folder] { affekt::read_moods(folder / "moods.json"); });
}

}  // namespace

TEST_CASE("the bundled moods") {
  const MoodMap map = affekt::read_moods(std::filesystem::path(std::getenv("AFFEKT_SOURCE")) / "configs/moods.json");
  CHECK(map.names() == std::vector<std::string>{"happy", "energetic", "tense", "sad", "calm"});
  const std::pair<Emotion, const char*> moods[] = {{Emotion::happy, "happy"},   {Emotion::surprise, "energetic"},
                                                   {Emotion::angry, "tense"},   {Emotion::fear, "tense"},
                                                   {Emotion::disgust, "tense"}, {Emotion::sad, "sad"},
                                                   {Emotion::neutral, "calm"}};
  for (const auto& [emotion, mood] : moods) CHECK(map.moods[map.of(emotion).mood].name == mood);
  // The corners of the plane, as Russell's circle has them.
  CHECK(map.moods[map.region_of({0.95, 0.6})].name == "happy");
  CHECK(map.moods[map.region_of({0.5, 0.95})].name == "energetic");
  CHECK(map.moods[map.region_of({0.1, 0.9})].name == "tense");
  CHECK(map.moods[map.region_of({0.1, 0.1})].name == "sad");
  CHECK(map.moods[map.region_of({0.9, 0.1})].name == "calm");
  for (const auto& mood : map.moods) CHECK_FALSE(mood.reference.empty());
}

TEST_CASE("a mood file is read strictly") {
  CHECK(contains(refusal("\"emotions\":", "\"emotion\":"), "emotion"));
  CHECK(contains(refusal("\"surprise\":", "\"surprised\":"), "surprised"));
  CHECK(contains(refusal("\"valence\": 0.82", "\"valence\": 1.82"), "moods.happy.valence"));
  CHECK(contains(refusal("\"valence\": 0.82", "\"valence\": \"high\""), "number"));
  CHECK(contains(refusal("\"spread\": 0.20", "\"spread\": 0"), "spread"));
  CHECK(contains(refusal("\"mood\": \"calm\"", "\"mood\": \"clam\""), "calm"));
  CHECK(contains(refusal("\"calm\": {", "\"sad\": {"), "repeated"));
  CHECK(contains(refusal("affekt.moods/1", "affekt.moods/9"), "affekt.moods/1"));
  CHECK(contains(refusal("\"moods\": {", "\"moods\": {}, \"literature2\": {"), "literature2"));
  CHECK(contains(refusal("{\n", "[\n"), "moods.json:"));
  CHECK_THROWS_AS(affekt::read_moods("/nowhere/moods.json"), affekt::IoError);
}

TEST_CASE("weights and traits are read strictly: key, and what was found") {
  const std::string weight = "\"valence_weight\": 0.5", trait = "\"danceability\":     {\"at\": 0.75";
  CHECK(contains(refusal(weight, "\"valence_weight\": -1"), "moods.calm.valence_weight: -1 is out of range"));
  CHECK(contains(refusal(weight, "\"valence_weight\": \"low\""), "expected a number, found \"low\""));
  CHECK(contains(refusal(weight, "\"valence_weigth\": 1"), "valence_weight"));
  CHECK(contains(refusal(weight, "\"valence_weight\": 0, \"energy_weight\": 0"), "both 0"));
  CHECK(contains(refusal(trait, "\"danceabilty\": {\"at\": 0.75"), "moods.happy.traits: "));
  CHECK(contains(refusal(trait, "\"valence\": {\"at\": 0.75"), "moods.happy.traits: "));
  CHECK(contains(refusal(trait, "\"danceability\": {\"at\": 2"),
                 "moods.happy.traits.danceability.at: 2 is out of range"));
  CHECK(contains(refusal(trait, "\"danceability\": {\"a\": 0.75"), "moods.happy.traits.danceability"));
  CHECK(contains(refusal(trait, "\"danceability\": 1, \"tempo\": {\"at\": 0.75"), "expected an object"));
  CHECK(contains(refusal("\"weight\": 1.0", "\"weight\": 11"), "moods.happy.traits.danceability.weight: 11"));
}

TEST_CASE("a mood measures by its own weights and traits; what is unknown does not count") {
  affekt::Mood mood{"soft", {0.5, 0.5}, ""};
  const auto unknown = [](affekt::TrackFeature) { return std::nan(""); };
  const auto at_one = [](affekt::TrackFeature) { return 1.0; };
  const affekt::MoodPoint place{0.8, 0.1};
  CHECK(mood.squared_distance(mood.center, place, unknown) == Approx(0.3 * 0.3 + 0.4 * 0.4));
  mood.valence_weight = 0;
  CHECK(mood.squared_distance(mood.center, place, unknown) == Approx(2 * 0.4 * 0.4));
  CHECK(mood.squared_distance(mood.center, place, unknown, 0) == Approx(0.3 * 0.3 + 0.4 * 0.4));
  mood.traits.push_back({affekt::TrackFeature::tempo, 0.25, 3, ""});
  CHECK(mood.squared_distance(mood.center, place, unknown) == Approx(2 * 0.4 * 0.4));
  CHECK(mood.squared_distance(mood.center, place, at_one) == Approx(2 * (0.4 * 0.4 + 3 * 0.75 * 0.75) / 4));
}

TEST_CASE("traits tell moods apart that share a place in the plane") {
  MoodMap map;
  map.moods = {{"sung", {0.3, 0.3}, ""}, {"played", {0.4, 0.3}, ""}};
  map.moods[0].traits = {{affekt::TrackFeature::instrumentalness, 0.1, 1, ""}};
  map.moods[1].traits = {{affekt::TrackFeature::instrumentalness, 0.9, 1, ""}};
  const auto instrumental = [](double quantile) { return [quantile](affekt::TrackFeature) { return quantile; }; };
  CHECK(map.closest({0.31, 0.3}, instrumental(0.9)) == 1);
  CHECK(map.closest({0.39, 0.3}, instrumental(0.1)) == 0);
  CHECK(map.closest({0.31, 0.3}, instrumental(std::nan(""))) == 0);
  CHECK(map.closest({0.39, 0.3}, instrumental(std::nan(""))) == 1);
  CHECK(map.trait_features() == std::vector<affekt::TrackFeature>{affekt::TrackFeature::instrumentalness});
}

TEST_CASE("quantile positions") {
  const std::vector<float> sorted = {1, 2, 2, 3};
  CHECK(affekt::quantile_position(sorted, 0) == 0.0);
  CHECK(affekt::quantile_position(sorted, 2) == 0.5);
  CHECK(affekt::quantile_position(sorted, 2.5) == 0.75);
  CHECK(affekt::quantile_position(sorted, 9) == 1.0);
}

TEST_CASE("scalers agree with scikit-learn 1.2.1 and undo themselves") {
  // StandardScaler, RobustScaler and MinMaxScaler fitted to this column.
  const std::vector<float> column = {3, 1, 4, 1, 5, 9, 2, 6}, flat(8, 2.5F);
  const auto standard = affekt::fit_scaler(affekt::Scaling::standard, {&column, &flat});
  CHECK(standard.offset[0] == Approx(3.875));
  CHECK(standard.scale[0] == Approx(2.57087048));
  CHECK(standard.scale[1] == 0.0);
  const auto robust = affekt::fit_scaler(affekt::Scaling::robust, {&column});
  CHECK(robust.offset[0] == Approx(3.5));
  CHECK(robust.scale[0] == Approx(3.5));
  const auto minmax = affekt::fit_scaler(affekt::Scaling::minmax, {&column});
  CHECK(minmax.forward(1, 0) == 0.0);
  CHECK(minmax.forward(9, 0) == 1.0);
  for (const auto* scaler : {&standard, &robust, &minmax})
    CHECK(scaler->backward(scaler->forward(7, 0), 0) == Approx(7));
  CHECK(affekt::fit_scaler(affekt::Scaling::none, {&column}).forward(7, 0) == 7.0);
  CHECK(affekt::parse_scaling("robust") == affekt::Scaling::robust);
  CHECK_THROWS_AS(affekt::parse_scaling("standart"), affekt::UsageError);
}

TEST_CASE("tempo folds into one octave") {
  CHECK(affekt::folded_tempo(75) == 75);
  CHECK(affekt::folded_tempo(150) == 75);
  CHECK(affekt::folded_tempo(37.5) == 75);
  CHECK(affekt::folded_tempo(70) == 70);
  CHECK(affekt::folded_tempo(140) == 70);
  CHECK(affekt::folded_tempo(1e-30) >= 70);
  CHECK(affekt::folded_tempo(1e30) < 140);
  CHECK(std::isnan(affekt::folded_tempo(std::nan(""))));
}
