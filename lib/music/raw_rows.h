// Private: rows as they stand in the files they were read from.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "affekt/music/track_table.h"

namespace affekt {

/// Cells of a row, parsed once more from its bytes.
std::vector<std::string> raw_cells(const TrackTable& table, std::size_t row);

}  // namespace affekt
