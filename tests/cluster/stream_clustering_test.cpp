// Clusters of tables that are never held, beside those of tables that are.
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "affekt/cluster/cluster_files.h"
#include "affekt/core/file.h"
#include "affekt/core/parallel.h"
#include "affekt/core/random.h"
#include "affekt/music/moods.h"
#include "support/catch.h"
#include "support/error_message.h"
#include "support/tool_test.h"

using affekt::ClusteredTracks;
using affekt::ClusterOptions;
using affekt::StreamLimits;
using affekt::TrackFeature;
using affekt::test::contains;
using affekt::test::Json;
using affekt::test::ToolResult;

namespace {

// Four kinds of songs; some rows lack a number, are there already, or are broken.
std::string songs(int count) {
  affekt::RandomStream random(7);
  std::string text = "track_id,name,artist,energy,valence,tempo,mood\n";
  for (int i = 0; i < count; ++i) {
    const int kind = i % 4;
    const auto near = [&](double middle) { return std::to_string(middle + 0.03 * random.normal()); };
    text += "id" + std::to_string(i % 10 == 9 ? i - 7 : i) + ",\"Song\n" + std::to_string(i) + "\",A," +
            (i % 17 == 0 ? "" : near(kind < 2 ? 0.8 : 0.2)) + ',' + near(kind % 2 == 0 ? 0.8 : 0.2) + ',' +
            std::to_string(120 + 5 * random.normal()) + ",kind" + std::to_string(kind) + '\n';
    if (i % 50 == 3) text += "short,row\n";
  }
  return text;
}

ClusterOptions options() {
  ClusterOptions options;
  options.k = 4;
  options.features = {TrackFeature::energy, TrackFeature::valence, TrackFeature::tempo};
  options.kmeans.restarts = 2;
  options.algorithm = affekt::KMeansAlgorithm::minibatch;
  return options;
}

/// @param folder  where the result goes; "" = nowhere.
ClusteredTracks streamed(const std::string& path, StreamLimits limits, const std::filesystem::path& folder = {}) {
  affekt::TrackSources sources;
  sources.paths = {path};
  sources.access = affekt::TableAccess::streamed;
  limits.block_bytes = 3000;
  sources.limits = limits;
  affekt::ClusterFilesOptions files;
  files.clustering = options();
  files.output.folder = folder;
  return affekt::cluster_files(sources, files, affekt::default_moods());
}

struct Workplace {
  TempFolder folder;
  std::string path = (folder / "songs.csv").string();
  explicit Workplace(int count = 600) { affekt::write_file(path, songs(count)); }

  ToolResult run(const std::vector<std::string>& arguments, const std::string& input = "") const {
    affekt::test::ToolSetting setting;
    setting.folder = folder.path().string();
    setting.input = input;
    return affekt::test::run_tool("affekt-cluster", arguments, setting);
  }
  std::string text(const std::string& name) const {
    std::ifstream file(folder / name);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  void refused(const std::vector<std::string>& arguments, const std::string& says) const {
    affekt::test::check_refused("affekt-cluster", run(arguments), 2, says);
  }
};

}  // namespace

TEST_CASE("a stream no longer than its sample has the clusters of the whole table, bit by bit") {
  const Workplace place;
  auto [table, dropped, notes] = affekt::read_tracks(place.path);
  affekt::drop_unusable(table, options().features, dropped);
  const auto whole = affekt::cluster_tracks(table, options(), affekt::default_moods());
  const ClusteredTracks stream = streamed(place.path, {});
  CHECK(stream.size() == table.size());
  CHECK(stream.dropped.missing == dropped.missing);
  CHECK(stream.dropped.lacking == dropped.lacking);
  CHECK(stream.dropped.duplicate == dropped.duplicate);
  CHECK(stream.dropped.duplicate > 30);
  CHECK(stream.dropped.malformed == dropped.malformed);
  CHECK(stream.dropped.first_malformed == dropped.first_malformed);
  CHECK(affekt::cluster_model_json(stream.clustering.model) == affekt::cluster_model_json(whole.model));
  CHECK(stream.clustering.labels == whole.labels);
  CHECK(stream.clustering.sampled_from == 0);
}

TEST_CASE("of a longer stream every track is counted, and measured as in memory; the same bits at any thread count") {
  const Workplace place(2000);
  StreamLimits limits;
  limits.sample_rows = 300;
  const ClusteredTracks stream = streamed(place.path, limits, place.folder / "all");
  affekt::set_thread_count(1);
  const ClusteredTracks one = streamed(place.path, limits, place.folder / "one");
  affekt::set_thread_count(0);
  CHECK(affekt::cluster_model_json(one.clustering.model) == affekt::cluster_model_json(stream.clustering.model));
  const std::string rows = place.text("all/tracks.csv");
  CHECK(static_cast<std::size_t>(std::count(rows.begin(), rows.end(), '\n')) == 1 + 2 * stream.size());
  CHECK(rows == place.text("one/tracks.csv"));
  CHECK(stream.tracks.size() == 300);
  CHECK(stream.clustering.labels.size() == 300);
  CHECK(stream.clustering.sampled_from == stream.size());
  auto [table, dropped, notes] = affekt::read_tracks(place.path);
  affekt::drop_unusable(table, options().features, dropped);
  REQUIRE(stream.size() == table.size());
  const auto assigned = affekt::assign_tracks(table, stream.clustering.model);
  const auto& model = stream.clustering.model;
  CHECK(model.quality.inertia == Approx(assigned.model.quality.inertia).epsilon(1e-12));
  CHECK(model.quality.calinski_harabasz == Approx(assigned.model.quality.calinski_harabasz).epsilon(1e-6));
  for (std::size_t c = 0; c < model.k(); ++c) CHECK(model.clusters[c].size == assigned.model.clusters[c].size);
  // The scaler is that of all tracks, not of the sample.
  const auto scaler = affekt::fit_scaler(affekt::Scaling::standard, {&table.column(TrackFeature::energy)});
  CHECK(model.scaler.offset[0] == Approx(scaler.offset[0]).epsilon(1e-12));
  CHECK(model.scaler.scale[0] == Approx(scaler.scale[0]).epsilon(1e-12));
}

TEST_CASE("where the fingerprints' memory is full, the row is told and no track is lost") {
  const Workplace place;
  StreamLimits limits;
  limits.fingerprint_bytes = 64 * 64 * 8;  // 3,500 would fit: 64 tables of 56
  CHECK_FALSE(streamed(place.path, limits).duplicates_until);
  limits.fingerprint_bytes = 0;
  const ClusteredTracks stream = streamed(place.path, limits);
  REQUIRE(stream.duplicates_until);
  CHECK(*stream.duplicates_until == 2);  // the first lacks a number
  CHECK(stream.dropped.duplicate == 0);
}

TEST_CASE("the tool writes the same folder with --stream, from a file, several, or standard input") {
  const Workplace place;
  const std::vector<std::string> flags = {"-k", "4", "--label-column", "mood", "--algorithm", "minibatch"};
  const auto with = [&flags](std::vector<std::string> more) {
    more.insert(more.end(), flags.begin(), flags.end());
    return more;
  };
  const ToolResult whole = place.run(with({"songs.csv", "--out", "whole"}));
  REQUIRE(whole.exit_code == 0);
  const ToolResult stream = place.run(with({"songs.csv", "--out", "stream", "--stream"}));
  REQUIRE(stream.exit_code == 0);
  CHECK(stream.out.substr(0, whole.out.size()) == whole.out);
  CHECK(contains(stream.out, "\npeak memory "));
  for (const std::string file : {"tracks.csv", "clusters.json", "report.html"}) {
    CHECK(place.text("stream/" + file) == place.text("whole/" + file));
  }
  const ToolResult input = place.run(with({"-", "--stream"}), songs(600));
  CHECK(input.out.substr(0, whole.out.size()) == whole.out);
  const ToolResult twice = place.run(with({"songs.csv", "songs.csv", "--stream", "--json"}));
  const Json json = Json::parse(twice.out);
  CHECK(json["tracks"] == Json::parse(place.run(with({"songs.csv", "--json"})).out)["tracks"]);
  CHECK(json["peak_memory_bytes"] > 1000000);
  REQUIRE(place.run({"songs.csv", "--assign", "whole", "--out", "a"}).exit_code == 0);
  REQUIRE(place.run({"songs.csv", "--assign", "whole", "--out", "b", "--stream"}).exit_code == 0);
  CHECK(place.text("a/tracks.csv") == place.text("b/tracks.csv"));
}

TEST_CASE("what does not go with --stream is refused with its reason") {
  const Workplace place;
  place.refused({"songs.csv", "--stream", "--pack", "--out", "x"}, "--pack holds all tracks in memory");
  place.refused({"songs.csv", "--stream", "--algorithm", "lloyd"}, "--algorithm lloyd uses all tracks each step");
  place.refused({"songs.csv", "--stream", "--missing", "median"}, "--missing median needs whole columns");
  place.refused({"songs.csv", "--stream", "-k", "5000"}, "5000 clusters out of");
  place.refused({"songs.csv", "--stream", "--label-column", "nope"}, "unknown column 'nope'");
  place.refused({"songs.csv", "--stream", "--features", "liveness"}, "no column 'liveness'");
  CHECK(place.run({"songs.csv", "--stream", "--out", "/dev/full/x"}).exit_code == 4);
}

TEST_CASE("Ctrl-C ends a stream at once, while it waits for its input and while it clusters, and nothing is written") {
  constexpr int kInterrupted = 130;
  const Workplace place(100000);
  affekt::test::ToolSetting setting;
  setting.folder = place.folder.path().string();
  setting.interrupt_after_ms = 1500;
  setting.input = songs(20);
  const ToolResult waiting = affekt::test::run_tool("affekt-cluster", {"-", "--stream", "--out", "waiting"}, setting);
  CHECK(waiting.exit_code == kInterrupted);
  CHECK(std::filesystem::is_empty(place.folder / "waiting"));
  const ToolResult at_work = affekt::test::run_tool(
      "affekt-cluster", {"songs.csv", "--stream", "--out", "work", "--restarts", "500"}, setting);
  affekt::test::check_refused("affekt-cluster", at_work, kInterrupted, "interrupted: nothing is written");
  CHECK(std::filesystem::is_empty(place.folder / "work"));
}

TEST_CASE("a stream whose table finds no room leaves nothing half written") {
  const Workplace place;
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit small{16384, before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  const ToolResult result = place.run({"songs.csv", "--stream", "-k", "4", "--out", "out"});
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  affekt::test::check_refused("affekt-cluster", result, 4, "tracks.csv");
  CHECK(std::filesystem::is_empty(place.folder / "out"));
}
