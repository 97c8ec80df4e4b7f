#include "data/pixel_text.h"

#include <algorithm>
#include <cstddef>

#include "affekt/core/text.h"
#include "affekt/data/dataset.h"

namespace affekt::detail {
namespace {

constexpr unsigned kMaximum = 255;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::uint32_t load_little_endian(const char* p) {
  const auto byte = [p](int i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(p[i])); };
  return byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
}

/// The number of one to three digits at `p` that a single space follows, out of four bytes at once; advances `p` behind
/// the space. Returns false where the text is anything else.
bool read_short_number(const char*& p, std::uint8_t& value) {
  const std::uint32_t digits = load_little_endian(p) ^ 0x30303030U;                              // '0'..'9' become 0..9
  const std::uint32_t others = (((digits & 0x7F7F7F7FU) + 0x76767676U) | digits) & 0x80808080U;  // bytes above 9
  if (others == 0 || (others & 0x80U) != 0) return false;
  const auto length = static_cast<unsigned>(__builtin_ctz(others)) / 8;  // 1..3
  const std::uint32_t aligned = digits << (8 * (4 - length));            // units in the highest byte, zeros below
  const std::uint32_t number = (aligned >> 24) + 10 * ((aligned >> 16) & 0xFFU) + 100 * ((aligned >> 8) & 0xFFU);
  if (p[length] != ' ' || number > kMaximum) return false;
  value = static_cast<std::uint8_t>(number);
  p += length + 1;
  return true;
}

/// The general case: spaces, then digits, then a space or the end.
bool read_number(const char*& p, const char* end, std::uint8_t& value) {
  while (p != end && is_space(*p)) ++p;
  const char* begin = p;
  unsigned number = 0;
  while (p != end && *p >= '0' && *p <= '9' && number <= kMaximum)
    number = 10 * number + static_cast<unsigned>(*p++ - '0');
  value = static_cast<std::uint8_t>(number);
  return p != begin && number <= kMaximum && (p == end || is_space(*p));
}

}  // namespace

bool parse_pixels(std::string_view text, std::uint8_t* face) {
  const char* p = text.data();
  const char* const end = p + text.size();
  for (std::size_t i = 0; i < kFacePixels; ++i) {
    if (end - p >= 4 && read_short_number(p, face[i])) continue;
    if (!read_number(p, end, face[i])) return false;
  }
  return std::all_of(p, end, is_space);
}

std::string describe_bad_pixels(std::string_view text) {
  std::size_t found = 0;
  for (std::size_t at = 0;;) {
    while (at < text.size() && is_space(text[at])) ++at;
    if (at == text.size()) break;
    std::size_t stop = at;
    while (stop < text.size() && !is_space(text[stop])) ++stop;
    const std::string_view token = text.substr(at, stop - at);
    ++found;
    const char* p = token.data();
    std::uint8_t ignored = 0;
    if (!read_number(p, token.data() + token.size(), ignored)) {
      constexpr std::size_t kShown = 20;
      return "value " + std::to_string(found) + " is '" + printable(token, kShown) + "' (expected 0 to 255)";
    }
    at = stop;
  }
  return "expected " + std::to_string(kFacePixels) + " values, found " + std::to_string(found);
}

}  // namespace affekt::detail
