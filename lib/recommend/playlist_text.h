// Text services of the playlist writers.
#pragma once

#include <string>
#include <string_view>

#include "affekt/recommend/recommendation.h"

namespace affekt::playlist {

/// Valid UTF-8 on one line: controls, line and paragraph separators become spaces, bidi controls are dropped, spaces at
/// both ends are trimmed.
std::string one_line(std::string_view text);

/// Artist - Title, or what there is of it.
std::string display_name(const RecommendedTrack& track);

/// spotify:track:ID, or "" for a track without a Spotify id.
std::string spotify_uri(const RecommendedTrack& track);

/// Whole milliseconds, or -1 if unknown, negative or absurd (beyond 30 days).
long long whole_milliseconds(const RecommendedTrack& track);

/// Everything outside RFC 3986's unreserved characters as %XX.
std::string percent_encode(std::string_view text);

/// False for a track without a file where files were looked for: a player could do nothing with it.
bool is_listed(const Recommendation& recommendation, const RecommendedTrack& track);

/// file:///... of an absolute path, whatever its bytes (RFC 8089).
std::string file_uri(std::string_view path);

/// The path itself, or its URI where the path cannot stand on a line of an M3U.
std::string m3u8_path(std::string_view path);

std::string xspf(const Recommendation& recommendation, const std::string& title);
std::string jspf(const Recommendation& recommendation, const std::string& title);

}  // namespace affekt::playlist
