// The door of libaffekt_imgcodecs, loaded at the first BMP, WebP, TIFF or PNM: OpenCV's imgcodecs alone costs some 90
// ms at program start, because it drags in every library GDAL can use.
#pragma once

#include <cstddef>

namespace affekt {

/// Receives a decoded picture: rows from the top, `channels` 1 (grey) or 3 (R, G, B), `stride` bytes from row to row.
using ImgcodecsSink = void (*)(void* context, int width, int height, int channels, const unsigned char* rows,
                               std::size_t stride);

/// Type of the symbol kImgcodecsSymbol. Calls `sink` once and returns true, or returns false for a damaged picture.
using ImgcodecsDecode = bool (*)(const unsigned char* data, std::size_t size, bool grey, ImgcodecsSink sink,
                                 void* context);

inline constexpr char kImgcodecsSymbol[] = "affekt_imgcodecs_decode";

}  // namespace affekt
