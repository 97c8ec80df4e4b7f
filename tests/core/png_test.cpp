#include "affekt/core/png.h"

#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "affekt/core/error.h"
#include "affekt/core/random.h"
#include "support/catch.h"

using namespace affekt;

namespace {

std::size_t number(const std::string& bytes, std::size_t at) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8U | static_cast<unsigned char>(bytes.at(at + i));
  return value;
}

struct Chunks {
  std::vector<std::string> names;
  std::string header, data;
};

/// The chunks, each with a right CRC.
Chunks read_chunks(const std::string& file) {
  REQUIRE(file.substr(0, 8) == "\x89PNG\r\n\x1a\n");
  Chunks chunks;
  for (std::size_t at = 8; at < file.size();) {
    const std::size_t length = number(file, at);
    chunks.names.push_back(file.substr(at + 4, 4));
    const std::string body = file.substr(at + 4, 4 + length);
    CHECK(number(file, at + 8 + length) ==
          crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size())));
    if (chunks.names.back() == "IHDR") chunks.header = body.substr(4);
    if (chunks.names.back() == "IDAT") chunks.data = body.substr(4);
    at += 12 + length;
  }
  return chunks;
}

int predicted(int type, int left, int above, int corner) {
  if (type == 1) return left;
  if (type == 2) return above;
  if (type == 3) return (left + above) / 2;
  if (type == 0) return 0;
  REQUIRE(type == 4);
  const int p = left + above - corner;
  const int a = std::abs(p - left), b = std::abs(p - above), c = std::abs(p - corner);
  return a <= b && a <= c ? left : b <= c ? above : corner;
}

/// Inflates the rows and takes their filters back (section 9 of the standard). @param types  gets those that were used.
std::vector<std::uint8_t> read_pixels(const std::string& data, const Picture& like, std::set<int>& types) {
  const auto step = static_cast<std::size_t>(like.channels), row = static_cast<std::size_t>(like.width) * step,
             height = static_cast<std::size_t>(like.height);
  std::vector<std::uint8_t> rows((1 + row) * height), pixels;
  uLongf size = rows.size();
  REQUIRE(uncompress(rows.data(), &size, reinterpret_cast<const Bytef*>(data.data()), data.size()) == Z_OK);
  REQUIRE(size == rows.size());
  for (std::size_t y = 0; y < height; ++y) {
    const int type = rows[y * (1 + row)];
    types.insert(type);
    for (std::size_t x = 0; x < row; ++x) {
      const std::size_t at = y * row + x;
      const int left = x < step ? 0 : pixels[at - step], above = y == 0 ? 0 : pixels[at - row],
                corner = x < step || y == 0 ? 0 : pixels[at - row - step];
      pixels.push_back(static_cast<std::uint8_t>(rows[at + y + 1] + predicted(type, left, above, corner)));
    }
  }
  return pixels;
}

Picture random_picture(int width, int height, int channels, int smooth, RandomStream& random) {
  Picture picture{width, height, channels, {}};
  double value = 128;
  for (int i = 0; i < width * height * channels; ++i) {
    value = smooth > 0 ? std::clamp(value + random.uniform(-smooth, smooth), 0.0, 255.0) : random.uniform(0, 255);
    picture.pixels.push_back(static_cast<std::uint8_t>(value));
  }
  return picture;
}

}  // namespace

TEST_CASE("a grey picture is a PNG file whose chunks and pixels can be read back") {
  const Picture picture = {3, 2, 1, {0, 10, 13, 26, 254, 255}};
  const std::string file = encode_png(picture);
  const Chunks chunks = read_chunks(file);
  CHECK(chunks.names == std::vector<std::string>{"IHDR", "IDAT", "IEND"});
  CHECK(number(chunks.header, 0) == 3);
  CHECK(number(chunks.header, 4) == 2);
  CHECK(chunks.header.substr(8) == std::string("\x08\0\0\0\0", 5));
  std::set<int> types;
  CHECK(read_pixels(chunks.data, picture, types) == picture.pixels);
  CHECK(encode_png(picture) == file);
}

TEST_CASE(
    "whatever a picture looks like, its pixels come back, and rows that go on smoothly are written as differences") {
  RandomStream random(7);
  std::set<int> types;
  for (const int channels : {1, 3}) {
    for (const int smooth : {0, 2, 9}) {
      for (const int side : {1, 2, 17, 64}) {
        CAPTURE(channels, smooth, side);
        const Picture picture = random_picture(side, 1 + side / 2, channels, smooth, random);
        const std::string file = encode_png(picture);
        const Chunks chunks = read_chunks(file);
        CHECK(chunks.header.substr(8) == std::string(channels == 1 ? "\x08\0\0\0\0" : "\x08\2\0\0\0", 5));
        CHECK(read_pixels(chunks.data, picture, types) == picture.pixels);
        if (smooth == 2 && side == 64) CHECK(file.size() < picture.pixels.size() / 2);
      }
    }
  }
  CHECK(types.size() == 5);
}

TEST_CASE("a picture without pixels, or with too few, is refused") {
  CHECK_THROWS_AS(encode_png({0, 0, 1, {}}), UsageError);
  CHECK_THROWS_AS(encode_png({2, 2, 1, {1, 2, 3}}), UsageError);
  CHECK_THROWS_AS(encode_png({-1, -1, 1, {1}}), UsageError);
  CHECK_THROWS_AS(encode_png({1, 1, 2, {1, 2}}), UsageError);
}
