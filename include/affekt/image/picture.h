// Pictures from files: strict, bounded decoding to upright 8-bit pixels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "affekt/core/export.h"
#include "affekt/core/png.h"

namespace affekt {

/// How to decode, and how much to accept.
struct PictureOptions {
  bool grey = false;                      ///< Decode to one channel (luma): saves colour conversion and memory.
  std::int64_t max_pixels = 100'000'000;  ///< width * height, checked before any pixel is allocated.
  int max_side = 65'535;
  std::size_t max_file_bytes = std::size_t{1} << 30;
};

/// The file formats told apart by their first bytes; the file name does not matter.
enum class PictureFormat : std::uint8_t { unknown, jpeg, png, bmp, webp, tiff, pnm };
AFFEKT_API PictureFormat picture_format(std::string_view bytes);

/// Decodes a picture held in memory and turns it upright by its EXIF orientation.
///
/// JPEG and PNG are decoded strictly: truncated or damaged data is an error, never a half-grey picture, and nothing is
/// written to stderr. Transparent pixels are laid over white; 16-bit samples are scaled to 8; CMYK becomes RGB without
/// a colour profile. Of an animation the first frame counts. Other formats go through OpenCV's imgcodecs, loaded at the
/// first such file. A damaged EXIF block is ignored: the picture is taken as upright.
///
/// @param name  for messages.
/// @throws DataError  not a picture, damaged, empty, or beyond the limits.
AFFEKT_API Picture decode_picture(std::string_view bytes, const std::string& name, const PictureOptions& options = {});

/// decode_picture() of a file. @throws IoError if it is missing or unreadable.
AFFEKT_API Picture load_picture(const std::filesystem::path& path, const PictureOptions& options = {});

/// Grey pixels (ITU-R BT.601 luma, rounded); a grey picture is returned as it is.
AFFEKT_API Picture to_grey(const Picture& picture);

}  // namespace affekt
