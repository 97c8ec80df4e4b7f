// How Spotify's ids of tracks are spelled.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "affekt/core/export.h"

namespace affekt {

/// The 22-character id out of a Spotify id, URI (spotify:track:ID) or URL
/// (https://open.spotify.com/[intl-xx/]track/ID?...).
AFFEKT_API std::optional<std::string> parse_spotify_track(std::string_view text);

}  // namespace affekt
