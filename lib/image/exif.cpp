#include "image/exif.h"

#include <cstddef>

namespace affekt {
namespace {

class TiffBytes {
 public:
  TiffBytes(std::string_view bytes, bool little) : bytes_(bytes), little_(little) {}

  /// `size` bytes at `offset` as a number; nothing beyond the end.
  std::optional<std::uint32_t> number(std::size_t offset, std::size_t size) const {
    if (offset > bytes_.size() || bytes_.size() - offset < size) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t at = offset + (little_ ? size - 1 - i : i);
      value = (value << 8U) | static_cast<unsigned char>(bytes_[at]);
    }
    return value;
  }

 private:
  std::string_view bytes_;
  bool little_;
};

}  // namespace

std::optional<std::uint32_t> tiff_tag(std::string_view tiff, std::uint16_t tag) {
  constexpr std::size_t kEntryBytes = 12;
  constexpr std::uint32_t kShort = 3, kLong = 4;
  const std::string_view mark = tiff.substr(0, 4);
  const bool little = mark == std::string_view("II*\0", 4);
  if (!little && mark != std::string_view("MM\0*", 4)) return std::nullopt;
  const TiffBytes bytes(tiff, little);
  const auto directory = bytes.number(4, 4);
  if (!directory) return std::nullopt;
  const auto entries = bytes.number(*directory, 2);
  if (!entries) return std::nullopt;
  for (std::size_t i = 0; i < *entries; ++i) {
    const std::size_t entry = std::size_t{*directory} + 2 + i * kEntryBytes;
    const auto found = bytes.number(entry, 2);
    if (!found) return std::nullopt;
    if (*found != tag) continue;
    const auto type = bytes.number(entry + 2, 2);
    const auto count = bytes.number(entry + 4, 4);
    if (!type || !count || *count != 1) return std::nullopt;
    if (*type == kShort) return bytes.number(entry + 8, 2);
    if (*type == kLong) return bytes.number(entry + 8, 4);
    return std::nullopt;
  }
  return std::nullopt;
}

int exif_orientation(std::string_view tiff) {
  constexpr std::uint16_t kOrientation = 0x0112;
  const std::uint32_t value = tiff_tag(tiff, kOrientation).value_or(1);
  return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
}

}  // namespace affekt
