// affekt-recommend --library: playlists of files that are there.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "affekt/core/error.h"
#include "affekt/recommend/local_library.h"
#include "affekt/recommend/playlist.h"
#include "recommend/audio_files.h"
#include "support/catch.h"
#include "support/error_message.h"
#include "support/run_tool.h"
#include "support/temp_folder.h"
#include "support/tool_test.h"

using namespace affekt;
using namespace affekt::test;

namespace {

ToolResult recommend_tool(std::vector<std::string> arguments, const ToolSetting& setting = {}) {
  return run_tool("affekt-recommend", arguments, setting);
}

std::string read_text(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> file_names(const LocalLibrary& library) {
  std::vector<std::string> names;
  for (const auto& track : library.tracks) names.push_back(fs::path(track.path).filename().string());
  return names;
}

Recommendation two_tracks() {
  Recommendation recommendation;
  recommendation.tracks.resize(2);
  recommendation.tracks[0].title = "Blue - Remastered 2011";
  recommendation.tracks[0].artist = "Joni Mitchell, Guest";
  recommendation.tracks[1].title = "Green";
  recommendation.tracks[1].artist = "Nobody";
  return recommendation;
}

}  // namespace

TEST_CASE("a folder is searched to its leaves, in one order; what is no tagged audio file is counted") {
  const TempFolder folder;
  write_bytes(folder / "b/deep/er/blue.MP3", mp3_file("Blue", "Joni Mitchell"));
  write_bytes(folder / "a/green.flac", flac_file("Gr\xC3\xBCn", "J\xC3\xBCrgen"));
  write_bytes(folder / "a/half.mp3", mp3_file("A title alone", ""));
  write_bytes(folder / "a/empty.flac", "");
  write_bytes(folder / "a/lies.ogg", "this is a text");
  write_bytes(folder / "a/notes.txt", mp3_file("Not looked at", "Text"));
  const LocalLibrary library = read_local_library(folder.path().string());
  CHECK(library.files == 5);
  CHECK(library.untagged == 1);
  CHECK(library.unreadable == 2);
  CHECK(file_names(library) == std::vector<std::string>{"green.flac", "blue.MP3"});
  CHECK(library.tracks.at(0).title == "Gr\xC3\xBCn");
  CHECK(library.tracks.at(0).artist == "J\xC3\xBCrgen");
  CHECK(library.tracks.at(1).title == "Blue");
  CHECK(fs::path(library.tracks.at(1).path).is_absolute());
}

TEST_CASE("links are followed, rings of links end, pipes are not opened") {
  const TempFolder folder;
  const TempFolder elsewhere;
  write_bytes(elsewhere / "one.mp3", mp3_file("One", "A"));
  write_bytes(folder / "x/two.mp3", mp3_file("Two", "A"));
  fs::create_directory_symlink(folder.path(), folder / "x/up");
  fs::create_directory_symlink("self", folder / "self");
  fs::create_directory_symlink(elsewhere.path(), folder / "x/other");
  fs::create_directory_symlink(elsewhere.path(), folder / "again");
  fs::create_symlink("nowhere.mp3", folder / "x/broken.mp3");
  REQUIRE(::mkfifo((folder / "x/pipe.mp3").c_str(), 0600) == 0);
  const LocalLibrary library = read_local_library(folder.path().string());
  CHECK(library.files == 2);
  CHECK(library.tracks.size() == 2);
  const LocalLibrary bounded = read_local_library(folder.path().string(), 1);
  CHECK(bounded.files == 1);
  CHECK(bounded.cut);
}

TEST_CASE("damaged files are survived: every cut of a tag, sizes that lie") {
  const TempFolder folder;
  int number = 0;
  for (const std::string& whole : {mp3_file("Title", "Artist"), flac_file("Title", "Artist")}) {
    const bool flac = whole[0] == 'f';
    for (std::size_t length = 0; length < std::min<std::size_t>(whole.size(), 120); ++length) {
      write_bytes(folder / ("cut" + std::to_string(number++) + (flac ? ".flac" : ".mp3")), whole.substr(0, length));
      std::string wrong = whole;
      wrong[length] = static_cast<char>(wrong[length] ^ '\xFF');
      write_bytes(folder / ("wrong" + std::to_string(number++) + (flac ? ".flac" : ".mp3")), wrong);
    }
  }
  const LocalLibrary library = read_local_library(folder.path().string());
  CHECK(library.files == static_cast<std::size_t>(number));
  CHECK(library.files == library.tracks.size() + library.untagged + library.unreadable);
  CHECK(library.untagged + library.unreadable > 0);
  CHECK_FALSE(library.tracks.empty());
}

TEST_CASE("a library that is none") {
  const TempFolder folder;
  const auto read = [&](const std::string& path) { return [path] { (void)read_local_library(path); }; };
  CHECK(contains(message_of<IoError>(read((folder / "nowhere").string())), "nowhere: no such folder"));
  write_bytes(folder / "file.mp3", "x");
  CHECK(contains(message_of<IoError>(read((folder / "file.mp3").string())), "expected a folder"));
  fs::create_directory(folder / "empty");
  CHECK(contains(message_of<DataError>(read((folder / "empty").string())), "no audio files"));
}

TEST_CASE("matching: the first artist is enough, the same edition is preferred") {
  LocalLibrary library;
  library.tracks = {{"/m/1.mp3", "Blue (Live)", "Joni Mitchell"},
                    {"/m/2.mp3", "Blue", "Joni Mitchell"},
                    {"/m/3.mp3", "Blue - Remastered 2011", "JONI MITCHELL"},
                    {"/m/4.mp3", "Green", "Somebody"}};
  library.files = 4;
  Recommendation recommendation = two_tracks();
  match_local_files(recommendation, library);
  CHECK(recommendation.tracks[0].file == "/m/3.mp3");
  CHECK(recommendation.tracks[1].file.empty());
  REQUIRE(recommendation.library.has_value());
  CHECK(recommendation.library->matched == 1);
  library.tracks.erase(library.tracks.begin() + 2);
  match_local_files(recommendation, library);
  CHECK(recommendation.tracks[0].file == "/m/2.mp3");
}

TEST_CASE("paths in playlists: plain where they can be, URIs where they must be") {
  Recommendation recommendation = two_tracks();
  recommendation.library = LibraryMatch{};
  const auto m3u8_of = [&](const std::string& path) {
    recommendation.tracks[0].file = path;
    const PlaylistText list = write_playlist(recommendation, PlaylistFormat::m3u8, "t");
    CHECK(list.left_out == 1);
    CHECK(count_lines(list.text) == 5);
    CHECK(contains(list.text, "\n# no file: Nobody - Green\n"));
    return list.text;
  };
  CHECK(contains(m3u8_of("/m/a b#%\xC3\xA9.mp3"), "\n/m/a b#%\xC3\xA9.mp3\n"));
  CHECK(contains(m3u8_of("/m/a\nb.mp3"), "\nfile:///m/a%0Ab.mp3\n"));
  CHECK(contains(m3u8_of("/m/\xFF.mp3"), "\nfile:///m/%FF.mp3\n"));
  CHECK(contains(m3u8_of("/m/blank.mp3 "), "\nfile:///m/blank.mp3%20\n"));
  recommendation.tracks[0].file = "/m/a b&<c>]]>/\xC3\xA9.mp3";
  const PlaylistText xspf = write_playlist(recommendation, PlaylistFormat::xspf, "t");
  CHECK(contains(xspf.text, "<location>file:///m/a%20b%26%3Cc%3E%5D%5D%3E/%C3%A9.mp3</location>"));
  CHECK_FALSE(contains(xspf.text, "Nobody"));
  const Json jspf = Json::parse(write_playlist(recommendation, PlaylistFormat::jspf, "t").text);
  REQUIRE(jspf.at("playlist").at("track").size() == 1);
  CHECK(jspf["playlist"]["track"][0].at("location") == Json::array({"file:///m/a%20b%26%3Cc%3E%5D%5D%3E/%C3%A9.mp3"}));
}

TEST_CASE("the tool: a playlist of files, the match rate in words and in JSON") {
  const TempFolder folder;
  std::string csv = "title,artist,valence,energy,tempo\n";
  for (int i = 0; i < 12; ++i) {
    const std::string n = std::to_string(i);
    csv += "Song " + n + ",Artist " + n + "," + std::to_string(0.05 + 0.07 * i) + ",0." + n + ",120\n";
  }
  write_bytes(folder / "songs.csv", csv);
  for (int i = 0; i < 12; i += 2) {
    const std::string n = std::to_string(i);
    write_bytes(folder / ("music/" + n + ".mp3"), mp3_file("SONG " + n + " (feat. X)", "artist " + n));
  }
  write_bytes(folder / "music/noise.ogg", "noise");
  const std::vector<std::string> basic{"--emotion", "happy", "--catalog", (folder / "songs.csv").string(),
                                       "-n",        "12",    "--library", (folder / "music").string()};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), basic.begin(), basic.end());
    return recommend_tool(more);
  };
  const auto result = with({"--json"});
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  CHECK(contains(result.err, "library: 6 of 12 tracks have a file (50 %); 7 audio files, 1 unreadable"));
  const Json j = Json::parse(result.out);
  CHECK(j.at("library").at("matched") == 6);
  CHECK(j["library"].at("match_rate") == 0.5);
  CHECK(j["library"].at("unreadable") == 1);
  for (const auto& track : j.at("tracks")) {
    const std::string title = track.at("title");
    const bool there = std::stoi(title.substr(5)) % 2 == 0;
    CHECK(track.at("file").is_string() == there);
    if (there) CHECK(track["file"] == (folder / ("music/" + title.substr(5) + ".mp3")).string());
  }
  const std::string list = (folder / "x.m3u8").string();
  const auto written = with({"--format", "m3u8", "--out", list});
  CHECK(written.exit_code == 0);
  CHECK(contains(written.err, "6 tracks without a file left out\nwrote 6 tracks to "));
  CHECK(count_lines(read_text(list)) == 2 + 6 * 2 + 6);
  CHECK(contains(with({}).out, "  no file  "));

  check_refused("affekt-recommend", recommend_tool({"--emotion", "happy", "--library", "/nowhere"}), 4, "/nowhere");
  fs::create_directory(folder / "empty");
  check_refused("affekt-recommend", recommend_tool({"--emotion", "happy", "--library", (folder / "empty").string()}), 3,
                "no audio files");
}
