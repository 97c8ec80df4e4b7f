#include "support/encoded_pictures.h"

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

// clang-format off: jpeglib.h needs size_t and FILE before it
#include <jpeglib.h>
#include <png.h>
// clang-format on

namespace affekt::test {

std::string jpeg_file(int width, int height, int channels, const std::vector<std::uint8_t>& pixels,
                      const JpegKind& kind) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_width = static_cast<JDIMENSION>(width);
  info.image_height = static_cast<JDIMENSION>(height);
  info.input_components = channels;
  info.in_color_space = kind.cmyk ? JCS_CMYK : (channels == 1 ? JCS_GRAYSCALE : JCS_RGB);
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, kind.quality, TRUE);
  if (kind.progressive) jpeg_simple_progression(&info);
  info.write_Adobe_marker = kind.adobe_marker ? TRUE : FALSE;
  jpeg_start_compress(&info, TRUE);
  if (!kind.exif.empty()) {
    jpeg_write_marker(&info, JPEG_APP0 + 1, reinterpret_cast<const JOCTET*>(kind.exif.data()),
                      static_cast<unsigned int>(kind.exif.size()));
  }
  while (info.next_scanline < info.image_height) {
    const std::size_t row = std::size_t{info.next_scanline} * static_cast<std::size_t>(width * channels);
    auto* data = const_cast<JSAMPLE*>(pixels.data() + row);
    jpeg_write_scanlines(&info, &data, 1);
  }
  jpeg_finish_compress(&info);
  std::string file(reinterpret_cast<char*>(buffer), size);
  jpeg_destroy_compress(&info);
  std::free(buffer);
  return file;
}

std::string png_file(int width, int height, const std::vector<std::uint8_t>& rows, const PngKind& kind) {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  std::string file;
  const auto append = [](png_structp self, png_bytep data, png_size_t size) {
    static_cast<std::string*>(png_get_io_ptr(self))->append(reinterpret_cast<const char*>(data), size);
  };
  png_set_write_fn(png, &file, append, [](png_structp) {});
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), kind.bit_depth,
               kind.colour_type, kind.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE,
               PNG_FILTER_TYPE_BASE);
  if (!kind.palette.empty()) {
    png_set_PLTE(png, info, reinterpret_cast<png_const_colorp>(kind.palette.data()),
                 static_cast<int>(kind.palette.size() / 3));
  }
  if (!kind.palette_alpha.empty()) {
    png_set_tRNS(png, info, kind.palette_alpha.data(), static_cast<int>(kind.palette_alpha.size()), nullptr);
  }
  if (!kind.exif.empty()) {
    std::vector<png_byte> exif(kind.exif.begin(), kind.exif.end());
    png_set_eXIf_1(png, info, static_cast<png_uint_32>(exif.size()), exif.data());
  }
  std::vector<png_bytep> pointers;
  const std::size_t row_bytes = rows.size() / static_cast<std::size_t>(height);
  for (std::size_t y = 0; y < static_cast<std::size_t>(height); ++y) {
    pointers.push_back(const_cast<png_bytep>(rows.data() + y * row_bytes));
  }
  png_set_rows(png, info, pointers.data());
  png_write_png(png, info, PNG_TRANSFORM_IDENTITY, nullptr);
  png_destroy_write_struct(&png, &info);
  return file;
}

std::string exif_orientation_block(int orientation, bool little_endian) {
  std::string block = little_endian ? std::string("II*\0", 4) : std::string("MM\0*", 4);
  const auto number = [&](unsigned int value, int bytes) {
    for (int i = 0; i < bytes; ++i) {
      const int shift = 8 * (little_endian ? i : bytes - 1 - i);
      block += static_cast<char>((value >> shift) & 0xFFU);
    }
  };
  number(8, 4);       // the first directory
  number(2, 2);       // two entries
  number(0x0100, 2);  // ImageWidth, LONG
  number(4, 2);
  number(1, 4);
  number(17, 4);
  number(0x0112, 2);  // Orientation, SHORT
  number(3, 2);
  number(1, 4);
  number(static_cast<unsigned int>(orientation), 2);
  number(0, 2);
  number(0, 4);  // no further directory
  return block;
}

Picture sample_picture(int width, int height) {
  Picture picture;
  picture.width = width;
  picture.height = height;
  picture.channels = 3;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      picture.pixels.push_back(static_cast<std::uint8_t>(255 * x / width));
      picture.pixels.push_back(static_cast<std::uint8_t>(255 * y / height));
      picture.pixels.push_back(static_cast<std::uint8_t>(200 - 150 * x / width));
    }
  }
  return picture;
}

}  // namespace affekt::test
