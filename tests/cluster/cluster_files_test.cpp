// The door: files in, named clusters and a folder out; in memory and streamed alike.
#include "affekt/cluster/cluster_files.h"

#include <filesystem>
#include <string>
#include <vector>

#include "affekt/cluster/catalog.h"
#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/random.h"
#include "support/catch.h"
#include "support/error_message.h"
#include "support/temp_folder.h"

using affekt::ClusteredTracks;
using affekt::ClusterFilesObserver;
using affekt::ClusterFilesOptions;
using affekt::ClusterOutput;
using affekt::DataError;
using affekt::MissingValues;
using affekt::TableAccess;
using affekt::TrackFeature;
using affekt::TrackSources;
using affekt::UsageError;
using affekt::test::contains;
using affekt::test::message_of;

namespace {

constexpr TableAccess kBoth[] = {TableAccess::in_memory, TableAccess::streamed};

// Four kinds of songs with a kind for a label; every tenth has none, every ninth lacks its energy.
std::string songs(int count, int first = 0) {
  affekt::RandomStream random(3, static_cast<std::uint64_t>(first));
  std::string text = "name,artist,energy,valence,kind\n";
  for (int i = first; i < first + count; ++i) {
    const auto near = [&](bool high) { return std::to_string((high ? 0.8 : 0.2) + 0.02 * random.normal()); };
    text += "Song " + std::to_string(i) + ",A," + (i % 9 == 4 ? "" : near(i % 4 < 2)) + ',' + near(i % 2 == 0) + ',' +
            (i % 10 == 0 ? "" : "kind" + std::to_string(i % 4)) + '\n';
  }
  return text;
}

struct Fixture {
  TempFolder folder;
  TrackSources sources;
  ClusterFilesOptions options;

  explicit Fixture(const std::vector<std::string>& tables = {songs(400)}) {
    for (const std::string& table : tables) {
      sources.paths.push_back((folder / (std::to_string(sources.paths.size()) + ".csv")).string());
      affekt::write_file(sources.paths.back(), table);
    }
    options.clustering.k = 4;
    options.clustering.algorithm = affekt::KMeansAlgorithm::minibatch;
  }
  ClusteredTracks cluster(TableAccess access, const ClusterFilesObserver& observer = {}) {
    sources.access = access;
    return affekt::cluster_files(sources, options, affekt::default_moods(), observer);
  }
  std::string text(const std::string& file) const {
    return std::string(affekt::InputFile::open(folder / file).bytes());
  }
};

}  // namespace

TEST_CASE("both ways through the door give the same clusters, labels, portraits and folder") {
  Fixture fixture({songs(300), songs(200, 250)});  // fifty songs twice
  fixture.sources.label_column = "Kind";
  fixture.options.output.report = [](const ClusteredTracks& clustered) { return std::to_string(clustered.size()); };
  std::vector<ClusteredTracks> both;
  for (const TableAccess access : kBoth) {
    fixture.options.output.folder = fixture.folder / (access == TableAccess::streamed ? "streamed" : "held");
    both.push_back(fixture.cluster(access));
    const ClusteredTracks& one = both.back();
    REQUIRE(one.labels);
    CHECK(one.labels->labels == std::vector<std::string>{"kind0", "kind1", "kind2", "kind3"});
    CHECK(one.labels->agreement.ari == 1.0);
    CHECK(one.labels->tracks < one.size());
    CHECK(one.dropped.duplicate > 40);
    CHECK(one.dropped.missing > 40);
    REQUIRE(one.portraits.size() == 4);
    CHECK(one.portraits[0].exemplars.size() == 3);
  }
  CHECK(both[0].clustering.labels == both[1].clustering.labels);
  CHECK(both[0].labels->confusion == both[1].labels->confusion);
  for (const std::string file : {"tracks.csv", "clusters.json", "report.html"}) {
    CHECK(fixture.text("held/" + file) == fixture.text("streamed/" + file));
  }
  CHECK(fixture.text("held/report.html") == std::to_string(both[0].size()));
}

TEST_CASE("saved clusters take further tables, either way, with the medians they were made with") {
  Fixture fixture;
  fixture.options.missing = MissingValues::median;
  fixture.options.output.folder = fixture.folder / "made";
  const ClusteredTracks made = fixture.cluster(TableAccess::in_memory);
  CHECK(made.filled > 40);
  CHECK(made.size() == 400);
  std::vector<std::string> tables;
  for (const TableAccess access : kBoth) {
    fixture.sources.access = access;
    ClusterOutput output;
    output.folder = fixture.folder / "again";
    const ClusteredTracks again = affekt::assign_files(fixture.sources, fixture.folder / "made", output);
    CHECK(again.clustering.labels == made.clustering.labels);
    CHECK(again.filled == made.filled);
    tables.push_back(fixture.text("again/tracks.csv"));
  }
  CHECK(tables[0] == tables[1]);
  CHECK(tables[0] == fixture.text("made/tracks.csv"));
  const affekt::Catalog catalog = affekt::read_catalog((fixture.folder / "made").string(), affekt::default_moods(), 1);
  CHECK(catalog.tracks.size() < 400);  // a song without energy has no place in the plane
}

TEST_CASE("the observer hears of every table and of the columns it lacks") {
  Fixture fixture({songs(200), "name,valence\nX,0.5\nY,0.6\n"});
  fixture.options.clustering.features = {TrackFeature::valence, TrackFeature::energy};
  for (const TableAccess access : kBoth) {
    std::vector<std::string> read, lacking;
    double done = 0;
    ClusterFilesObserver observer;
    observer.read = [&](const std::string& path, const affekt::TrackReadNotes& notes) {
      read.push_back(path);
      CHECK_FALSE(notes.lines.empty());
    };
    observer.lacks = [&](const std::string& path, TrackFeature feature, std::size_t rows) {
      lacking.push_back(path);
      CHECK(feature == TrackFeature::energy);
      CHECK(rows == 2);
    };
    observer.progress = [&](double fraction) { done = fraction; };
    fixture.options.clustering.k = 0;
    const ClusteredTracks clustered = fixture.cluster(access, observer);
    CHECK(clustered.dropped.lacking[static_cast<std::size_t>(TrackFeature::energy)] >= 2);
    CHECK(read == fixture.sources.paths);
    CHECK(lacking == std::vector<std::string>{fixture.sources.paths[1]});
    CHECK(done > 0);
    CHECK(done <= 1);
  }
}

TEST_CASE("whenever it is asked to stop, the work ends and nothing is written") {
  Fixture fixture;
  fixture.options.clustering.k = 0;
  fixture.options.output.folder = fixture.folder / "out";
  for (const TableAccess access : kBoth) {
    int questions = 0;
    ClusterFilesObserver observer;
    observer.stop_requested = [&] { return ++questions < 0; };
    fixture.cluster(access, observer);
    const int asked = questions;
    REQUIRE(asked >= 3);
    for (int stop_at = 1; stop_at <= asked; ++stop_at) {
      std::filesystem::remove_all(fixture.folder / "out");
      questions = 0;
      observer.stop_requested = [&] { return ++questions == stop_at; };
      CHECK_THROWS_AS(fixture.cluster(access, observer), affekt::Interrupted);
      std::error_code none;
      CHECK((!std::filesystem::exists(fixture.folder / "out", none) ||
             std::filesystem::is_empty(fixture.folder / "out")));
    }
  }
}

TEST_CASE("what cannot be done is refused, in the same words either way") {
  const auto refused = [](const auto& change, TableAccess access) {
    Fixture fixture;
    change(fixture);
    return message_of<UsageError>([&] { fixture.cluster(access); });
  };
  for (const TableAccess access : kBoth) {
    CHECK(contains(refused([](Fixture& f) { f.sources.paths.clear(); }, access), "no track table"));
    CHECK(contains(refused([](Fixture& f) { f.sources.paths = {"-", "x", "-"}; }, access), "once only"));
    CHECK(contains(refused([](Fixture& f) { f.sources.paths.resize(256, "x"); }, access), "255"));
    CHECK(contains(refused([](Fixture& f) { f.sources.columns = {{"title", "nope"}}; }, access), "columns: unknown"));
    CHECK(contains(refused([](Fixture& f) { f.sources.label_column = "nope"; }, access), "label-column: unknown"));
    CHECK(contains(refused([](Fixture& f) { f.options.clustering.features = {TrackFeature::tempo}; }, access),
                   "no column 'tempo'"));
    CHECK(contains(refused([](Fixture& f) { f.options.clustering.k = 401; }, access), "401 clusters"));
  }
  CHECK(
      contains(refused([](Fixture& f) { f.options.missing = MissingValues::median; }, TableAccess::streamed), "whole"));
  CHECK(contains(refused([](Fixture& f) { f.options.output.form = affekt::TracksForm::packed; }, TableAccess::streamed),
                 "in memory"));
}

TEST_CASE("tables without tracks, without labels and without what saved clusters need are refused as content") {
  for (const TableAccess access : kBoth) {
    Fixture empty({"energy,valence\n", "energy,valence\nNA,0.5\n"});
    CHECK(contains(message_of<DataError>([&] { empty.cluster(access); }), "1 rows lack a feature"));
    Fixture unlabelled({"energy,valence,kind\n0.5,0.5,\n0.1,0.2,\n0.3,0.1,\n0.9,0.9,\n"});
    unlabelled.sources.label_column = "kind";
    CHECK(contains(message_of<DataError>([&] { unlabelled.cluster(access); }), "no track has a label"));
    Fixture fixture;
    fixture.options.output.folder = fixture.folder / "made";
    fixture.cluster(access);
    Fixture other({"valence,tempo\n0.5,120\n"});
    other.sources.access = access;
    CHECK(contains(message_of<DataError>([&] { affekt::assign_files(other.sources, fixture.folder / "made", {}); }),
                   "no column 'energy' in the table, which the clusters of"));
    CHECK_THROWS_AS(affekt::assign_files(other.sources, other.folder / "nowhere", {}), affekt::IoError);
  }
}

TEST_CASE("a stream counts some labels, not any number") {
  std::string text = "name,energy,valence,kind\n";
  for (int i = 0; i < 66000; ++i) {
    const std::string number = std::to_string(i);
    text += "S" + number + ",0." + number + ",0.5" + (i % 2 == 0 ? "9" : "1") + ",kind" + number + '\n';
  }
  Fixture fixture({text});
  fixture.options.clustering.k = 1;
  fixture.options.clustering.kmeans.restarts = 1;
  fixture.sources.label_column = "kind";
  CHECK(contains(message_of<UsageError>([&] { fixture.cluster(TableAccess::streamed); }), "more than 65536"));
  CHECK(fixture.cluster(TableAccess::in_memory).labels->labels.size() == 66000);
}

TEST_CASE("the columns of a saved table are checked row by row, though its digest fits") {
  Fixture fixture;
  fixture.options.output.folder = fixture.folder / "made";
  fixture.cluster(TableAccess::in_memory);
  const std::string table = fixture.text("made/tracks.csv"), model = fixture.text("made/clusters.json");
  const auto refusal = [&](const std::string& changed) {
    std::string forged = model;
    forged.replace(forged.find(affekt::digest_hex(table)), 16, affekt::digest_hex(changed));
    affekt::write_file(fixture.folder / "made" / "clusters.json", forged);
    affekt::write_file(fixture.folder / "made" / "tracks.csv", changed);
    return message_of<affekt::Error>(
        [&] { affekt::read_catalog((fixture.folder / "made").string(), affekt::default_moods(), 1); });
  };
  CHECK(refusal(table).empty());
  const auto with_last_cells = [&](const std::string& cells) {
    std::string changed = table;
    const std::size_t end = changed.size() - 1, begin = changed.rfind('\n', end - 1) + 1;
    changed.replace(begin, end - begin, "Song 399,A,0.2,0.2,kind3," + cells);
    return refusal(changed);
  };
  CHECK(with_last_cells("3,sad,0.5").empty());
  for (const std::string cells : {"4,sad,0.5", "-1,sad,0.5", "1.0,sad,0.5", ",sad,0.5", "x,sad,0.5", "3,sad,",
                                  "3,sad,-1", "3,sad,nan", "3,sad,inf", "3,sad,1e300", "3,sad,0.5x"}) {
    INFO(cells);
    CHECK(contains(with_last_cells(cells), ": expected a cluster below 4 and a distance"));
  }
  CHECK(contains(with_last_cells("7,sad,0.5"), "cluster '7', distance '0.5'"));
  std::string unnamed = table;
  CHECK(contains(refusal(unnamed.replace(unnamed.find(",distance"), 9, ",distances")), "unknown column 'distance'"));
}
