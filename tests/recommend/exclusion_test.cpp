#include "affekt/recommend/exclusion.h"

#include "affekt/core/error.h"
#include "affekt/recommend/playlist.h"
#include "support/catch.h"

using namespace affekt;

namespace {

const std::string kId = "4uLU6hMCjMI75M1A2tKUQC";

TrackTable one_track(const std::string& id, const std::string& artist, const std::string& title,
                     std::size_t first_artist_bytes = 0) {
  TrackTable table;
  table.id.push_back(id);
  table.artist.push_back(artist);
  table.title.push_back(title);
  if (first_artist_bytes > 0) table.primary_artist_bytes.push_back(static_cast<std::uint16_t>(first_artist_bytes));
  table.rows = 1;
  return table;
}

bool excludes(const std::string& text, const TrackTable& table) {
  return ExclusionList::parse(text, "list.txt").contains(table, 0);
}

}  // namespace

TEST_CASE("ids in every form people paste, names whatever their case") {
  const TrackTable table = one_track(kId, "Beyonc\xC3\x89", "Halo - Live");
  for (const std::string& line : {kId, "spotify:track:" + kId, "https://open.spotify.com/track/" + kId + "?si=1",
                                  std::string("beyonc\xC3\xA9 - halo - live"), "  " + kId + "\t"}) {
    CHECK(excludes(line, table));
    CHECK(excludes("# comment\r\n\r\n" + line + "\r\nsomething else\r\n", table));
  }
  CHECK(excludes("\xEF\xBB\xBF" + kId + "\r\n", table));
  CHECK_FALSE(excludes("Halo - Live", table));
  CHECK_FALSE(excludes("# " + kId, table));
  CHECK_FALSE(excludes("", table));
}

TEST_CASE("the first of several artists is enough") {
  const TrackTable table = one_track("", "Queen, David Bowie", "Under Pressure", 5);
  CHECK(excludes("queen - under pressure", table));
  CHECK(excludes("Queen, David Bowie - Under Pressure", table));
  CHECK_FALSE(excludes("David Bowie - Under Pressure", table));
}

TEST_CASE("names are compared as a playlist compares songs: editions, accents and punctuation do not count, takes do") {
  const TrackTable table = one_track("", "The Beyonc\xC3\xA9; Jay-Z", "Halo - Remastered 2009 (feat. X)", 12);
  for (const char* line : {"Beyonce - Halo", "beyonc\xC3\xA9, Somebody - HALO (Radio Edit)", "Beyonce\xCC\x81 - Halo!",
                           "artist,title\nBeyonce,Halo [Mono]"}) {
    CHECK(excludes(line, table));
  }
  for (const char* line : {"Beyonce - Halo - Live", "Beyonce - Halo (Acoustic)", "Jay-Z - Halo", "- Halo", " - Halo"}) {
    CHECK_FALSE(excludes(line, table));
  }
  CHECK(excludes("A - B - C", one_track("", "A - B", "C")));
  CHECK(excludes("A - B - C", one_track("", "A", "B - C")));
  CHECK(ExclusionList::parse("A - B - C\na - b: c\nD - E\n17\n", "x").size() == 3);
}

TEST_CASE("an excluded id takes other ids of its song with it") {
  TrackTable table = one_track(kId, "Queen", "Bohemian Rhapsody - Remastered 2011");
  table.append(one_track("other", "QUEEN", "Bohemian Rhapsody"));
  table.append(one_track("live", "Queen", "Bohemian Rhapsody - Live"));
  ExclusionList list = ExclusionList::parse(kId, "x");
  CHECK_FALSE(list.contains(table, 1));
  list.add_songs_of_ids(table);
  CHECK(list.contains(table, 0));
  CHECK(list.contains(table, 1));
  CHECK_FALSE(list.contains(table, 2));
  CHECK(list.size() == 1);
}

TEST_CASE("ids of catalogues that are not Spotify's") {
  CHECK(excludes("17\n", one_track("17", "a", "b")));
  CHECK_FALSE(excludes("171\n", one_track("17", "a", "b")));
}

TEST_CASE("CSV with the aliases of track tables, quoted as it must be") {
  const TrackTable table = one_track(kId, "Simon, Paul", "Say \"Yes\"");
  CHECK(excludes("Track URI,Added By\nspotify:track:" + kId + ",me\n", table));
  CHECK(excludes("track_name;artist(s)_name\n\"Say \"\"Yes\"\"\";Simon, Paul\n", table));
  CHECK(excludes("n,Artist Name(s),Track Name\n1,\"SIMON, PAUL\",\"say \"\"yes\"\"\"\n", table));
  CHECK_FALSE(excludes("title,artist\nOther,\"Simon, Paul\"\n", table));
  CHECK_THROWS_AS(ExclusionList::parse("id,x\n\"never closed\n", "bad.csv"), DataError);
}

TEST_CASE("CSV headers are those that track tables know, the better name first") {
  const TrackTable by_id = one_track(kId, "x", "y"), by_name = one_track("", "Somebody", "Song");
  for (const char* id :
       {"id", "Track ID", "spotify_id", "Spotify Track Id", "song_id", "track_uri", "Spotify URI", "uri"}) {
    CHECK(excludes(std::string(id) + ",n\n" + kId + ",1\n", by_id));
  }
  for (const char* title : {"title", "Track Name", "Song Name", "song", "name", "track"}) {
    for (const char* artist :
         {"Artists", "artist", "artist(s)_name", "Artist Name(s)", "track_artist", "artist_name"}) {
      CHECK(excludes(std::string(title) + "," + artist + "\nSong,Somebody\n", by_name));
    }
  }
  CHECK(excludes("track,artist_name,title,artist\n7,The Label,Song,Somebody\n", by_name));
}

TEST_CASE("a quote in an excluded CSV that closes thousands of lines later is refused") {
  std::string text = "artist,title\nA,\"B\n";
  for (int i = 0; i < 3000; ++i) text += "C,D\n";
  CHECK_THROWS_AS(ExclusionList::parse(text + "E\",F\n", "bad.csv"), DataError);
}

TEST_CASE("a comma alone makes no CSV") {
  CHECK(excludes("Simon, Paul - Song\n", one_track("", "Simon, Paul", "Song")));
}

TEST_CASE("playlists of this project can be given back") {
  Recommendation r;
  RecommendedTrack track;
  track.rank = 1;
  track.id = kId;
  track.artist = "A & B";
  track.title = "C, \"D\"";
  r.tracks.push_back(track);
  for (const auto format : {PlaylistFormat::csv, PlaylistFormat::m3u8, PlaylistFormat::uris}) {
    CHECK(excludes(write_playlist(r, format, "x").text, one_track(kId, "other", "other")));
  }
  for (const auto format : {PlaylistFormat::csv, PlaylistFormat::m3u8}) {
    CHECK(excludes(write_playlist(r, format, "x").text, one_track("", "A & B", "C, \"D\"")));
  }
}

TEST_CASE("a binary file is refused, a missing one is an IoError") {
  CHECK_THROWS_AS(ExclusionList::parse(std::string("abc\0def", 7), "list.bin"), DataError);
  CHECK_THROWS_AS(ExclusionList::read("/nowhere/list.txt"), IoError);
}
