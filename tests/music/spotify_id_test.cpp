#include "affekt/music/spotify_id.h"

#include "support/catch.h"

using namespace affekt;

namespace {

const std::string kId = "4uLU6hMCjMI75M1A2tKUQC";

}  // namespace

TEST_CASE("Spotify ids are recognised in the forms people paste") {
  CHECK(parse_spotify_track(kId) == kId);
  CHECK(parse_spotify_track("  spotify:track:" + kId + " ") == kId);
  CHECK(parse_spotify_track("https://open.spotify.com/track/" + kId + "?si=abc") == kId);
  CHECK(parse_spotify_track("https://open.spotify.com/intl-de/track/" + kId) == kId);
  CHECK_FALSE(parse_spotify_track(""));
  CHECK_FALSE(parse_spotify_track("spotify:album:" + kId));
  CHECK_FALSE(parse_spotify_track("https://example.com/track/" + kId));
  CHECK_FALSE(parse_spotify_track("https://open.spotify.com/album/" + kId));
  CHECK_FALSE(parse_spotify_track(kId + "x"));
  CHECK_FALSE(parse_spotify_track("4uLU6hMCjMI75M1A2tKUQ-"));
  CHECK(parse_spotify_track("http://open.spotify.com/track/" + kId + "#x/y") == kId);
  CHECK_FALSE(parse_spotify_track("see spotify:track:" + kId));
  CHECK_FALSE(parse_spotify_track("ftp://open.spotify.com/track/" + kId));
  CHECK_FALSE(parse_spotify_track("https://open.spotify.com.example/track/" + kId));
  CHECK_FALSE(parse_spotify_track("https://open.spotify.com/track/"));
  CHECK_FALSE(parse_spotify_track("music/track/" + kId));  // a path
  CHECK_FALSE(parse_spotify_track("x.com/track/" + kId));
  CHECK_FALSE(parse_spotify_track("spotify:track:" + kId + "?si=1"));
}
