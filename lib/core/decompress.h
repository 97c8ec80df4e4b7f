// Private: gzip and xz streams to memory.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace affekt {

/// All members of a gzip file. @throws DataError beginning with `place` if damaged, cut short, or above max_bytes.
std::string gunzip(std::string_view bytes, const std::string& place, std::size_t max_bytes);
/// The same for xz.
std::string unxz(std::string_view bytes, const std::string& place, std::size_t max_bytes);

}  // namespace affekt
