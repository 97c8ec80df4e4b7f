#include "affekt/recommend/playlist.h"

#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "affekt/core/text.h"
#include "support/catch.h"
#include "support/temp_folder.h"

using namespace affekt;

namespace {

const std::string kId = "4uLU6hMCjMI75M1A2tKUQC";

// Titles that have broken playlists elsewhere: markup, quotes, line breaks, escapes, overrides, wrong encodings.
const std::vector<std::string> kUgly{
    R"(Rock & Roll <b>"live"</b> 'n' ]]> more)",
    "two\nlines\r\nand\ttabs",
    "evil\n#EXTINF:1,Injected\nhttp://example.com/x",
    "\x1B[31mred\x1B]0;title\x07 bell",
    "caf\xE9 in latin-1",
    "\xE2\x80\xAE"
    "abc reversed\xE2\x81\xA6 isolate",
    "emoji \xF0\x9F\x8E\xB5 and \xE6\x97\xA5\xE6\x9C\xAC",
    "nul\0inside" + std::string(1, '\0') + "here",
    "C1 \xC2\x9B"
    "31m and U+FFFE \xEF\xBF\xBE",
    "line\xE2\x80\xA8separator",
    "=1+2",
    "-- -->",
    "",
    std::string(5000, 'x'),
};

RecommendedTrack track(int rank, std::string title, std::string id = kId) {
  RecommendedTrack t;
  t.rank = rank;
  t.id = std::move(id);
  t.title = std::move(title);
  t.artist = "Simon & Garfunkel";
  t.album = "A, B";
  t.duration_ms = 123456;
  t.score = 0.91234;
  t.cluster = 2;
  t.mood = "happy";
  t.valence = 0.9;
  t.energy = 0.7;
  t.reason = "because <of> \"this\"";
  return t;
}

Recommendation ugly() {
  Recommendation r;
  int rank = 0;
  for (const auto& title : kUgly) r.tracks.push_back(track(++rank, title));
  for (const auto& text : kUgly) {
    r.tracks.push_back(track(++rank, "plain", ""));
    r.tracks.back().artist = text;
    r.tracks.back().album = text;
    r.tracks.back().mood = text;
    r.tracks.back().reason = text;
  }
  return r;
}

std::string write(const Recommendation& r, PlaylistFormat format, const std::string& title = "affekt: happy") {
  return write_playlist(r, format, title).text;
}

std::vector<std::string> lines_of(const std::string& text) {
  REQUIRE((text.empty() || text.back() == '\n'));
  auto lines = split(text, '\n');
  lines.pop_back();
  return lines;
}

// No byte can be read by a terminal as a command, and nothing reorders what stands around it.
void check_harmless(const std::string& text) {
  CHECK(is_valid_utf8(text));
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c != '\n') CHECK((byte >= 0x20 && byte != 0x7F));
  }
  for (const char* mark : {"\xC2\x9B", "\xE2\x80\xAE", "\xE2\x81\xA6", "\xE2\x80\xA8"}) {
    CHECK(text.find(mark) == std::string::npos);
  }
}

// An RFC 4180 reader of its own, so that the writer is not checked by itself.
std::vector<std::vector<std::string>> parse_csv(const std::string& text) {
  std::vector<std::vector<std::string>> rows(1, std::vector<std::string>(1));
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string& field = rows.back().back();
    if (quoted) {
      if (text[i] != '"') {
        field += text[i];
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        field += text[i++];
      } else {
        quoted = false;
      }
    } else if (text[i] == '"') {
      quoted = true;
    } else if (text[i] == ',') {
      rows.back().emplace_back();
    } else if (text[i] == '\n') {
      rows.emplace_back(1);
    } else {
      field += text[i];
    }
  }
  rows.pop_back();
  return rows;
}

}  // namespace

TEST_CASE("table: one harmless line a track that begins with its rank") {
  const Recommendation r = ugly();
  const std::string text = write(r, PlaylistFormat::table);
  check_harmless(text);
  const auto lines = lines_of(text);
  REQUIRE(lines.size() == r.tracks.size());
  for (std::size_t i = 0; i < lines.size(); ++i) CHECK(lines[i].rfind(std::to_string(i + 1) + " ", 0) == 0);
}

TEST_CASE("csv: every field comes back through another reader") {
  const Recommendation r = ugly();
  const std::string text = write(r, PlaylistFormat::csv);
  check_harmless(text);
  const auto rows = parse_csv(text);
  REQUIRE(rows.size() == r.tracks.size() + 1);
  for (const auto& row : rows) REQUIRE(row.size() == 15);
  CHECK(rows[0][2] == "title");
  CHECK(rows[1][2] == kUgly[0]);
  CHECK(rows[1][4] == "A, B");
  CHECK(rows[1][6] == "0.9123");
  CHECK(rows[5][2] == "caf\xC3\xA9 in latin-1");
  CHECK(rows[2][2] == "two lines and tabs");
}

TEST_CASE("m3u8: two lines a track, and no title can add an entry") {
  const Recommendation r = ugly();
  const std::string text = write(r, PlaylistFormat::m3u8, "evil\nname");
  check_harmless(text);
  const auto lines = lines_of(text);
  REQUIRE(lines.size() == 2 + 2 * r.tracks.size());
  CHECK(lines[0] == "#EXTM3U");
  CHECK(lines[1] == "#PLAYLIST:evil name");
  for (std::size_t i = 0; i < r.tracks.size(); ++i) {
    CHECK(lines[2 + 2 * i].rfind("#EXTINF:123,", 0) == 0);
    const std::string& location = lines[3 + 2 * i];
    if (r.tracks[i].id.empty()) {
      CHECK(location.rfind("https://open.spotify.com/search/", 0) == 0);
      CHECK(location.find(' ') == std::string::npos);
    } else {
      CHECK(location == "spotify:track:" + kId);
    }
  }
  CHECK(lines[2] == "#EXTINF:123,Simon & Garfunkel - " + kUgly[0]);
}

TEST_CASE("m3u8: an unknown length is -1") {
  Recommendation r;
  r.tracks.push_back(track(1, "a"));
  r.tracks[0].duration_ms = std::numeric_limits<double>::quiet_NaN();
  CHECK(write(r, PlaylistFormat::m3u8).find("#EXTINF:-1,Simon") != std::string::npos);
  r.tracks[0].duration_ms = -5;
  CHECK(write(r, PlaylistFormat::m3u8).find("#EXTINF:-1,Simon") != std::string::npos);
  r.tracks[0].duration_ms = 1e300;
  CHECK(write(r, PlaylistFormat::m3u8).find("#EXTINF:-1,Simon") != std::string::npos);
  r.tracks[0].duration_ms = 1500;
  CHECK(write(r, PlaylistFormat::m3u8).find("#EXTINF:2,Simon") != std::string::npos);
}

TEST_CASE("xspf: elements, escaping, nothing empty") {
  Recommendation r;
  r.tracks.push_back(track(1, kUgly[0]));
  r.tracks.push_back(track(2, "no id", ""));
  const std::string text = write(r, PlaylistFormat::xspf);
  CHECK(text.find("<title>Rock &amp; Roll &lt;b&gt;") != std::string::npos);
  CHECK(text.find("<location>spotify:track:" + kId + "</location>") != std::string::npos);
  CHECK(text.find("<identifier>spotify:track:" + kId + "</identifier>") != std::string::npos);
  CHECK(text.find("<duration>123456</duration>") != std::string::npos);
  const std::string second = text.substr(text.rfind("<track>"));
  CHECK(second.find("<location>") == std::string::npos);
  CHECK(second.find("<identifier>") == std::string::npos);
  CHECK(text.find("></") == std::string::npos);
  check_harmless(write(ugly(), PlaylistFormat::xspf));
}

TEST_CASE("jspf: location and identifier are arrays, texts come back as they were") {
  const Recommendation r = ugly();
  const auto json = nlohmann::json::parse(write(r, PlaylistFormat::jspf));
  const auto& tracks = json.at("playlist").at("track");
  REQUIRE(tracks.size() == r.tracks.size());
  CHECK(tracks[0].at("location") == nlohmann::json::array({"spotify:track:" + kId}));
  CHECK(tracks[0].at("identifier").is_array());
  CHECK(tracks[0].at("duration") == 123456);
  CHECK(tracks[1].at("title") == kUgly[1]);
  CHECK(tracks[3].at("title") == kUgly[3]);
  CHECK(tracks[4].at("title") == "caf\xC3\xA9 in latin-1");
  CHECK_FALSE(tracks[kUgly.size()].contains("location"));
}

TEST_CASE("uris: one a line; tracks without a Spotify id are counted, not invented") {
  const Recommendation r = ugly();
  const PlaylistText result = write_playlist(r, PlaylistFormat::uris, "x");
  CHECK(result.left_out == kUgly.size());
  const auto lines = lines_of(result.text);
  REQUIRE(lines.size() == kUgly.size());
  CHECK(std::all_of(lines.begin(), lines.end(), [](const std::string& l) { return l == "spotify:track:" + kId; }));

  Recommendation foreign;
  foreign.tracks.push_back(track(1, "a", "17"));
  foreign.tracks.push_back(track(2, "b", kId.substr(1) + "\n"));
  CHECK(write_playlist(foreign, PlaylistFormat::uris, "x").text.empty());
  CHECK(write_playlist(foreign, PlaylistFormat::uris, "x").left_out == 2);
}

TEST_CASE("an empty playlist is a valid one in every format") {
  const Recommendation none;
  CHECK(write(none, PlaylistFormat::table).empty());
  CHECK(lines_of(write(none, PlaylistFormat::csv)).size() == 1);
  CHECK(lines_of(write(none, PlaylistFormat::m3u8)).size() == 2);
  CHECK(write(none, PlaylistFormat::uris).empty());
  CHECK(nlohmann::json::parse(write(none, PlaylistFormat::jspf)).at("playlist").at("track").empty());
  CHECK(write(none, PlaylistFormat::xspf).find("<trackList>") != std::string::npos);
}

TEST_CASE("xspf agrees with the schema", "[.schema][schema]") {
  const char* xmllint = std::getenv("AFFEKT_XMLLINT");
  const char* source = std::getenv("AFFEKT_SOURCE");
  REQUIRE(xmllint != nullptr);
  REQUIRE(source != nullptr);
  const TempFolder folder;
  const auto check = [&](const std::string& text) {
    const auto file = folder / "list.xspf";
    std::ofstream(file, std::ios::binary) << text;
    const std::string command = std::string("'") + xmllint + "' --noout --relaxng '" + source +
                                "/tests/recommend/xspf.rng' '" + file.string() + "' 2>" + (folder / "log").string();
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  };
  const std::string good = write(ugly(), PlaylistFormat::xspf, kUgly[0]);
  CHECK(check(good) == 0);
  CHECK(check(write({}, PlaylistFormat::xspf)) == 0);

  // The schema can say no.
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  constexpr int kInvalid = 3;
  CHECK(check(replaced("<duration>123456", "<duration>soon")) == kInvalid);
  CHECK(check(replaced("http://xspf.org/ns/0/", "http://xspf.org/ns/1/")) == kInvalid);
  CHECK(check(replaced("<album>A, B</album>", "<disc>1</disc>")) == kInvalid);
}
