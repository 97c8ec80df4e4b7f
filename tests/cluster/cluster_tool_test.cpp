#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "affekt/core/file.h"
#include "support/catch.h"
#include "support/error_message.h"
#include "support/run_tool.h"
#include "support/temp_folder.h"
#include "support/tool_test.h"

using affekt::test::contains;
using affekt::test::count_lines;
using affekt::test::run_tool;
using affekt::test::ToolResult;
using Json = nlohmann::json;

namespace {

std::string small_csv() {
  std::string text = "track_name,artist,energy,valence,tempo,mood\n";
  const char* places[] = {"0.9,0.9,120,party", "0.1,0.1,80,rain", "0.9,0.1,150,storm", "0.1,0.9,90,meadow"};
  for (int i = 0; i < 40; ++i) {
    std::string place = places[i % 4];
    place.insert(3, std::to_string(i));  // 0.9 becomes 0.9NN
    text += "Song " + std::to_string(i) + ",Artist," + place + "\n";
  }
  return text;
}

struct Workplace {
  TempFolder folder;
  Workplace() { affekt::write_file(folder / "tracks.csv", small_csv()); }

  ToolResult run(const std::vector<std::string>& arguments, const std::string& input = "") const {
    affekt::test::ToolSetting setting;
    setting.folder = folder.path().string();
    setting.input = input;
    return run_tool("affekt-cluster", arguments, setting);
  }
  void refused(int code, const std::vector<std::string>& arguments, const std::string& says) const {
    affekt::test::check_refused("affekt-cluster", run(arguments), code, says);
  }
};

}  // namespace

TEST_CASE("the JSON result has every promised key") {
  const Workplace place;
  const ToolResult result = place.run({"tracks.csv", "-k", "4", "--label-column", "mood", "--json"});
  REQUIRE(result.exit_code == 0);
  CHECK(result.err.empty());
  const Json json = Json::parse(result.out);
  CHECK(json["schema"] == "affekt.cluster/1");
  CHECK(json["tracks"] == 40);
  CHECK(json["dropped"]["missing"] == 0);
  CHECK(json["dropped"]["duplicate"] == 0);
  CHECK(json["features"] == Json({"energy", "valence", "tempo"}));
  CHECK(json["scale"] == "standard");
  CHECK(json["k"] == 4);
  for (const char* key : {"inertia", "silhouette", "davies_bouldin", "calinski_harabasz"}) CHECK(json[key].is_number());
  CHECK(json["iterations"] >= 1);
  CHECK(json["sweep"] == Json::array());
  REQUIRE(json["clusters"].size() == 4);
  CHECK(json["clusters"][0]["size"] == 10);
  CHECK(json["clusters"][0]["centroid"]["tempo"] > 70);
  CHECK(json["agreement"]["ari"] == 1.0);
  CHECK(json["agreement"]["nmi"].get<double>() == Approx(1));
  CHECK(json["agreement"]["purity"].get<double>() == Approx(1));
  CHECK(json["agreement"]["labels"] == Json({"meadow", "party", "rain", "storm"}));
  REQUIRE(json["agreement"]["confusion"].size() == 4);
  std::size_t sum = 0;
  for (const auto& row : json["agreement"]["confusion"]) {
    REQUIRE(row.size() == 4);
    for (const auto& count : row) sum += count.get<std::size_t>();
  }
  CHECK(sum == 40);
  const Json& first = json["clusters"][0];
  REQUIRE(first["distinctive"].size() == 3);
  CHECK(first["distinctive"][0]["effect"].is_number());
  CHECK(first["exemplars"].size() == 3);
  CHECK(first["border"][0]["other_cluster"] != 0);
  const Json swept = Json::parse(place.run({"tracks.csv", "--k-range", "2:6", "--json"}).out);
  CHECK(swept["sweep"].size() == 5);
  CHECK(swept["k"] == 4);
  CHECK_FALSE(swept.contains("agreement"));
}

TEST_CASE("with -v every cluster says what it stands out by; agreement shows the confusion, with --assign too") {
  const Workplace place;
  const ToolResult result = place.run({"tracks.csv", "-k", "4", "-v", "--label-column", "mood", "--out", "out"});
  REQUIRE(result.exit_code == 0);
  CHECK(contains(result.err, "cluster 3 "));
  CHECK(contains(result.err, "stands out by "));
  CHECK(contains(result.err, "at the border to another: Artist - Song "));
  CHECK(contains(result.out, "meadow"));
  const ToolResult assigned = place.run({"tracks.csv", "--assign", "out", "--label-column", "mood"});
  REQUIRE(assigned.exit_code == 0);
  CHECK(contains(assigned.out, "storm"));
  CHECK(contains(assigned.out, "ARI 1.000"));
}

TEST_CASE("folded tempo puts half and double time together, and is kept in the folder") {
  const Workplace place;
  std::string text = "name,artist,energy,tempo\n";
  for (int i = 0; i < 40; ++i) {
    // Two kinds: 75 or 150, and 100 or 200 beats.
    const double beat = (i % 2 == 0 ? 75 : 100) + 0.01 * i;
    text += "S" + std::to_string(i) + ",A,0.5" + std::to_string(i) + "," + std::to_string(i % 4 < 2 ? beat : 2 * beat) +
            "\n";
  }
  affekt::write_file(place.folder / "half.csv", text);
  const auto sizes = [&](const std::vector<std::string>& more) {
    std::vector<std::string> flags = {"half.csv", "-k", "2", "--features", "tempo", "--json"};
    flags.insert(flags.end(), more.begin(), more.end());
    return Json::parse(place.run(flags).out);
  };
  const Json folded = sizes({"--fold-tempo", "--out", "folded"});
  CHECK(folded["fold_tempo"] == true);
  for (const Json& cluster : folded["clusters"]) {
    CHECK(cluster["size"] == 20);
    const double tempo = cluster["centroid"]["tempo"];
    CHECK((std::abs(tempo - 75) < 1 || std::abs(tempo - 100) < 1));
  }
  CHECK(sizes({})["inertia"] > 10 * folded["inertia"].get<double>());
  const Json assigned = Json::parse(place.run({"half.csv", "--assign", "folded", "--json"}).out);
  CHECK(assigned["clusters"][0]["size"] == 20);
  CHECK(assigned["inertia"].get<double>() == Approx(folded["inertia"].get<double>()).epsilon(1e-4));
  place.refused(2, {"half.csv", "--assign", "folded", "--fold-tempo"}, "has no effect with --assign");
}

TEST_CASE("missing values are left out and counted, or filled in with medians that the folder keeps") {
  const Workplace place;
  affekt::write_file(place.folder / "gaps.csv",
                     small_csv() + "Gap,B,,0.9,120,party\nHole,B,0.9,NA,120,party\nNothing,B,,,,party\n");
  const Json dropped = Json::parse(place.run({"gaps.csv", "-k", "4", "--json"}).out);
  CHECK(dropped["tracks"] == 40);
  CHECK(dropped["dropped"]["missing"] == 3);
  CHECK(dropped["filled"] == 0);
  const Json filled =
      Json::parse(place.run({"gaps.csv", "-k", "4", "--missing", "median", "--out", "out", "--json"}).out);
  CHECK(filled["tracks"] == 42);
  CHECK(filled["dropped"]["missing"] == 1);
  CHECK(filled["filled"] == 2);
  const Json assigned = Json::parse(place.run({"gaps.csv", "--assign", "out", "--json"}).out);
  CHECK(assigned["tracks"] == 42);
  CHECK(assigned["filled"] == 2);
  const ToolResult words = place.run({"gaps.csv", "-k", "4", "--missing", "median"});
  CHECK(contains(words.out, "medians stand in for missing values of 2 tracks"));
  place.refused(2, {"gaps.csv", "--missing", "mean"}, "median");
  // A clusters.json made by hand is checked.
  const auto path = place.folder / "out" / "clusters.json";
  Json model = Json::parse(affekt::InputFile::open(path).bytes());
  REQUIRE(model["fill"].size() == 3);
  model["fill"] = {1.0, 2.0};
  affekt::write_file(path, model.dump());
  place.refused(3, {"gaps.csv", "--assign", "out"}, "fill: expected 3 numbers");
}

TEST_CASE("values that cannot be are missing, with a warning, also in a stream") {
  const Workplace place;
  std::string text = "name,energy,valence\n";
  for (int i = 0; i < 30; ++i) text += "S" + std::to_string(i) + ",0." + std::to_string(i + 10) + ",0.5\n";
  affekt::write_file(place.folder / "odd.csv", text + "X,7.5,-3\nY,0.3,-1\n");
  affekt::write_file(place.folder / "still.csv", "energy,tempo\n0.1,0\n,-1\n");
  for (const std::vector<std::string>& more : {std::vector<std::string>{}, {"--stream"}}) {
    std::vector<std::string> arguments{"odd.csv", "-k", "2", "-v"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto result = place.run(arguments);
    REQUIRE(result.exit_code == 0);
    CHECK(contains(result.err, "warning: odd.csv: column 'energy': 1 value outside 0..1 taken as missing"));
    CHECK(contains(result.err, "warning: odd.csv: column 'valence': 2 values outside 0..1 taken as missing"));
    CHECK(contains(result.out, "left out: 2 lacking a feature"));
    CHECK(contains(result.err, "tracks that lack a feature: valence 2, energy 1\n"));
    arguments = {"still.csv"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    place.refused(3, arguments, "no usable track: 2 rows lack a feature (tempo 2, energy 1). Feature columns");
  }
  const auto json = place.run({"odd.csv", "-k", "2", "--json"});
  CHECK(Json::parse(json.out)["dropped"]["lacking"] == Json({{"energy", 1}, {"valence", 2}}));
}

TEST_CASE("the start is chosen by name, and mini-batches of a small table converge") {
  const Workplace place;
  const ToolResult batches = place.run({"tracks.csv", "-k", "4", "--algorithm", "minibatch"});
  CHECK(batches.exit_code == 0);
  CHECK(batches.err.empty());
  const Json json = Json::parse(place.run({"tracks.csv", "-k", "4", "--start", "kmeans||", "--json"}).out);
  CHECK(json["options"]["start"] == "kmeans||");
  CHECK(json["clusters"].size() == 4);
  place.refused(2, {"tracks.csv", "--start", "random"}, "kmeans++");
}

TEST_CASE("the same seed gives the same words at any thread count") {
  const Workplace place;
  const auto one = place.run({"tracks.csv", "--threads", "1"});
  CHECK(one.exit_code == 0);
  CHECK(one.out == place.run({"tracks.csv", "--threads", "3"}).out);
  CHECK(contains(one.out, "tense"));
  CHECK(contains(one.out, "has the highest silhouette; other measures would take: elbow "));
}

TEST_CASE("standard input, several tables, -k=4, a config") {
  const Workplace place;
  CHECK(Json::parse(place.run({"-", "-k=4", "--json"}, small_csv()).out)["k"] == 4);
  const Json twice = Json::parse(place.run({"tracks.csv", "tracks.csv", "-k", "4", "--json"}).out);
  CHECK(twice["tracks"] == 40);
  CHECK(twice["dropped"]["duplicate"] == 40);
  affekt::write_file(place.folder / "poor.csv", "title,artist,energy\nA,B,0.5\nC,D,0.25\n");
  const auto joined = place.run({"tracks.csv", "poor.csv", "-k", "4"});
  CHECK(joined.exit_code == 0);
  CHECK(contains(joined.err, "poor.csv: no column 'valence': all of its 2 tracks are left out"));
  CHECK_FALSE(contains(joined.err, "tracks.csv: no column"));
  CHECK(place.run({"tracks.csv", "poor.csv", "-k", "4", "--features", "energy"}).err.empty());
  affekt::write_file(place.folder / "c.json", "{\"k\": \"3\", \"features\": \"energy,valence\"}");
  const Json configured = Json::parse(place.run({"tracks.csv", "--config", "c.json", "--json"}).out);
  CHECK(configured["k"] == 3);
  CHECK(configured["features"].size() == 2);
  affekt::write_file(place.folder / "printed.json", place.run({"-k", "4", "--print-config"}).out);
  CHECK(Json::parse(place.run({"tracks.csv", "--config", "printed.json", "--json"}).out)["k"] == 4);
  affekt::write_file(place.folder / "range.json", "{\"k\": 4, \"k-range\": \"2:5\"}");
  CHECK(place.run({"tracks.csv", "--config", "range.json"}).exit_code == 2);
  CHECK(place.run({"tracks.csv", "-k", "4", "--k-range", "4:12"}).exit_code == 2);  // typed, so it was meant
}

TEST_CASE("columns of other names are named by the user, and -v tells what was read") {
  const Workplace place;
  affekt::write_file(place.folder / "own.csv", "Lied,Kraft,Laune\nA,0.1,0.2\nB,0.9,0.8\nC,0.2,0.1\nD,0.8,0.9\n");
  place.refused(3, {"own.csv"}, "--columns energy=NAME");
  const std::string columns = "title=Lied,energy=Kraft,valence=laune";
  const auto result = place.run({"own.csv", "--columns", columns, "-k", "2", "-v"});
  REQUIRE(result.exit_code == 0);
  CHECK(contains(result.out, "happy"));
  CHECK(contains(result.err, "own.csv: energy: column 'Kraft'"));
  CHECK(contains(result.err, "own.csv: delimiter: comma"));
  const Json json = Json::parse(place.run({"tracks.csv", "own.csv", "--columns", columns, "-k", "2", "--json"}).out);
  CHECK(json["tracks"] == 44 - json["dropped"]["missing"].get<int>());  // own.csv has no tempo
  place.refused(2, {"own.csv", "--columns", "energy=Kraft,title=Leid"}, "did you mean 'Lied'?");
  place.refused(2, {"own.csv", "--columns", "power=Kraft"}, "power");
}

TEST_CASE("mini-batches give the clusters of whole steps; the sweep tells what every measure would take") {
  const Workplace place;
  const Json batches = Json::parse(place.run({"tracks.csv", "-k", "4", "--algorithm", "minibatch", "--json"}).out);
  CHECK(batches["clusters"][3]["size"] == 10);
  CHECK(batches["options"]["algorithm"] == "minibatch");
  const Json swept = Json::parse(place.run({"tracks.csv", "--k-range", "2:6", "--json"}).out);
  for (const char* key : {"silhouette_error", "davies_bouldin", "calinski_harabasz", "gap", "gap_error", "stability"}) {
    CHECK(swept["sweep"][0][key].is_number());
  }
  for (const char* key : {"silhouette", "elbow", "davies_bouldin", "calinski_harabasz", "gap", "stability"}) {
    CHECK(swept["advice"].contains(key));
  }
  CHECK(swept["advice"]["silhouette"] == swept["k"]);
  CHECK_FALSE(batches.contains("advice"));
  place.refused(2, {"tracks.csv", "--algorithm", "elkan"}, "lloyd");
}

TEST_CASE("a folder is written, refused when full, and used by --assign") {
  const Workplace place;
  REQUIRE(place.run({"tracks.csv", "-k", "4", "--out", "moods"}).exit_code == 0);
  for (const char* name : {"tracks.csv", "clusters.json", "report.html"}) {
    CHECK(std::filesystem::exists(place.folder / "moods" / name));
  }
  place.refused(2, {"tracks.csv", "-k", "4", "--out", "moods"}, "--force");
  CHECK(place.run({"tracks.csv", "-k", "4", "--out", "moods", "--force"}).exit_code == 0);
  const auto assigned = place.run({"tracks.csv", "--assign", "moods", "--out", "new", "--json"});
  REQUIRE(assigned.exit_code == 0);
  const Json assigned_json = Json::parse(assigned.out);
  CHECK(assigned_json["k"] == 4);
  for (const char* name : {"k", "features", "scale", "algorithm", "moods"}) {
    CHECK(assigned_json["options"].at(name).is_null());  // they had no say
  }
  CHECK(assigned_json["options"]["assign"] == "moods");
  const auto before = affekt::InputFile::open(place.folder / "moods" / "tracks.csv");
  const auto after = affekt::InputFile::open(place.folder / "new" / "tracks.csv");
  CHECK(before.bytes() == after.bytes());
  place.refused(2, {"tracks.csv", "--assign", "moods", "-k", "4"}, "--assign");
  place.refused(4, {"tracks.csv", "--assign", "nowhere"}, "nowhere");
  CHECK(place.run({"tracks.csv", "-k", "4", "--pack", "--out", "packed"}).exit_code == 0);
  CHECK(std::filesystem::exists(place.folder / "packed" / "tracks.safetensors"));
  // The tracks of the older clustering do not stay beside those of the newer.
  CHECK(place.run({"tracks.csv", "-k", "3", "--out", "packed", "--force"}).exit_code == 0);
  CHECK_FALSE(std::filesystem::exists(place.folder / "packed" / "tracks.safetensors"));
  CHECK(place.run({"tracks.csv", "-k", "4", "--pack", "--out", "packed", "--force"}).exit_code == 0);
  CHECK_FALSE(std::filesystem::exists(place.folder / "packed" / "tracks.csv"));
}

TEST_CASE("wrong input ends with one line and its exit code") {
  const Workplace place;
  affekt::write_file(place.folder / "plain.csv", "city,people\nBonn,300000\n");
  affekt::write_file(place.folder / "header.csv", "name,energy,valence\n");
  affekt::write_file(place.folder / "unfilled.csv", "Track Name,Energy,Valence\nA,,\nB,,\n");
  affekt::write_file(place.folder / "empty.csv", "");
  affekt::write_file(place.folder / "bytes.csv", std::string("\x7f"
                                                             "ELF\0\0\0\0",
                                                             8));
  affekt::write_file(place.folder / "scores.csv", "name,energy,valence\nA,0.5,-1.2\nB,0.2,0.3\nC,0.9,-0.4\n");
  affekt::write_file(place.folder / "open.csv", "name,energy\n\"A,0.5\n");
  std::string swallowed = "name,energy\nA,0.5\n\"B,0.5\n";
  for (int i = 0; i < 3000; ++i) swallowed += "C,0.5\n";
  affekt::write_file(place.folder / "swallowed.csv", swallowed + "D\",0.5\nE,0.5\n");
  place.refused(2, {}, "TRACKS.csv");
  place.refused(4, {"missing.csv"}, "missing.csv");
  place.refused(3, {"plain.csv"}, "city, people");
  place.refused(3, {"header.csv"}, "no tracks after the header");
  place.refused(3, {"unfilled.csv"}, "empty: export again with audio features (--features");
  place.refused(3, {"empty.csv"}, "empty.csv");
  place.refused(3, {"bytes.csv"}, "bytes.csv");
  place.refused(3, {"open.csv"}, "open.csv:2");
  place.refused(3, {"swallowed.csv"}, "swallowed.csv:3: the quoted cell that begins here has more than 1000 line ends");
  place.refused(3, {"swallowed.csv", "--stream"}, "swallowed.csv:3: the quoted cell that begins here has more than");
  place.refused(3, {"scores.csv"}, "scores.csv: column 'valence': 2 of 3 values lie outside 0..1; rescale it");
  place.refused(3, {"scores.csv", "--stream"}, "scores.csv: column 'valence': 2 of 3 values lie outside 0..1");
  place.refused(2, {"tracks.csv", "-k", "41"}, "41 clusters out of 40 tracks");
  place.refused(2, {"-", "-"}, "once");
  place.refused(2, {"tracks.csv", "-k", "0"}, ": -k: expected");
  place.refused(2, {"tracks.csv", "-k", "many"}, "-k: expected auto or a whole number from 1 to 100000, found 'many'");
  place.refused(2, {"tracks.csv", "--k-range", "7"}, "A:B");
  place.refused(2, {"tracks.csv", "--k-range", "9:4"}, ": --k-range: 9:4");
  place.refused(2, {"tracks.csv", "-k", "4", "--k-range", "4:5"}, "-k auto");
  place.refused(2, {"tracks.csv", "--features", "energy,valense"}, "valence");
  place.refused(2, {"tracks.csv", "--features", "liveness"}, "liveness");
  place.refused(2, {"tracks.csv", "--features", " , "}, "--features: expected names");
  place.refused(2, {"tracks.csv", "--scale", "standart"}, "standard");
  place.refused(2, {"tracks.csv", "--label-column", "moood"}, "mood");
  place.refused(2, {"tracks.csv", "--restarts", "0"}, "restarts");
  place.refused(2, {"tracks.csv", "--tolerance", "-1"}, "tolerance");
  place.refused(4, {"tracks.csv", "-k", "4", "--out", "tracks.csv/below"}, "tracks.csv");
  place.refused(4, {"tracks.csv", "--moods", "none.json"}, "none.json");
}
