// BMP, WebP, TIFF and PNM: sizes are read from the header here, before the decoder allocates anything.
#include <algorithm>
#include <climits>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/plugin.h"
#include "image/decoders.h"
#include "image/exif.h"
#include "image/imgcodecs/imgcodecs.h"
#include "image/opencv_threads.h"

namespace affekt {
namespace {

using Size = std::pair<std::int64_t, std::int64_t>;

std::optional<std::uint32_t> little_endian(std::string_view bytes, std::size_t offset, std::size_t size) {
  if (bytes.size() < offset + size) return std::nullopt;
  std::uint32_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = (value << 8U) | static_cast<unsigned char>(bytes[offset + i]);
  return value;
}

std::optional<Size> size_of(std::optional<std::uint32_t> width, std::optional<std::uint32_t> height,
                            std::int64_t add = 0) {
  if (!width || !height) return std::nullopt;
  return Size{std::int64_t{*width} + add, std::int64_t{*height} + add};
}

std::optional<Size> bmp_size(std::string_view bytes) {
  const auto header = little_endian(bytes, 14, 4);
  if (header && *header == 12) return size_of(little_endian(bytes, 18, 2), little_endian(bytes, 20, 2));
  auto size = size_of(little_endian(bytes, 18, 4), little_endian(bytes, 22, 4));
  if (size && size->second > INT_MAX) size->second = (std::int64_t{1} << 32) - size->second;  // negative: top row first
  return size;
}

std::optional<Size> webp_size(std::string_view bytes) {
  const std::string_view chunk = bytes.substr(12, 4);
  if (chunk == "VP8X") return size_of(little_endian(bytes, 24, 3), little_endian(bytes, 27, 3), 1);
  if (chunk == "VP8L") {
    const auto bits = little_endian(bytes, 21, 4);
    if (!bits) return std::nullopt;
    return Size{std::int64_t{*bits & 0x3FFFU} + 1, std::int64_t{(*bits >> 14U) & 0x3FFFU} + 1};
  }
  auto size = size_of(little_endian(bytes, 26, 2), little_endian(bytes, 28, 2));
  if (size) *size = {size->first & 0x3FFF, size->second & 0x3FFF};
  return size;
}

/// Two numbers after the magic, separated by white space and # comments: all their digits, as the decoder reads them.
std::optional<Size> pnm_size(std::string_view bytes) {
  constexpr std::size_t kHeaderBytes = 4096;
  constexpr std::int64_t kBeyondAnyLimit = INT_MAX;
  constexpr std::string_view kSpace = " \t\r\n\v\f", kDigits = "0123456789";
  bytes = bytes.substr(0, kHeaderBytes);
  std::int64_t values[2] = {};
  std::size_t at = 2;
  for (std::int64_t& value : values) {
    for (at = bytes.find_first_not_of(kSpace, at); at < bytes.size() && bytes[at] == '#';) {
      at = bytes.find_first_not_of(kSpace, bytes.find_first_of("\r\n", at));
    }
    const std::size_t end = std::min(bytes.find_first_not_of(kDigits, at), bytes.size());
    if (at >= end) return std::nullopt;
    for (; at < end; ++at) value = std::min(value * 10 + (bytes[at] - '0'), kBeyondAnyLimit);
  }
  return Size{values[0], values[1]};
}

std::optional<Size> declared_size(PictureFormat format, std::string_view bytes) {
  constexpr std::uint16_t kImageWidth = 0x0100, kImageLength = 0x0101;
  switch (format) {
    case PictureFormat::bmp:
      return bmp_size(bytes);
    case PictureFormat::webp:
      return webp_size(bytes);
    case PictureFormat::tiff:
      return size_of(tiff_tag(bytes, kImageWidth), tiff_tag(bytes, kImageLength));
    case PictureFormat::pnm:
      return pnm_size(bytes);
    default:
      return std::nullopt;
  }
}

void take_rows(void* context, int width, int height, int channels, const unsigned char* rows, std::size_t stride) {
  auto& picture = *static_cast<Picture*>(context);
  picture.width = width;
  picture.height = height;
  picture.channels = channels;
  const std::size_t row_bytes = static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
  picture.pixels.resize(row_bytes * static_cast<std::size_t>(height));
  for (std::size_t y = 0; y < static_cast<std::size_t>(height); ++y) {
    std::memcpy(picture.pixels.data() + y * row_bytes, rows + y * stride, row_bytes);
  }
}

}  // namespace

DecodedPicture decode_other(PictureFormat format, std::string_view bytes, const std::string& name,
                            const PictureOptions& options) {
  const auto size = declared_size(format, bytes);
  if (!size || bytes.size() > INT_MAX) throw DataError(name + ": damaged picture: its header gives no size");
  check_picture_size(size->first, size->second, name, options);
  std::string why;
  void* symbol = plugin_symbol("affekt_imgcodecs", kImgcodecsSymbol, &why);
  if (symbol == nullptr) {
    throw DataError(name + ": only JPEG and PNG can be read, libaffekt_imgcodecs cannot be loaded (" + why + ")");
  }
  limit_opencv_threads();
  DecodedPicture decoded;
  const auto decode = reinterpret_cast<ImgcodecsDecode>(symbol);
  if (!decode(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), options.grey, take_rows,
              &decoded.picture)) {
    throw DataError(name + ": damaged picture: it cannot be decoded");
  }
  return decoded;
}

}  // namespace affekt
