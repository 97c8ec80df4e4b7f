#include "affekt/report/png.h"

#include <zlib.h>

#include "affekt/core/error.h"

namespace affekt {
namespace {

void append_number(std::string& out, std::size_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out += static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xFFU);
}

/// Length, name, bytes, and the CRC of name and bytes.
void append_chunk(std::string& out, const std::string& name, const std::string& bytes) {
  append_number(out, bytes.size());
  const std::string body = name + bytes;
  out += body;
  append_number(out, crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size())));
}

}  // namespace

std::string grey_png(const GreyPicture& picture) {
  const auto width = static_cast<std::size_t>(picture.width);
  const auto height = static_cast<std::size_t>(picture.height);
  if (picture.width <= 0 || picture.height <= 0 || picture.pixels.size() != width * height) {
    throw UsageError("a picture without pixels, or with another number than its sides say, cannot be written as PNG");
  }
  std::string rows;
  rows.reserve((width + 1) * height);
  for (std::size_t y = 0; y < height; ++y) {
    rows += '\0';  // filter: none
    rows.append(reinterpret_cast<const char*>(picture.pixels.data()) + y * width, width);
  }
  uLongf size = compressBound(rows.size());
  std::string packed(size, '\0');
  if (compress2(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(rows.data()),
                rows.size(), Z_BEST_COMPRESSION) != Z_OK) {
    throw Error("a picture could not be compressed");
  }
  packed.resize(size);
  std::string header;
  append_number(header, width);
  append_number(header, height);
  header += std::string("\x08\0\0\0\0", 5);  // 8 bits of grey, deflated, filtered by row, not interlaced
  std::string out = "\x89PNG\r\n\x1a\n";
  append_chunk(out, "IHDR", header);
  append_chunk(out, "IDAT", packed);
  append_chunk(out, "IEND", "");
  return out;
}

}  // namespace affekt
