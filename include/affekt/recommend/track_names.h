// When two titles, or two artists, are the same song's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "affekt/core/export.h"

namespace affekt {

/// A title without case, accents of Latin letters, punctuation, guests ("(feat. ...)") and what names an edition of the
/// same recording ("- Remastered 2009", "(Radio Edit)", "[Mono]"). A remix, a live or an acoustic take keeps its name.
/// If nothing is left, the title with its case folded. UTF-8; other bytes are read as latin-1.
AFFEKT_API std::string title_key(const std::string& title);

enum class Artists : std::uint8_t { all, first };

/// The same for artists; a leading "the" and what joins several do not count.
AFFEKT_API std::string artist_key(const std::string& artist, Artists which);

/// The keys of the first artist and of the title on a line each: equal where a playlist takes two tracks for one song.
/// Empty without a title.
AFFEKT_API std::string song_name(std::string_view artist, std::string_view title);

}  // namespace affekt
