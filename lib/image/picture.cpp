#include "affekt/image/picture.h"

#include <array>
#include <cstring>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/text.h"
#include "image/decoders.h"

namespace affekt {
namespace {

bool has_at(std::string_view bytes, std::size_t offset, std::string_view mark) {
  return bytes.size() >= offset && bytes.substr(offset, mark.size()) == mark;
}

/// What an unreadable file seems to be, for the message.
std::string describe_unknown(std::string_view bytes) {
  if (bytes.empty()) return "the file is empty";
  const std::string remedy = ", which is not supported: convert it to JPEG or PNG";
  if (has_at(bytes, 0, "GIF8")) return "a GIF" + remedy;
  if (has_at(bytes, 4, "ftypavif")) return "an AVIF picture" + remedy;
  if (has_at(bytes, 4, "ftyp")) return "a HEIC picture or a video" + remedy;
  if (has_at(bytes, 0, "%PDF")) return "a PDF document" + remedy;
  return "not a picture (JPEG, PNG, BMP, WebP, TIFF and PNM are known)";
}

}  // namespace

PictureFormat picture_format(std::string_view bytes) {
  if (has_at(bytes, 0, "\xFF\xD8\xFF")) return PictureFormat::jpeg;
  if (has_at(bytes, 0, "\x89PNG\r\n\x1A\n")) return PictureFormat::png;
  if (has_at(bytes, 0, "RIFF") && has_at(bytes, 8, "WEBPVP8")) return PictureFormat::webp;
  if (has_at(bytes, 0, std::string_view("II*\0", 4)) || has_at(bytes, 0, std::string_view("MM\0*", 4))) {
    return PictureFormat::tiff;
  }
  // Two letters are a weak sign: a text may begin so. BMP has four reserved zero bytes, PNM white space after them.
  if (has_at(bytes, 0, "BM") && has_at(bytes, 6, std::string_view("\0\0\0\0", 4))) return PictureFormat::bmp;
  if (bytes.size() > 3 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '6' &&
      std::strchr(" \t\r\n", bytes[2]) != nullptr && bytes[2] != '\0') {
    return PictureFormat::pnm;
  }
  return PictureFormat::unknown;
}

void check_picture_size(std::int64_t width, std::int64_t height, const std::string& name,
                        const PictureOptions& options) {
  const std::string size = std::to_string(width) + " x " + std::to_string(height) + " pixels";
  if (width < 1 || height < 1) throw DataError(name + ": damaged picture: its header says " + size);
  if (width > options.max_side || height > options.max_side || width * height > options.max_pixels) {
    throw DataError(name + ": " + size + " are beyond the limit of " + std::to_string(options.max_pixels / 1'000'000) +
                    " megapixels and " + std::to_string(options.max_side) + " a side: make it smaller");
  }
}

Picture turned_upright(Picture picture, int orientation) {
  if (orientation < 2 || orientation > 8) return picture;
  const std::ptrdiff_t w = picture.width, h = picture.height, c = picture.channels;
  // Where the upright picture's first pixel lies, and how one walks right and down in the stored pixels.
  struct Walk {
    std::ptrdiff_t start, right, down;
  };
  const std::array<Walk, 9> walks{{{0, 1, w},
                                   {0, 1, w},
                                   {w - 1, -1, w},
                                   {w * h - 1, -1, -w},
                                   {w * (h - 1), 1, -w},
                                   {0, w, 1},
                                   {w * (h - 1), -w, 1},
                                   {w * h - 1, -w, -1},
                                   {w - 1, w, -1}}};
  const Walk walk = walks[static_cast<std::size_t>(orientation)];
  Picture upright;
  upright.width = orientation >= 5 ? picture.height : picture.width;
  upright.height = orientation >= 5 ? picture.width : picture.height;
  upright.channels = picture.channels;
  upright.pixels.resize(picture.pixels.size());
  std::uint8_t* to = upright.pixels.data();
  for (std::ptrdiff_t y = 0; y < upright.height; ++y) {
    for (std::ptrdiff_t x = 0; x < upright.width; ++x, to += c) {
      std::memcpy(to, picture.pixels.data() + (walk.start + y * walk.down + x * walk.right) * c,
                  static_cast<std::size_t>(c));
    }
  }
  return upright;
}

Picture decode_picture(std::string_view bytes, const std::string& name, const PictureOptions& options) {
  const PictureFormat format = picture_format(bytes);
  DecodedPicture decoded;
  switch (format) {
    case PictureFormat::unknown:
      throw DataError(printable(name) + ": " + describe_unknown(bytes));
    case PictureFormat::jpeg:
      decoded = decode_jpeg(bytes, printable(name), options);
      break;
    case PictureFormat::png:
      decoded = decode_png(bytes, printable(name), options);
      break;
    default:
      decoded = decode_other(format, bytes, printable(name), options);
      break;
  }
  // A header that says less than the decoder made of it got past the check before.
  check_picture_size(decoded.picture.width, decoded.picture.height, printable(name), options);
  Picture upright = turned_upright(std::move(decoded.picture), decoded.orientation);
  return options.grey ? to_grey(upright) : upright;
}

Picture load_picture(const std::filesystem::path& path, const PictureOptions& options) {
  const InputFile file = InputFile::open(path, options.max_file_bytes);
  return decode_picture(file.bytes(), path.string(), options);
}

Picture to_grey(const Picture& picture) {
  if (picture.channels == 1) return picture;
  Picture grey;
  grey.width = picture.width;
  grey.height = picture.height;
  grey.channels = 1;
  grey.pixels.resize(picture.pixels.size() / 3);
  const std::uint8_t* rgb = picture.pixels.data();
  for (std::uint8_t& value : grey.pixels) {
    value = static_cast<std::uint8_t>((299U * rgb[0] + 587U * rgb[1] + 114U * rgb[2] + 500U) / 1000U);
    rgb += 3;
  }
  return grey;
}

}  // namespace affekt
