#include "affekt/report/png.h"

#include <zlib.h>

#include "affekt/core/error.h"
#include "support/catch.h"

using namespace affekt;

namespace {

std::size_t number(const std::string& bytes, std::size_t at) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8U | static_cast<unsigned char>(bytes.at(at + i));
  return value;
}

}  // namespace

TEST_CASE("a grey picture is a PNG file whose chunks and pixels can be read back") {
  const GreyPicture picture = {3, 2, {0, 10, 13, 26, 254, 255}};
  const std::string file = grey_png(picture);
  REQUIRE(file.substr(0, 8) == "\x89PNG\r\n\x1a\n");
  std::string data;
  std::vector<std::string> names;
  for (std::size_t at = 8; at < file.size();) {
    const std::size_t length = number(file, at);
    names.push_back(file.substr(at + 4, 4));
    const std::string body = file.substr(at + 4, 4 + length);
    CHECK(number(file, at + 8 + length) ==
          crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size())));
    if (names.back() == "IHDR") {
      CHECK(number(body, 4) == 3);
      CHECK(number(body, 8) == 2);
      CHECK(body.substr(12) == std::string("\x08\0\0\0\0", 5));
    }
    if (names.back() == "IDAT") data = body.substr(4);
    at += 12 + length;
  }
  CHECK(names == std::vector<std::string>{"IHDR", "IDAT", "IEND"});
  std::string rows(64, '\0');
  uLongf size = rows.size();
  REQUIRE(uncompress(reinterpret_cast<Bytef*>(rows.data()), &size, reinterpret_cast<const Bytef*>(data.data()),
                     data.size()) == Z_OK);
  CHECK(rows.substr(0, size) == std::string("\0\0\x0a\x0d\0\x1a\xfe\xff", 8));
  CHECK(grey_png(picture) == file);
}

TEST_CASE("a picture without pixels, or with too few, is refused") {
  CHECK_THROWS_AS(grey_png({0, 0, {}}), UsageError);
  CHECK_THROWS_AS(grey_png({2, 2, {1, 2, 3}}), UsageError);
  CHECK_THROWS_AS(grey_png({-1, -1, {1}}), UsageError);
}
