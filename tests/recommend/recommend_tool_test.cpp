// affekt-recommend as a user types it: results, exit codes and what it says.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "affekt/core/text.h"
#include "support/catch.h"
#include "support/run_tool.h"
#include "support/temp_folder.h"
#include "support/tool_test.h"

using namespace affekt;
using affekt::test::count_lines;
using affekt::test::ToolResult;
using affekt::test::ToolSetting;
using nlohmann::json;

namespace {

ToolResult recommend(std::vector<std::string> arguments, const ToolSetting& setting = {}) {
  return affekt::test::run_tool("affekt-recommend", arguments, setting);
}

std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
  return path.string();
}

void check_refusal(const ToolResult& result, int code, const std::string& words) {
  affekt::test::check_refused("affekt-recommend", result, code, words);
}

/// A track table over the whole plane: `side` * `side` tracks, ids only if asked for.
std::string table(int side, bool with_ids, const std::string& first_title = "Song 0") {
  std::string csv = with_ids ? "id,title,artist,valence,energy,tempo\n" : "title,artist,valence,energy,tempo\n";
  for (int i = 0; i < side * side; ++i) {
    const std::string number = std::to_string(i);
    if (with_ids) csv += std::string(22 - number.size(), 'a') + number + ",";
    csv += (i == 0 ? first_title : "Song " + number) + ",Artist " + number + ",";
    csv += format_fixed((i % side + 0.5) / side, 4) + "," + format_fixed((i / side + 0.5) / side, 4) + ",";
    csv += std::to_string(80 + i % 90) + "\n";
  }
  return csv;
}

}  // namespace

TEST_CASE("ten songs from the bundled catalogue, one line each") {
  const auto result = recommend({"--emotion", "happy"});
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  REQUIRE(count_lines(result.out) == 10);
  std::istringstream lines(result.out);
  std::string line;
  for (int rank = 1; std::getline(lines, line); ++rank) {
    CHECK(line.rfind(std::to_string(rank) + " ", 0) == 0);
    CHECK(line.find("happy") != std::string::npos);
  }
  CHECK(recommend({"--emotion", "happy"}).out == result.out);
  CHECK(recommend({"--emotion", "happy", "--seed", "7"}).out != result.out);
}

TEST_CASE("json: the keys of the contract, with every emotion and goal") {
  for (const char* emotion : {"angry", "disgust", "fear", "happy", "sad", "surprise", "neutral", "Happiness"}) {
    for (const char* goal : {"match", "lift"}) {
      const auto result = recommend({"--emotion", emotion, "--goal", goal, "--json", "-n", "12"});
      INFO(emotion << " " << goal << " " << result.err);
      REQUIRE(result.exit_code == 0);
      const json j = json::parse(result.out);
      CHECK(j.at("schema") == "affekt.recommend/1");
      for (const char* key : {"version", "seed", "options"}) CHECK(j.contains(key));
      CHECK(j.at("faces") == json::array());
      CHECK(j.at("goal") == goal);
      CHECK(j.at("mood").at("weights").size() == 7);
      double sum = 0;
      for (const auto& weight : j["mood"]["weights"]) sum += weight.get<double>();
      CHECK(sum == Approx(1));
      REQUIRE(j.at("tracks").size() == 12);
      std::set<std::string> ids;
      for (const auto& track : j["tracks"]) {
        for (const char* key :
             {"rank", "id", "title", "artist", "score", "cluster", "mood", "valence", "energy", "reason"}) {
          CHECK(track.contains(key));
        }
        CHECK(ids.insert(track.at("id").get<std::string>()).second);
      }
    }
  }
}

TEST_CASE("a printed config can be used, with --json too; durations are whole milliseconds") {
  const TempFolder folder;
  const std::string config = write_text(folder / "c.json", recommend({"--emotion", "sad", "--print-config"}).out);
  const auto result = recommend({"--config", config, "--json"});
  REQUIRE(result.exit_code == 0);
  for (const auto& track : json::parse(result.out).at("tracks")) CHECK(track.at("duration_ms").is_number_integer());
}

TEST_CASE("the playlist formats, on stdout and into a file") {
  const TempFolder folder;
  CHECK(recommend({"--emotion", "sad", "--format", "m3u8"}).out.rfind("#EXTM3U\n", 0) == 0);
  CHECK(recommend({"--emotion", "sad", "--format", "xspf"}).out.find("<trackList>") != std::string::npos);
  CHECK(json::parse(recommend({"--emotion", "sad", "--format", "jspf"}).out).at("playlist").at("track").size() == 10);
  CHECK(count_lines(recommend({"--emotion", "sad", "--format", "csv"}).out) == 11);
  const auto uris = recommend({"--emotion", "sad", "--format", "uris"});
  CHECK(count_lines(uris.out) == 10);
  CHECK(uris.out.rfind("spotify:track:", 0) == 0);
  CHECK(recommend({"--emotion", "sad", "--format", "json"}).out.rfind("{", 0) == 0);

  const std::string file = (folder / "list.uris").string();
  const auto to_file = recommend({"--emotion", "sad", "--format", "uris", "--out", file});
  CHECK(to_file.exit_code == 0);
  CHECK(to_file.out.empty());
  CHECK(read_text(file) == uris.out);

  check_refusal(recommend({"--emotion", "sad", "--format", "uris", "--json"}), 2, "--out FILE");
  const auto both = recommend({"--emotion", "sad", "--format", "uris", "--json", "--out", file});
  CHECK(both.exit_code == 0);
  CHECK(json::parse(both.out).at("tracks").size() == 10);
  CHECK(read_text(file) == uris.out);
  const auto only = recommend({"--emotion", "sad", "--json", "--out", (folder / "list.json").string()});
  CHECK(only.exit_code == 0);
  CHECK(json::parse(read_text(folder / "list.json")).at("tracks").size() == 10);
}

TEST_CASE("usage errors end with 2 and one line") {
  check_refusal(recommend({}), 2, "--emotion NAME");
  check_refusal(recommend({"a.jpg", "--emotion", "happy"}), 2, "not both");
  check_refusal(recommend({"--emotion", "hapy"}), 2, "did you mean 'happy'");
  check_refusal(recommend({"--emotion", "happy", "--goal", "lfit"}), 2, "did you mean 'lift'");
  check_refusal(recommend({"--emotion", "happy", "-n", "0"}), 2, ": -n: expected");
  check_refusal(recommend({"--emotion", "happy", "-n", "ten"}), 2, ": -n: expected");
  check_refusal(recommend({"--emotion", "happy", "--diversity", "2"}), 2, "diversity");
  check_refusal(recommend({"--emotion", "happy", "--max-per-artist", "-1"}), 2, "max-per-artist");
  check_refusal(recommend({"a.jpg", "--min-confidence", "7"}), 2, "--min-confidence");
  check_refusal(recommend({"--emotion", "happy", "--model", "none"}), 2, "--model has no effect with --emotion");
  check_refusal(recommend({"--emotion", "happy", "--faces", "all"}), 2, "--faces has no effect with --emotion");
  check_refusal(recommend({"--emotion", "happy", "--out", "-"}), 2, ": --out: expected a file");
  check_refusal(recommend({"--emotion", "happy", "--format", "mp3"}), 2, "format");
  check_refusal(recommend({"--emotion", "happy", "--catalog", "-", "--exclude", "-"}), 2, "once");
  check_refusal(recommend({"--emotion", "happy", "--stategy", "cluster"}), 2, "--strategy");
}

TEST_CASE("the ending of --out says the format where --format does not") {
  const TempFolder folder;
  const auto written = [&](const char* name, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"--emotion", "sad", "-n", "3", "--out", (folder / name).string()});
    REQUIRE(recommend(more).exit_code == 0);
    return read_text(folder / name);
  };
  CHECK(written("a.m3u8").rfind("#EXTM3U\n", 0) == 0);
  CHECK(written("a.M3U").rfind("#EXTM3U\n", 0) == 0);
  CHECK(written("a.xspf").find("<trackList>") != std::string::npos);
  CHECK(json::parse(written("a.json")).at("tracks").size() == 3);
  CHECK(written("a.csv").rfind("rank,", 0) == 0);
  CHECK(written("a.txt").rfind("1  ", 0) == 0);
  CHECK(written("b.m3u8", {"--format", "csv"}).rfind("rank,", 0) == 0);
  const auto both = recommend({"--emotion", "sad", "-n", "3", "--json", "--out", (folder / "c.m3u8").string()});
  CHECK(json::parse(both.out).at("tracks").size() == 3);
  CHECK(read_text(folder / "c.m3u8").rfind("#EXTM3U\n", 0) == 0);
}

TEST_CASE("what was recommended once does not come again with --history") {
  const TempFolder folder;
  const std::string history = (folder / "heard.txt").string();
  std::set<std::string> heard;
  for (int day = 0; day < 3; ++day) {
    const auto result = recommend({"--emotion", "happy", "--json", "--history", history});
    REQUIRE(result.exit_code == 0);
    const auto playlist = json::parse(result.out);
    for (const auto& track : playlist.at("tracks")) CHECK(heard.insert(track.at("id")).second);
  }
  CHECK(heard.size() == 30);
  CHECK(count_lines(read_text(history)) == 30);
  const std::string songs = write_text(folder / "songs.csv", table(4, false));
  const auto ten = recommend({"--emotion", "happy", "--catalog", songs, "--history", history, "--json"});
  REQUIRE(ten.exit_code == 0);
  CHECK(read_text(history).find("Artist 1") != std::string::npos);
  REQUIRE(recommend({"--emotion", "happy", "--catalog", songs, "--history", history}).exit_code == 0);  // the last 6
  check_refusal(recommend({"--emotion", "happy", "--catalog", songs, "--history", history}), 3, "no track is left");
  check_refusal(recommend({"--emotion", "happy", "--history", "-"}), 2, "history");
  check_refusal(recommend({"--emotion", "happy", "--history", songs + "/below"}), 4, "below");
}

TEST_CASE("filters by year and genre, and what a catalogue cannot tell") {
  const auto result = recommend({"--emotion", "happy", "--genre", "rock", "--year", "1970:1979", "--json"});
  REQUIRE(result.exit_code == 0);
  CHECK(json::parse(result.out).at("tracks").size() == 10);
  CHECK(json::parse(result.out).at("options").at("year") == "1970:1979");
  check_refusal(recommend({"--emotion", "happy", "--genre", "no such"}), 3,
                "by --genre are taken away (ask for less; genres there: ");
  check_refusal(recommend({"--emotion", "happy", "--explicit", "exclude"}), 3, "explicit");
  check_refusal(recommend({"--emotion", "happy", "--explicit", "maybe"}), 2, "explicit");
  check_refusal(recommend({"--emotion", "happy", "--year", "1999:1990"}), 2, ": --year: expected A:B");
  check_refusal(recommend({"--emotion", "happy", "--novelty", "1"}), 2, ": --novelty: with popularity");
  check_refusal(recommend({"--emotion", "happy", "--popularity", "-1"}), 2, ": --popularity: expected 0..1");
}

TEST_CASE("every step of a walk says where it aims") {
  const auto walk = json::parse(recommend({"--emotion", "sad", "--goal", "lift", "-n", "5", "--json"}).out);
  CHECK(walk.at("steps") == 5);
  double before = -1;
  for (const auto& track : walk.at("tracks")) {
    CHECK(track.at("step") == track.at("rank"));
    CHECK(track.at("aim").at("valence").get<double>() > before);
    before = track.at("aim").at("valence").get<double>();
  }
  const auto match = json::parse(recommend({"--emotion", "sad", "--json"}).out);
  CHECK(match.at("steps") == 0);
  CHECK(match.at("tracks").at(0).at("aim").is_null());
}

TEST_CASE("missing and unwritable files end with 4, bad content with 3") {
  const TempFolder folder;
  const std::string file = write_text(folder / "file", "x\n");
  check_refusal(recommend({"--emotion", "happy", "--catalog", "/nowhere/songs.csv"}), 4, "/nowhere/songs.csv");
  check_refusal(recommend({"--emotion", "happy", "--exclude", "/nowhere/list"}), 4, "/nowhere/list");
  check_refusal(recommend({"--emotion", "happy", "--out", file + "/below"}), 4, "below");
  const std::string empty = write_text(folder / "empty.csv", "");
  check_refusal(recommend({"--emotion", "happy", "--catalog", empty}), 3, "empty.csv");
  std::filesystem::create_directory(folder / "bare");
  check_refusal(recommend({"--emotion", "happy", "--catalog", (folder / "bare").string()}), 4,
                "bare: no clusters.json in this folder (affekt-cluster TRACKS.csv --out DIR writes one)");
  const std::string words = write_text(folder / "words.csv", "a,b\n1,2\n");
  check_refusal(recommend({"--emotion", "happy", "--catalog", words}), 3, "words.csv");
  check_refusal(recommend({"--emotion", "happy", "--moods", "/nowhere/moods.json"}), 4, "/nowhere/moods.json");
  const std::string moods =
      write_text(folder / "moods.json", "{\"schema\": \"affekt.moods/2\", \"moods\": {}, \"emotions\": {}}");
  check_refusal(recommend({"--emotion", "happy", "--moods", moods}), 3,
                "moods.json: schema: expected \"affekt.moods/1\", found \"affekt.moods/2\"");
  const std::string zero = write_text(folder / "zero.bin", std::string("a\0b", 3));
  check_refusal(recommend({"--emotion", "happy", "--exclude", zero}), 3, "zero.bin");
}

TEST_CASE("moods of one's own: the clusters are named anew, the goals are theirs") {
  const TempFolder folder;
  std::string text = read_text(std::filesystem::path(std::getenv("AFFEKT_SOURCE")) / "configs/moods.json");
  for (std::size_t at = 0; (at = text.find("\"calm\"", at)) != std::string::npos;) text.replace(at, 6, "\"serene\"");
  const std::string moods = write_text(folder / "moods.json", text);
  const auto result = recommend({"--emotion", "neutral", "--moods", moods, "--json"});
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  for (const auto& track : json::parse(result.out).at("tracks")) CHECK(track.at("mood") == "serene");
  check_refusal(recommend({"--emotion", "happy", "--goal", "calm", "--moods", moods}), 2, "serene");
  CHECK(recommend({"--emotion", "happy", "--goal", "serene", "--moods", moods}).exit_code == 0);
}

TEST_CASE("excluded tracks do not come back: yesterday's playlist, a file, standard input") {
  const TempFolder folder;
  const auto before = json::parse(recommend({"--emotion", "neutral", "--json"}).out);
  std::set<std::string> ids;
  for (const auto& track : before.at("tracks")) ids.insert(track.at("id").get<std::string>());
  REQUIRE(ids.size() == 10);
  for (const char* format : {"uris", "m3u8", "csv"}) {
    const std::string file = (folder / format).string();
    REQUIRE(recommend({"--emotion", "neutral", "--format", format, "--out", file}).exit_code == 0);
    const auto after = json::parse(recommend({"--emotion", "neutral", "--json", "--exclude", file}).out);
    CHECK(after.at("tracks").size() == 10);
    for (const auto& track : after["tracks"]) CHECK(ids.count(track.at("id").get<std::string>()) == 0);
  }
  // A list that excludes nothing says so; one that does is quiet about it.
  const std::string table_file = (folder / "table").string();
  REQUIRE(recommend({"--emotion", "neutral", "--out", table_file}).exit_code == 0);
  const std::string words = "none of the 10 entries of the exclusion list is in the catalogue";
  CHECK(recommend({"--emotion", "neutral", "--exclude", table_file}).err.find(words) != std::string::npos);
  CHECK(recommend({"--emotion", "neutral", "--exclude", (folder / "uris").string()}).err.empty());

  ToolSetting setting;
  for (const auto& id : ids) setting.input += "https://open.spotify.com/track/" + id + "?si=x\n";
  const auto piped = json::parse(recommend({"--emotion", "neutral", "--json", "--exclude", "-"}, setting).out);
  for (const auto& track : piped.at("tracks")) CHECK(ids.count(track.at("id").get<std::string>()) == 0);
}

TEST_CASE("a catalogue of one's own, smaller than asked for, without ids") {
  const TempFolder folder;
  const std::string csv = write_text(folder / "songs.csv", table(5, false, "\"evil \x1B[2J\n\"\"title\"\"\""));
  const auto result = recommend({"--emotion", "happy", "--catalog", csv, "-n", "40"});
  INFO(result.err);
  CHECK(result.exit_code == 0);
  CHECK(count_lines(result.out) == 25);
  CHECK(result.out.find('\x1B') == std::string::npos);
  CHECK(result.err.find("asked for 40 tracks, found 25") != std::string::npos);
  CHECK(recommend({"--emotion", "happy", "--catalog", csv, "-n", "40", "-q"}).err.empty());
  const auto uris = recommend({"--emotion", "happy", "--catalog", csv, "--format", "uris"});
  CHECK(uris.exit_code == 0);
  CHECK(uris.out.empty());
  CHECK(uris.err.find("10 tracks without a Spotify id left out") != std::string::npos);
  const auto m3u8 = recommend({"--emotion", "happy", "--catalog", csv, "--format", "m3u8", "-n", "25"});
  CHECK(count_lines(m3u8.out) == 52);
}

TEST_CASE("a catalogue of many tracks and few different ones is one cluster") {
  const TempFolder folder;
  std::string csv = "title,artist,valence,energy\n";
  for (int i = 0; i < 30; ++i) {
    const std::string number = std::to_string(i);
    csv += "Song " + number + ",Artist " + number + (i % 2 == 0 ? ",0.1,0.2\n" : ",0.9,0.8\n");
  }
  const std::string path = write_text(folder / "two.csv", csv);
  for (const std::string strategy : {"cluster", "circumplex"}) {
    const auto result = recommend({"--emotion", "sad", "--catalog", path, "-n", "3", "--strategy", strategy, "--json"});
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    const auto tracks = json::parse(result.out).at("tracks");
    CHECK(tracks.size() == 3);
    for (const auto& track : tracks) {
      CHECK(track.at("cluster") == 0);
      CHECK(track.at("valence").get<double>() < 0.5);  // sad songs answer sad all the same
    }
  }
}

TEST_CASE("a goal is a walk that the output shows") {
  const auto result = recommend({"--emotion", "sad", "--goal", "lift", "-n", "5"});
  CHECK(result.out.find("step 1 of 5 to happy, 0 % of the way") != std::string::npos);
  CHECK(result.out.find("step 5 of 5 to happy, 100 % of the way") != std::string::npos);
}

#ifndef AFFEKT_WITH_FACES
TEST_CASE("a build that reads no pictures says so") { check_refusal(recommend({"photo.jpg"}), 2, "libaffekt_faces"); }
#endif

#ifdef AFFEKT_WITH_MODEL  // pictures are read and the bundled model is there
TEST_CASE("pictures that give no face") {
  const TempFolder folder;
  check_refusal(recommend({"/nowhere/photo.jpg"}), 4, "affekt-recommend: /nowhere/photo.jpg: cannot open");
  const std::string fake = write_text(folder / "fake.jpg", "this is a text\n");
  check_refusal(recommend({fake}), 3, "fake.jpg");
  const auto two = recommend({"/nowhere/photo.jpg", fake});
  CHECK(two.exit_code == 4);
  CHECK(count_lines(two.err) == 2);
  check_refusal(recommend({"photo.jpg", "--model", "/nowhere/model"}), 4, "/nowhere/model");
}

TEST_CASE("songs for the sample photo; one unreadable picture among them ends with 5") {
  const char* source = std::getenv("AFFEKT_SOURCE");
  REQUIRE(source != nullptr);
  const std::string photo = std::string(source) + "/share/photos/astronaut.png";
  const auto result = recommend({photo, "--json"});
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  const json j = json::parse(result.out);
  REQUIRE(j.at("faces").size() == 1);
  CHECK(j["faces"][0].at("status") == "ok");
  for (const auto& [emotion, weight] : j.at("mood").at("weights").items()) {
    CHECK(j["faces"][0].at("probabilities").at(emotion).get<double>() == Approx(weight.get<double>()));
  }
  CHECK(j.at("tracks").size() == 10);

  const auto partly = recommend({photo, "/nowhere/photo.jpg", "--json"});
  CHECK(partly.exit_code == 5);
  CHECK(partly.err.find("/nowhere/photo.jpg") != std::string::npos);
  CHECK(json::parse(partly.out).at("tracks") == j.at("tracks"));
  check_refusal(recommend({photo, "--min-confidence", "1"}), 3, "--min-confidence");
}
#endif
