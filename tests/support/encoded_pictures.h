// Picture files made in memory, the odd ones included.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "affekt/image/picture.h"

namespace affekt::test {

struct JpegKind {
  int quality = 95;
  bool progressive = false;
  std::string exif;           ///< Content of an APP1 segment, with its "Exif\0\0"; "" = none.
  bool cmyk = false;          ///< The picture's pixels are C, M, Y, K as stored.
  bool adobe_marker = false;  ///< With cmyk: as Adobe's programs write it, inverted.
};
/// @param channels  of `pixels`: 1, 3, or 4 with cmyk.
std::string jpeg_file(int width, int height, int channels, const std::vector<std::uint8_t>& pixels,
                      const JpegKind& kind = {});

struct PngKind {
  int colour_type = 2;  ///< PNG's number: 0 grey, 2 RGB, 3 palette, 4 grey + alpha, 6 RGBA.
  int bit_depth = 8;
  bool interlaced = false;
  std::vector<std::uint8_t> palette;        ///< R, G, B each.
  std::vector<std::uint8_t> palette_alpha;  ///< Of the first entries.
  std::string exif;                         ///< TIFF block of an eXIf chunk; "" = none.
};
/// @param rows  height rows of packed samples (16-bit samples big-endian).
std::string png_file(int width, int height, const std::vector<std::uint8_t>& rows, const PngKind& kind = {});

/// An EXIF block ("Exif\0\0" not included) with nothing but an orientation.
std::string exif_orientation_block(int orientation, bool little_endian);

/// A colourful picture without symmetry, smooth enough to survive JPEG.
Picture sample_picture(int width, int height);

}  // namespace affekt::test
