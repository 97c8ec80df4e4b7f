// Pictures in memory, and as PNG files without a picture library.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "affekt/core/export.h"

namespace affekt {

/// Upright pixels, rows from the top, no padding.
struct Picture {
  int width = 0, height = 0;
  int channels = 0;                  ///< 1: grey; 3: R, G, B.
  std::vector<std::uint8_t> pixels;  ///< (height, width, channels), 0..255.
};

/// The bytes of a PNG file (ISO/IEC 15948) with these pixels: the same picture gives the same bytes.
/// @throws UsageError  an empty picture, channels other than 1 or 3, or another number of pixels than its sides say.
AFFEKT_API std::string encode_png(const Picture& picture);

}  // namespace affekt
