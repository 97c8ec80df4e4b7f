#include "affekt/cluster/cluster_tracks.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <string>

#include "affekt/cluster/catalog.h"
#include "affekt/cluster/cluster_folder.h"
#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/random.h"
#include "affekt/core/text.h"
#include "affekt/metrics/cluster_quality.h"
#include "affekt/music/track_reader.h"
#include "support/catch.h"
#include "support/error_message.h"
#include "support/temp_folder.h"

using affekt::Catalog;
using affekt::Clustering;
using affekt::ClusterOptions;
using affekt::DataError;
using affekt::IoError;
using affekt::TrackFeature;
using affekt::TrackTable;
using affekt::UsageError;
using affekt::test::contains;
using affekt::test::message_of;

namespace {

affekt::MoodMap moods() {
  return affekt::read_moods(std::filesystem::path(std::getenv("AFFEKT_SOURCE")) / "configs/moods.json");
}

// Five groups of songs, one near each mood's place; the label names it.
std::string mood_csv(std::size_t rows) {
  struct Group {
    const char* mood;
    double valence, energy, tempo;
  };
  const Group groups[] = {{"happy", 0.85, 0.6, 120},
                          {"energetic", 0.6, 0.9, 150},
                          {"tense", 0.15, 0.8, 135},
                          {"sad", 0.15, 0.15, 80},
                          {"calm", 0.65, 0.1, 95}};
  affekt::RandomStream random(11);
  std::string text = "name,artist,valence,energy,tempo,loudness,mood\n";
  for (std::size_t i = 0; i < rows; ++i) {
    const Group& group = groups[i % 5];
    const auto near = [&random](double center, double spread) {
      return affekt::format_fixed(center + spread * random.normal(), 4);
    };
    text += "\"Song \"\"" + std::to_string(i) + "\"\"\",\"A, " + std::to_string(i % 7) + "\"," +
            near(group.valence, 0.02) + "," + near(group.energy, 0.02) + "," + near(group.tempo, 2) + ",-6," +
            group.mood + "\n";
  }
  return text;
}

struct Fixture {
  TempFolder folder;
  TrackTable table;
  affekt::DroppedTracks dropped;

  explicit Fixture(const std::string& text = mood_csv(400)) {
    affekt::write_file(folder / "tracks.csv", text);
    affekt::TrackFile file = affekt::read_tracks(path());
    table = std::move(file.table);
    dropped = file.dropped;
    affekt::drop_unusable(table, affekt::default_features(table), dropped);
  }
  std::string path() const { return (folder / "tracks.csv").string(); }
};

std::string text_of(const std::filesystem::path& path) { return std::string(affekt::InputFile::open(path).bytes()); }

void replace_in(const std::filesystem::path& path, const std::string& from, const std::string& to) {
  std::string text = text_of(path);
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  affekt::write_file(path, text.replace(at, from.size(), to));
}

}  // namespace

TEST_CASE("groups are found, counted, measured and named") {
  const Fixture fixture;
  const Clustering clustering = affekt::cluster_tracks(fixture.table, {}, moods());
  CHECK(clustering.model.k() == 5);
  CHECK(clustering.sweep.size() == 9);
  for (const auto& entry : clustering.sweep) CHECK(entry.silhouette <= clustering.model.quality.silhouette);
  CHECK(clustering.constant == std::vector<TrackFeature>{TrackFeature::loudness});
  CHECK(clustering.model.features ==
        std::vector<TrackFeature>{TrackFeature::energy, TrackFeature::valence, TrackFeature::tempo});
  for (std::size_t row = 0; row < fixture.table.size(); ++row) {
    const auto& cluster = clustering.model.clusters[static_cast<std::size_t>(clustering.labels[row])];
    REQUIRE(cluster.mood == fixture.table.label[row]);
  }
  std::size_t before = fixture.table.size();
  for (std::size_t c = 0; c < 5; ++c) {
    CHECK(clustering.model.clusters[c].size <= before);
    before = clustering.model.clusters[c].size;
    const auto nearest = affekt::exemplars(clustering, c, 3);
    REQUIRE(nearest.size() == 3);
    CHECK(clustering.distances[nearest[0]] <= clustering.distances[nearest[2]]);
    // Centroids come back in original units.
    CHECK(clustering.model.centroid(c, 1) == Approx(clustering.model.clusters[c].valence).epsilon(1e-4));
  }
}

TEST_CASE("options out of range are refused before any work") {
  const Fixture fixture;
  const auto refusal = [&](const std::function<void(ClusterOptions&)>& change) {
    ClusterOptions options;
    change(options);
    return message_of<UsageError>([&] { affekt::cluster_tracks(fixture.table, options, moods()); });
  };
  CHECK(contains(refusal([](ClusterOptions& o) { o.k = 401; }), "401 clusters out of 400 tracks"));
  CHECK(contains(refusal([](ClusterOptions& o) { o.k_low = 1; }), "k-range"));
  CHECK(contains(refusal([](ClusterOptions& o) { o.k_low = 9, o.k_high = 8; }), "k-range"));
  CHECK(contains(refusal([](ClusterOptions& o) { o.k_low = 500, o.k_high = 600; }), "400"));
  CHECK(contains(refusal([](ClusterOptions& o) { o.features = {TrackFeature::liveness}; }), "liveness"));
  CHECK(contains(refusal([](ClusterOptions& o) {
                   o.features = {TrackFeature::energy, TrackFeature::energy};
                 }),
                 "twice"));
  ClusterOptions constant;
  constant.features = {TrackFeature::loudness};
  CHECK(
      contains(message_of<DataError>([&] { affekt::cluster_tracks(fixture.table, constant, moods()); }), "same value"));
}

TEST_CASE("k up to the number of tracks; auto stays below the number of different ones") {
  const Fixture fixture("energy,valence\n0.1,0.2\n0.3,0.9\n0.5,0.1\n0.7,0.6\n0.9,0.3\n0.9,0.3\n");
  ClusterOptions options;
  options.k = 5;
  CHECK(affekt::cluster_tracks(fixture.table, options, moods()).model.quality.inertia == 0.0);
  options.k = 0;
  const auto clustering = affekt::cluster_tracks(fixture.table, options, moods());
  CHECK(clustering.sweep.back().k == 5);
}

TEST_CASE("without valence or energy clusters have no mood") {
  const Fixture fixture("energy,tempo\n0.1,100\n0.2,90\n0.8,140\n0.9,150\n");
  ClusterOptions options;
  options.k = 2;
  const auto clustering = affekt::cluster_tracks(fixture.table, options, moods());
  CHECK(clustering.model.clusters[0].mood.empty());
  CHECK(std::isnan(clustering.model.clusters[0].valence));
  const auto copy = affekt::parse_cluster_model(affekt::cluster_model_json(clustering.model), "x");
  CHECK(copy.clusters[1].mood.empty());
  CHECK(contains(message_of<DataError>([&] { affekt::read_catalog(fixture.path(), moods(), 1); }), "valence"));
}

TEST_CASE("a folder gives back what was put into it, in either form") {
  for (const auto form : {affekt::TracksForm::csv, affekt::TracksForm::packed}) {
    Fixture fixture;
    auto clustering = affekt::cluster_tracks(fixture.table, {}, moods());
    const auto dir = fixture.folder / "made";
    affekt::write_cluster_folder(dir, fixture.table, clustering, form, "a page");
    const Catalog catalog = affekt::read_catalog(dir.string(), moods(), 1);
    CHECK(catalog.source == dir.string());
    REQUIRE(catalog.tracks.size() == 400);
    CHECK(catalog.cluster == clustering.labels);
    CHECK(catalog.clusters.centroids == clustering.model.centroids);
    CHECK(catalog.clusters.quality.silhouette == clustering.model.quality.silhouette);
    for (std::size_t row = 0; row < 400; ++row) {
      REQUIRE(catalog.tracks.title[row] == fixture.table.title[row]);
      REQUIRE(catalog.tracks.artist[row] == fixture.table.artist[row]);
      REQUIRE(catalog.distance[row] == Approx(clustering.distances[row]).epsilon(1e-3));
      REQUIRE(catalog.tracks.value(TrackFeature::tempo, row) ==
              Approx(fixture.table.value(TrackFeature::tempo, row)).epsilon(1e-3));
    }
    CHECK(text_of(dir / "report.html") == "a page");
  }
}

TEST_CASE("tracks.csv keeps the input's columns and adds three with names of their own") {
  Fixture fixture;
  auto clustering = affekt::cluster_tracks(fixture.table, {}, moods());
  affekt::write_cluster_folder(fixture.folder / "made", fixture.table, clustering);
  const auto text = text_of(fixture.folder / "made" / "tracks.csv");
  CHECK(text.substr(0, text.find('\n')) ==
        "name,artist,valence,energy,tempo,loudness,input_mood,cluster,mood,distance");
  CHECK(contains(text, "\n\"Song \"\"1\"\"\",\"A, 1\","));
  // Once more over its own output.
  auto again = affekt::read_tracks((fixture.folder / "made" / "tracks.csv").string()).table;
  auto second = affekt::cluster_tracks(again, {}, moods());
  CHECK(affekt::agreement(clustering.labels, second.labels).ari == 1.0);
  affekt::write_cluster_folder(fixture.folder / "twice", again, second);
  CHECK(contains(text_of(fixture.folder / "twice" / "tracks.csv"),
                 "input_mood,input_cluster,input_input_mood,input_distance,cluster,mood,distance\n"));
}

TEST_CASE("several dialects end in one tracks.csv") {
  Fixture a("name,energy,valence\nA,0.1,0.2\n\"B, \"\"b\"\"\",0.9,0.8\n");
  const Fixture b("title;energy;valence;bpm\nC;0,5;0,5;120\n");
  a.table.append(b.table);
  ClusterOptions options;
  options.k = 2;
  options.features = {TrackFeature::energy, TrackFeature::valence};
  auto clustering = affekt::cluster_tracks(a.table, options, moods());
  affekt::write_cluster_folder(a.folder / "made", a.table, clustering);
  const auto text = text_of(a.folder / "made" / "tracks.csv");
  CHECK(contains(text, "name,energy,valence,title,bpm,cluster,mood,distance\nA,0.1,0.2,,,"));
  CHECK(contains(text, "\n\"B, \"\"b\"\"\",0.9,0.8,,,"));
  CHECK(contains(text, "\n,\"0,5\",\"0,5\",C,120,"));
}

TEST_CASE("new tracks go into saved clusters") {
  Fixture fixture;
  const auto saved = affekt::cluster_tracks(fixture.table, {}, moods());
  const Fixture other(mood_csv(35));
  const auto assigned =
      affekt::assign_tracks(other.table, affekt::parse_cluster_model(affekt::cluster_model_json(saved.model), "x"));
  for (std::size_t row = 0; row < other.table.size(); ++row) {
    CHECK(assigned.model.clusters[static_cast<std::size_t>(assigned.labels[row])].mood == other.table.label[row]);
  }
  CHECK(assigned.model.clusters[0].size == 7);
  const Fixture lacking("energy,valence\n0.1,0.2\n");
  CHECK(contains(message_of<DataError>([&] { affekt::assign_tracks(lacking.table, saved.model); }), "tempo"));
}

TEST_CASE("a raw table is clustered on the fly, however short") {
  const Fixture fixture;
  const auto catalog = affekt::read_catalog(fixture.path(), moods(), 5);
  CHECK(catalog.clusters.k() == 5);
  const Fixture shorter("name,energy,valence\nA,0.1,0.2\nB,0.9,0.8\n");
  CHECK(affekt::read_catalog(shorter.path(), moods(), 5).clusters.k() == 1);
  const Fixture none("name,energy,valence\n");
  CHECK(contains(message_of<DataError>([&] { affekt::read_catalog(none.path(), moods(), 5); }), "no tracks"));
  const Fixture empty("name,energy,valence\nA,,\nB,,\n");
  CHECK(contains(message_of<DataError>([&] { affekt::read_catalog(empty.path(), moods(), 5); }), "2 rows lack"));
}

TEST_CASE("damaged folders are refused, never half read") {
  for (const auto form : {affekt::TracksForm::csv, affekt::TracksForm::packed}) {
    Fixture fixture;
    auto clustering = affekt::cluster_tracks(fixture.table, {}, moods());
    const auto dir = fixture.folder / "made";
    affekt::write_cluster_folder(dir, fixture.table, clustering, form);
    const auto path = dir / clustering.model.tracks_file;
    const std::string whole = text_of(path), model = text_of(dir / "clusters.json");
    const auto refused = [&] { return message_of<DataError>([&] { affekt::read_catalog(dir.string(), moods(), 1); }); };

    affekt::write_file(path, whole.substr(0, whole.size() / 2));
    CHECK(contains(refused(), "digests differ"));
    affekt::write_file(path, whole);
    CHECK(refused().empty());

    // With a digest that fits, the content itself is checked.
    std::string crossed = whole;
    for (std::size_t i = whole.size() / 2; i < whole.size(); i += 7) crossed[i] = static_cast<char>(crossed[i] ^ 0x55);
    affekt::write_file(path, crossed);
    replace_in(dir / "clusters.json", affekt::digest_hex(whole), affekt::digest_hex(crossed));
    try {
      affekt::read_catalog(dir.string(), moods(), 1);  // may be readable still; must not crash
    } catch (const affekt::Error&) {
    }
    affekt::write_file(path, whole);
    affekt::write_file(dir / "clusters.json", model);
    std::filesystem::remove(path);
    CHECK_THROWS_AS(affekt::read_catalog(dir.string(), moods(), 1), IoError);
    std::filesystem::remove(dir / "clusters.json");
    CHECK_THROWS_AS(affekt::read_catalog(dir.string(), moods(), 1), IoError);
  }
}

TEST_CASE("clusters.json is validated number by number") {
  const Fixture fixture;
  const std::string good = affekt::cluster_model_json(affekt::cluster_tracks(fixture.table, {}, moods()).model);
  CHECK(affekt::cluster_model_json(affekt::parse_cluster_model(good, "x")) == good);
  const auto refusal = [&good](const std::string& from, const std::string& to) {
    std::string text = good;
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
    return message_of<DataError>([&text] { affekt::parse_cluster_model(text, "c.json"); });
  };
  CHECK(contains(refusal("affekt.clusters/1", "affekt.clusters/7"), "c.json: schema"));
  CHECK(contains(refusal("\"energy\"", "\"enrgy\""), "energy"));
  CHECK(contains(refusal("\"energy\"", "\"valence\""), "twice"));
  CHECK(contains(refusal("\"standard\"", "\"standart\""), "scale"));
  CHECK(contains(refusal("\"size\": 80", "\"size\": -80"), "size"));
  CHECK(contains(refusal("\"size\": 80", "\"size\": 1e99"), "size"));
  CHECK(contains(refusal("\"scaled_centroid\": [", "\"scaled_centroid\": [1,"), "expected 3 numbers"));
  CHECK(contains(refusal("\"scaled_centroid\": [", "\"scaled_centroid\": [], \"x\": ["), "expected 3 numbers"));
  CHECK(contains(refusal("\"offset\": [", "\"offset\": [1e400,"), "c.json"));
  CHECK(contains(refusal("\"tracks_file\": \"\"", "\"tracks_file\": \"../../etc/passwd\""), "tracks_file"));
  CHECK(contains(refusal("\"quality\"", "\"quality2\""), "quality"));
  CHECK(contains(refusal("\"k\": ", "\"k\": 1"), "c.json: k: "));
  CHECK(contains(refusal("\"seed\": 42", "\"seed\": -1"), "seed"));
  CHECK_THROWS_AS(affekt::parse_cluster_model("", "x"), DataError);
  CHECK_THROWS_AS(affekt::parse_cluster_model("[1]", "x"), DataError);
  CHECK_THROWS_AS(affekt::parse_cluster_model(good.substr(0, good.size() / 2), "x"), DataError);
}

TEST_CASE("the bundled catalogue") {
  const Catalog catalog = affekt::read_catalog("default", moods(), 1);
  CHECK(catalog.tracks.size() > 20000);
  CHECK(catalog.clusters.features.size() == affekt::kAudioFeatureCount);
  std::size_t sizes = 0;
  for (const auto& cluster : catalog.clusters.clusters) sizes += cluster.size;
  CHECK(sizes == catalog.tracks.size());
  for (const auto& mood : moods().names()) {
    const auto& clusters = catalog.clusters.clusters;
    CHECK(std::any_of(clusters.begin(), clusters.end(), [&mood](const affekt::Cluster& c) { return c.mood == mood; }));
  }
  for (std::size_t row = 0; row < catalog.tracks.size(); row += 97) {
    CHECK(catalog.tracks.id[row].size() == 22);
    CHECK_FALSE(catalog.tracks.title[row].empty());
    CHECK_FALSE(catalog.tracks.artist[row].empty());
    CHECK(catalog.tracks.value(TrackFeature::year, row) > 1950);
    CHECK(catalog.tracks.value(TrackFeature::duration_ms, row) > 1000);
  }
}

TEST_CASE("every measure of the sweep sees the five groups, and mini-batches find them too") {
  const Fixture fixture(mood_csv(1500));
  ClusterOptions options;
  options.k_low = 2;
  options.k_high = 8;
  options.all_measures = true;
  const Clustering clustering = affekt::cluster_tracks(fixture.table, options, moods());
  CHECK(clustering.model.k() == 5);
  const affekt::KAdvice& advice = clustering.advice;
  for (const int k : {advice.silhouette, advice.davies_bouldin, advice.calinski_harabasz}) {
    CHECK(k == 5);
  }
  CHECK(clustering.sweep[3].gap > clustering.sweep[2].gap);  // of 5 and 4
  CHECK(clustering.sweep[3].stability > 0.999);
  CHECK(clustering.sweep[6].stability < 0.95);  // eight groups out of five are not found twice
  CHECK(advice.elbow >= 3);
  CHECK(advice.elbow <= 5);
  for (const auto& entry : clustering.sweep) {
    CHECK(entry.silhouette_error == 0.0);  // all rows were used
    CHECK(entry.gap_error >= 0);
    CHECK(entry.stability <= 1.0);
  }
  ClusterOptions plain = options;
  plain.all_measures = false;
  CHECK(std::isnan(affekt::cluster_tracks(fixture.table, plain, moods()).sweep.front().gap));
  options.algorithm = affekt::KMeansAlgorithm::minibatch;
  const Clustering batches = affekt::cluster_tracks(fixture.table, options, moods());
  CHECK(batches.model.k() == 5);
  CHECK(affekt::agreement(clustering.labels, batches.labels).ari == 1.0);
}
