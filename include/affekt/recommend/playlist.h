// Playlists in the formats players and scripts read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/recommend/recommendation.h"

namespace affekt {

enum class PlaylistFormat : std::uint8_t {
  table,  ///< For people: one line a track beginning with its rank. Nothing in it can reach the terminal as an escape.
  csv,    ///< RFC 4180 with a header line, LF line ends: rank,id,title,artist,album,duration_ms,score,cluster,mood,...
  m3u8,   ///< Extended M3U in UTF-8.
  xspf,   ///< XSPF version 1, https://www.xspf.org/spec
  jspf,   ///< The same as JSON, https://www.xspf.org/jspf
  uris    ///< One spotify:track:ID a line; tracks without a Spotify id are left out.
};

AFFEKT_API const std::vector<std::pair<std::string, PlaylistFormat>>& playlist_format_names();

struct PlaylistText {
  std::string text;          ///< UTF-8, ends with a newline (uris of no track: empty).
  std::size_t left_out = 0;  ///< Tracks the format could not express (uris: without a Spotify id; m3u8, xspf,
                             ///< jspf: without a file, where files were looked for).
};

/// Writes `tracks` of the recommendation in their order. `title` names the playlist in formats that have a place for
/// it.
///
/// Whatever a title holds (quotes, markup, newlines, controls, bidi overrides, broken UTF-8), the text stays well
/// formed: outside JSON, controls and line breaks become spaces, bidi overrides and isolates are dropped, broken UTF-8
/// is read as latin-1, and characters XML forbids become U+FFFD.
///
/// Locations: the local file where files were looked for (m3u8: its path, or a file: URI if the path does not fit on a
/// line of UTF-8; tracks without a file become remarks; xspf, jspf: a file: URI); else spotify:track:ID where the track
/// has a Spotify id. Without one, xspf and jspf leave the location out (players resolve title and creator), and m3u8,
/// where an entry must have a location, links to Spotify's search page.
AFFEKT_API PlaylistText write_playlist(const Recommendation& recommendation, PlaylistFormat format,
                                       const std::string& title);

}  // namespace affekt
