#include "music/track_id.h"

#include <algorithm>

#include "affekt/core/text.h"
#include "affekt/music/spotify_id.h"

namespace affekt {
namespace {

constexpr std::string_view kUri = "spotify:track:", kPath = "/track/", kSite = "open.spotify.com/";

/// A link to a page of Spotify's, or no link at all.
bool may_be_spotify(std::string_view text) {
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) return text.rfind(kUri) == std::string_view::npos || text.rfind(kUri) == 0;
  const std::string_view name = text.substr(0, scheme);
  return (name == "https" || name == "http") && text.substr(scheme + 3, kSite.size()) == kSite;
}

}  // namespace

std::string_view track_id(std::string_view cell) {
  cell = trim(cell);
  if (cell.find(':') == std::string_view::npos && cell.find('/') == std::string_view::npos) return cell;
  for (const std::string_view mark : {kUri, kPath}) {
    const std::size_t at = cell.find(mark);
    if (at == std::string_view::npos) continue;
    const std::string_view rest = cell.substr(at + mark.size());
    return rest.substr(0, rest.find_first_of("?/#"));
  }
  return cell;
}

std::optional<std::string> parse_spotify_track(std::string_view text) {
  constexpr std::size_t kIdLength = 22;  // base 62
  text = trim(text);
  if (!may_be_spotify(text)) return std::nullopt;
  const std::string_view id = track_id(text);
  const bool is_id = id.size() == kIdLength && std::all_of(id.begin(), id.end(), [](char c) {
                       return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
                     });
  if (!is_id) return std::nullopt;
  return std::string(id);
}

}  // namespace affekt
