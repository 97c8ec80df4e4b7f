// Titles of one song in its editions.
#pragma once

#include <string>
#include <string_view>

#include "affekt/core/export.h"

namespace affekt {

/// The title without what editions add, folded, without punctuation: "Lola - Remastered 2014", "Lola (2014 Remaster)",
/// "Lola (feat. X)" and "LOLA!" give "lola". Live takes, remixes and covers are other songs and stay apart. If nothing
/// else would be left, the folded title itself.
AFFEKT_API std::string song_title_key(std::string_view title);

}  // namespace affekt
