// The few TIFF tags this project reads out of hostile bytes: EXIF orientation, and the size of a TIFF picture.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace affekt {

/// First value of a SHORT or LONG tag in the first directory of a TIFF block ("II*\0" or "MM\0*"); nothing if the block
/// is damaged or has no such tag. Reads only inside `tiff`.
std::optional<std::uint32_t> tiff_tag(std::string_view tiff, std::uint16_t tag);

/// Orientation 1..8 out of a TIFF block; 1 if there is none or it makes no sense.
int exif_orientation(std::string_view tiff);

}  // namespace affekt
