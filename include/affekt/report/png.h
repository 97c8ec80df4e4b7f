// Pictures for people to look at, without a picture library.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "affekt/core/export.h"

namespace affekt {

/// A grey picture of 8 bits a pixel.
struct GreyPicture {
  int width = 0, height = 0;
  std::vector<std::uint8_t> pixels;  ///< (height, width), row-major, 0 black.
};

/// The bytes of a PNG file (ISO/IEC 15948): the same picture gives the same bytes.
/// @throws UsageError  an empty picture, or another number of pixels than its sides say.
AFFEKT_API std::string grey_png(const GreyPicture& picture);

}  // namespace affekt
