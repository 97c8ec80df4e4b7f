#include "affekt/image/picture.h"

#include <cstdlib>
#include <fstream>
#include <opencv2/imgcodecs.hpp>

#include "affekt/core/error.h"
#include "support/catch.h"
#include "support/encoded_pictures.h"
#include "support/error_message.h"
#include "support/temp_folder.h"

using namespace affekt;
using namespace affekt::test;

namespace {

/// Largest difference of any sample; huge if the shapes differ.
int difference(const Picture& a, const Picture& b) {
  if (a.width != b.width || a.height != b.height || a.channels != b.channels) return 1000;
  int largest = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) {
    largest = std::max(largest, std::abs(int{a.pixels[i]} - int{b.pixels[i]}));
  }
  return largest;
}

std::string complaint(const std::string& bytes) {
  return message_of<DataError>([&] { decode_picture(bytes, "x.jpg"); });
}

std::string sample_jpeg(const JpegKind& kind = {}) {
  const Picture picture = sample_picture(40, 24);
  return jpeg_file(40, 24, 3, picture.pixels, kind);
}

std::string sample_png(const PngKind& kind = {}) {
  const Picture picture = sample_picture(40, 24);
  return png_file(40, 24, picture.pixels, kind);
}

/// The stored form of an upright picture by EXIF's definition: which side of the picture row 0 and column 0 show.
Picture stored_with_orientation(const Picture& upright, int orientation) {
  struct Sides {
    char row0, column0;
  };
  static const Sides kSides[] = {{'t', 'l'}, {'t', 'r'}, {'b', 'r'}, {'b', 'l'},
                                 {'l', 't'}, {'r', 't'}, {'r', 'b'}, {'l', 'b'}};
  const Sides sides = kSides[orientation - 1];
  Picture stored = upright;
  if (orientation >= 5) std::swap(stored.width, stored.height);
  stored.pixels.clear();
  for (int row = 0; row < stored.height; ++row) {
    for (int column = 0; column < stored.width; ++column) {
      int x = 0, y = 0;
      for (const auto& [side, index] : {std::pair{sides.row0, row}, std::pair{sides.column0, column}}) {
        if (side == 't') y = index;
        if (side == 'b') y = upright.height - 1 - index;
        if (side == 'l') x = index;
        if (side == 'r') x = upright.width - 1 - index;
      }
      const auto at = upright.pixels.begin() + (y * upright.width + x) * upright.channels;
      stored.pixels.insert(stored.pixels.end(), at, at + upright.channels);
    }
  }
  return stored;
}

void replace_all(std::string& bytes, std::size_t offset, const std::string& with) {
  bytes.replace(offset, with.size(), with);
}

}  // namespace

TEST_CASE("picture: JPEG in colour and grey") {
  const Picture sample = sample_picture(40, 24);
  CHECK(difference(decode_picture(sample_jpeg(), "x"), sample) < 15);
  const Picture grey = to_grey(sample);
  const std::string file = jpeg_file(40, 24, 1, grey.pixels);
  const Picture decoded = decode_picture(file, "x");
  CHECK(decoded.channels == 1);
  CHECK(difference(decoded, grey) < 6);
  PictureOptions options;
  options.grey = true;
  CHECK(difference(decode_picture(sample_jpeg(), "x", options), to_grey(decode_picture(sample_jpeg(), "x"))) <= 2);
}

TEST_CASE("picture: a JPEG cut anywhere is an error") {
  for (bool progressive : {false, true}) {
    JpegKind kind;
    kind.progressive = progressive;
    const std::string file = sample_jpeg(kind);
    REQUIRE_NOTHROW(decode_picture(file, "x"));
    for (std::size_t length = 0; length < file.size(); ++length) {
      INFO(length << " of " << file.size() << " bytes, progressive " << progressive);
      CHECK_THROWS_AS(decode_picture(file.substr(0, length), "x"), DataError);
    }
  }
  CHECK(contains(complaint(sample_jpeg().substr(0, 700)), "x.jpg: damaged JPEG: "));
}

TEST_CASE("picture: damaged bytes give an error or a picture of the same size, never a crash") {
  const std::string file = sample_jpeg({95, false, std::string("Exif\0\0", 6) + exif_orientation_block(1, true)});
  for (std::size_t i = 0; i < file.size(); ++i) {
    std::string damaged = file;
    damaged[i] = static_cast<char>(~damaged[i]);
    try {
      const Picture picture = decode_picture(damaged, "x", {false, 1'000'000});
      CHECK(picture.pixels.size() ==
            static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height * picture.channels));
    } catch (const DataError&) {
      SUCCEED();
    }
  }
}

TEST_CASE("picture: padding with zeros before a JPEG marker is harmless, other bytes are not") {
  const std::string file = sample_jpeg();
  const auto with_extra = [&](const std::string& extra) {
    return file.substr(0, file.size() - 2) + extra + file.substr(file.size() - 2);
  };
  CHECK(difference(decode_picture(with_extra(std::string(7, '\0')), "x"), decode_picture(file, "x")) == 0);
  CHECK(contains(complaint(with_extra("abcdefg")), "damaged JPEG"));
  CHECK(difference(decode_picture(file + "anything after the end", "x"), decode_picture(file, "x")) == 0);
}

TEST_CASE("picture: JPEG beyond the limits is refused before memory is taken") {
  std::string file = sample_jpeg();
  const std::size_t frame = file.find("\xFF\xC0");
  REQUIRE(frame != std::string::npos);
  replace_all(file, frame + 5, "\xFF\xDC\xFF\xDC");  // 65500 x 65500
  CHECK(contains(complaint(file), "65500 x 65500 pixels are beyond the limit of 100 megapixels"));
  CHECK(contains(message_of<DataError>([] {
                   decode_picture(sample_jpeg(), "x", {false, 100'000'000, 39});
                 }),
                 "40 x 24 pixels are beyond"));
}

TEST_CASE("picture: CMYK JPEG") {
  std::vector<std::uint8_t> ink(std::size_t{16} * 16 * 4);
  for (std::size_t i = 0; i < ink.size(); i += 4) {
    ink[i] = 255;      // all cyan
    ink[i + 3] = 102;  // 40 % black
  }
  JpegKind plain;
  plain.cmyk = true;
  const Picture picture = decode_picture(jpeg_file(16, 16, 4, ink, plain), "x");
  REQUIRE(picture.channels == 3);
  CHECK(std::abs(picture.pixels[0] - 0) < 4);
  CHECK(std::abs(picture.pixels[1] - 153) < 4);
  CHECK(std::abs(picture.pixels[2] - 153) < 4);
  for (std::uint8_t& value : ink) value = static_cast<std::uint8_t>(255 - value);
  JpegKind adobe = plain;
  adobe.adobe_marker = true;
  CHECK(difference(decode_picture(jpeg_file(16, 16, 4, ink, adobe), "x"), picture) < 4);
}

TEST_CASE("picture: EXIF turns the picture upright, all eight ways, in JPEG and PNG") {
  const Picture upright = sample_picture(40, 24);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Picture stored = stored_with_orientation(upright, orientation);
    const std::string block = exif_orientation_block(orientation, orientation % 2 == 0);
    INFO("orientation " << orientation);
    JpegKind jpeg;
    jpeg.exif = std::string("Exif\0\0", 6) + block;
    const Picture decoded = decode_picture(jpeg_file(stored.width, stored.height, 3, stored.pixels, jpeg), "x");
    CHECK(difference(decoded, upright) < 15);
    PngKind png;
    png.exif = block;
    CHECK(difference(decode_picture(png_file(stored.width, stored.height, stored.pixels, png), "x"), upright) == 0);
  }
}

TEST_CASE("picture: a damaged EXIF block is ignored") {
  const Picture plain = decode_picture(sample_jpeg(), "x");
  const auto decoded = [](const std::string& tiff) {
    JpegKind kind;
    kind.exif = std::string("Exif\0\0", 6) + tiff;
    return decode_picture(sample_jpeg(kind), "x");
  };
  const std::string good = exif_orientation_block(1, true);
  for (std::size_t length = 0; length < good.size(); ++length)
    CHECK(difference(decoded(good.substr(0, length)), plain) == 0);
  for (int value : {0, 9, 65535}) CHECK(difference(decoded(exif_orientation_block(value, false)), plain) == 0);
  std::string far = good;
  replace_all(far, 4, "\xFF\xFF\xFF\xFF");  // the directory lies beyond the block
  CHECK(difference(decoded(far), plain) == 0);
  std::string many = good;
  replace_all(many, 8, "\xFF\xFF");  // 65535 entries
  CHECK(difference(decoded(many), plain) == 0);
  std::string list = exif_orientation_block(6, true);
  replace_all(list, 26, "\xFF\xFF\xFF\x7F");  // two billion orientations
  CHECK(difference(decoded(list), plain) == 0);
}

TEST_CASE("picture: PNG in every form gives the same pixels") {
  const Picture sample = sample_picture(40, 24);
  CHECK(difference(decode_picture(sample_png(), "x"), sample) == 0);
  PngKind interlaced;
  interlaced.interlaced = true;
  CHECK(difference(decode_picture(sample_png(interlaced), "x"), sample) == 0);
  CHECK(difference(decode_picture(encode_png(sample), "x"), sample) == 0);

  std::vector<std::uint8_t> wide;  // 16 bit: the same value in both bytes is value * 257
  for (std::uint8_t value : sample.pixels) wide.insert(wide.end(), 2, value);
  PngKind deep;
  deep.bit_depth = 16;
  CHECK(difference(decode_picture(png_file(40, 24, wide, deep), "x"), sample) == 0);

  const Picture grey = to_grey(sample);
  PngKind grey_kind;
  grey_kind.colour_type = 0;
  CHECK(difference(decode_picture(png_file(40, 24, grey.pixels, grey_kind), "x"), grey) == 0);

  grey_kind.bit_depth = 1;
  const Picture bits = decode_picture(png_file(8, 1, {0xA5}, grey_kind), "x");
  CHECK(bits.pixels == std::vector<std::uint8_t>{255, 0, 255, 0, 0, 255, 0, 255});
}

TEST_CASE("picture: PNG with palette and transparency is laid over white") {
  PngKind palette;
  palette.colour_type = 3;
  palette.palette = {10, 20, 30, 200, 100, 0};
  CHECK(decode_picture(png_file(2, 1, {0, 1}, palette), "x").pixels ==
        std::vector<std::uint8_t>{10, 20, 30, 200, 100, 0});
  palette.palette_alpha = {0, 255};
  CHECK(decode_picture(png_file(2, 1, {0, 1}, palette), "x").pixels ==
        std::vector<std::uint8_t>{255, 255, 255, 200, 100, 0});
  PngKind rgba;
  rgba.colour_type = 6;
  CHECK(decode_picture(png_file(1, 1, {0, 100, 200, 51}, rgba), "x").pixels ==
        std::vector<std::uint8_t>{204, 224, 244});
  PngKind grey_alpha;
  grey_alpha.colour_type = 4;
  const Picture grey = decode_picture(png_file(2, 1, {7, 255, 7, 0}, grey_alpha), "x");
  CHECK(grey.channels == 1);
  CHECK(grey.pixels == std::vector<std::uint8_t>{7, 255});
}

TEST_CASE("picture: a PNG cut anywhere is an error, and a damaged one never gives other pixels") {
  const std::string file = sample_png();
  const Picture whole = decode_picture(file, "x");
  for (std::size_t length = 0; length < file.size(); ++length) {
    INFO(length << " of " << file.size() << " bytes");
    CHECK_THROWS_AS(decode_picture(file.substr(0, length), "x"), DataError);
  }
  for (std::size_t i = 0; i < file.size(); ++i) {
    std::string damaged = file;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    INFO("byte " << i);
    int changed = 0;
    const std::string refused =
        message_of<DataError>([&] { changed = difference(decode_picture(damaged, "x"), whole); });
    CHECK((changed == 0 || !refused.empty()));
  }
}

TEST_CASE("picture: PNG beyond the limits is refused") {
  // 12000 x 12000 pixels of one colour: 140 kB of file, 144 megapixels of memory.
  PngKind grey;
  grey.colour_type = 0;
  grey.bit_depth = 1;
  const std::string bomb = png_file(12000, 12000, std::vector<std::uint8_t>(std::size_t{12000} * 1500), grey);
  CHECK(bomb.size() < 200'000);
  CHECK(contains(complaint(bomb), "12000 x 12000 pixels are beyond the limit"));
}

TEST_CASE("picture: other formats come through OpenCV") {
  const Picture sample = sample_picture(40, 24);
  cv::Mat bgr(24, 40, CV_8UC3);
  for (int i = 0; i < 24 * 40; ++i) {
    const std::uint8_t* rgb = sample.pixels.data() + std::ptrdiff_t{i} * 3;
    bgr.at<cv::Vec3b>(i / 40, i % 40) = {rgb[2], rgb[1], rgb[0]};
  }
  for (const char* extension : {".bmp", ".tiff", ".webp", ".ppm"}) {
    std::vector<std::uint8_t> bytes;
    REQUIRE(cv::imencode(extension, bgr, bytes, {cv::IMWRITE_WEBP_QUALITY, 101}));
    const std::string file(bytes.begin(), bytes.end());
    INFO(extension);
    CHECK(difference(decode_picture(file, "x"), sample) == 0);
    CHECK(contains(complaint(file.substr(0, file.size() / 2)), "damaged"));
    CHECK(contains(complaint(file.substr(0, 13)), "x.jpg: "));
  }
  CHECK(contains(complaint("P5 # a comment\n 60000 60000 255\n"), "60000 x 60000 pixels are beyond"));
  CHECK(contains(complaint("P6\nwide high\n"), "its header gives no size"));
  std::string top_down("BM", 2);
  top_down += std::string(12, '\0') + std::string("\x28\0\0\0", 4) + std::string("\x70\x11\x01\0", 4) +
              std::string("\x90\xEE\xFE\xFF", 4);
  CHECK(contains(complaint(top_down), "70000 x 70000 pixels are beyond"));
}

TEST_CASE("picture: the size in a PNM header is what the decoder will read, however it is written") {
  const PictureOptions small{false, 10'000};  // of pixels: what gets past the header costs little here
  const auto refused = [&](const std::string& header) {
    return message_of<DataError>([&] { decode_picture(header + std::string(500 * 300, 'x'), "x.pgm", small); });
  };
  for (const char* header : {"P5 0000000500 0000000300 255\n", "P5 00000000000500 300 255\n",
                             "P5 #a comment ends here\r500 300 255\n1 1 255\n", "P5 \f500\v300 255\n"}) {
    INFO(header);
    CHECK(contains(refused(header), "500 x 300 pixels are beyond the limit"));
  }
  CHECK(contains(refused("P5 12345678901234567890 3 255\n"), "pixels are beyond the limit"));
  CHECK(contains(refused(std::string("P5 \0"
                                     "500 300 255\n",
                                     16)),
                 "its header gives no size"));
}

TEST_CASE("picture: what is not a picture is named") {
  CHECK(contains(complaint(""), "x.jpg: the file is empty"));
  CHECK(contains(complaint("Dear diary"), "x.jpg: not a picture"));
  CHECK(contains(complaint("GIF89a....."), "x.jpg: a GIF, which is not supported: convert it"));
  CHECK(contains(complaint(std::string("\0\0\0\x18"
                                       "ftypheic",
                                       12)),
                 "a HEIC picture or a video"));
  CHECK(contains(complaint("\xFF\xD8\xFF"), "damaged JPEG"));
  CHECK(contains(message_of<DataError>([] { decode_picture("", "evil\x1b[2J.jpg"); }), "evil\uFFFD[2J.jpg"));
  const TempFolder folder;
  CHECK_THROWS_AS(load_picture(folder / "none.jpg"), IoError);
  CHECK_THROWS_AS(load_picture(folder.path()), IoError);
}

TEST_CASE("picture: the file name does not decide the format") {
  const TempFolder folder;
  std::ofstream(folder / "really-a-png.jpg", std::ios::binary) << sample_png();
  CHECK(difference(load_picture(folder / "really-a-png.jpg"), sample_picture(40, 24)) == 0);
}
