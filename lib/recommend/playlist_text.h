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

std::string xspf(const Recommendation& recommendation, const std::string& title);
std::string jspf(const Recommendation& recommendation, const std::string& title);

}  // namespace affekt::playlist
