#include "music/track_id.h"

#include <algorithm>

#include "affekt/core/text.h"
#include "affekt/music/spotify_id.h"

namespace affekt {
namespace {

constexpr std::string_view kUri = "spotify:track:", kPath = "/track/", kSite = "open.spotify.com/";

/// What may be an id: of a link to a page of Spotify's, of a URI, or the text itself. "" of any other link.
std::string_view candidate(std::string_view text) {
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) return text.rfind(kUri, 0) == 0 ? text.substr(kUri.size()) : text;
  const std::string_view name = text.substr(0, scheme);
  const bool spotify = (name == "https" || name == "http") && text.substr(scheme + 3, kSite.size()) == kSite;
  return spotify ? track_id(text) : std::string_view();
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
  const std::string_view id = candidate(trim(text));
  const bool is_id = id.size() == kIdLength && std::all_of(id.begin(), id.end(), [](char c) {
                       return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
                     });
  if (!is_id) return std::nullopt;
  return std::string(id);
}

}  // namespace affekt
