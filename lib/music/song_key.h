// Private: what makes two rows one song.
#pragma once

#include <cstddef>
#include <string>

#include "affekt/music/track_table.h"

namespace affekt {

/// Title and artist whatever their case; empty = the row lacks one and is nobody's duplicate.
void song_key(const TrackTable& table, std::size_t row, std::string& key);

}  // namespace affekt
