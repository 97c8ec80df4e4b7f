// Private: rows with the very same pixels.
#pragma once

#include <cstddef>
#include <vector>

#include "affekt/data/dataset.h"

namespace affekt::detail {

/// For each row the lowest row with the same 2304 bytes (itself if there is none before it).
std::vector<std::size_t> first_equal_rows(const Dataset& data);

}  // namespace affekt::detail
