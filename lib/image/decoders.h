// The decoders behind decode_picture(). Each throws DataError(name + ": what is wrong").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "affekt/image/picture.h"

namespace affekt {

/// Pixels as stored, and how to turn them upright.
struct DecodedPicture {
  Picture picture;
  int orientation = 1;  ///< EXIF: 1..8.
};

DecodedPicture decode_jpeg(std::string_view bytes, const std::string& name, const PictureOptions& options);
DecodedPicture decode_png(std::string_view bytes, const std::string& name, const PictureOptions& options);
/// BMP, WebP, TIFF and PNM through OpenCV's imgcodecs, which turns pictures upright itself.
DecodedPicture decode_other(PictureFormat format, std::string_view bytes, const std::string& name,
                            const PictureOptions& options);

/// @throws DataError if the sides are not positive or beyond the limits.
void check_picture_size(std::int64_t width, std::int64_t height, const std::string& name,
                        const PictureOptions& options);

/// The picture turned by an EXIF orientation; unknown values leave it as it is.
Picture turned_upright(Picture picture, int orientation);

}  // namespace affekt
