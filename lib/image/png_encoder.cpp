#include <png.h>

#include <string>

#include "affekt/core/error.h"
#include "affekt/image/picture.h"

namespace affekt {

std::string encode_png(const Picture& picture) {
  const auto bytes = static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height) *
                     static_cast<std::size_t>(picture.channels);
  if (picture.width <= 0 || picture.height <= 0 || picture.pixels.size() != bytes) {
    throw UsageError("an empty picture cannot be written as PNG");
  }
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(picture.width);
  image.height = static_cast<png_uint_32>(picture.height);
  image.format = picture.channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  std::string encoded(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
  png_alloc_size_t size = encoded.size();
  constexpr int kNoRounding = 0, kPackedRows = 0;
  if (png_image_write_to_memory(&image, encoded.data(), &size, kNoRounding, picture.pixels.data(), kPackedRows,
                                nullptr) == 0) {
    throw Error(std::string("a picture could not be written as PNG: ") + image.message);
  }
  encoded.resize(size);
  return encoded;
}

}  // namespace affekt
