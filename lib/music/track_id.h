// Private: the id in a cell of a track table.
#pragma once

#include <string_view>

namespace affekt {

/// "spotify:track:ID" and ".../track/ID?..." to ID; anything else trimmed.
std::string_view track_id(std::string_view cell);

}  // namespace affekt
