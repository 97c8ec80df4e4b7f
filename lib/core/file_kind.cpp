#include "affekt/core/file_kind.h"

#include <array>
#include <fstream>

namespace affekt {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kLooked = 9;

/// The length of a JSON header, whose highest byte is 0 (in a damaged file perhaps another that no text has), and the
/// brace that opens it.
bool is_safetensors(std::string_view bytes) {
  if (bytes.size() < kLooked || bytes[8] != '{') return false;
  constexpr unsigned char kLastOfText = 0x7E;
  const auto highest = static_cast<unsigned char>(bytes[7]);
  return highest == 0 || highest > kLastOfText;
}

}  // namespace

FileKind file_kind(std::string_view bytes) {
  if (bytes.empty()) return FileKind::empty;
  const auto begins_with = [bytes](std::string_view magic) { return bytes.substr(0, magic.size()) == magic; };
  if (begins_with("\x1F\x8B"sv)) return FileKind::gzip;
  if (begins_with("\xFD\x37zXZ\0"sv)) return FileKind::xz;
  if (begins_with("\x89HDF\r\n\x1A\n"sv)) return FileKind::hdf5;
  if (is_safetensors(bytes)) return FileKind::safetensors;
  return begins_with("PK"sv) ? FileKind::zip : FileKind::other;
}

std::optional<FileKind> file_kind_at(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::array<char, kLooked> first{};
  file.read(first.data(), first.size());
  return file_kind({first.data(), static_cast<std::size_t>(file.gcount())});
}

}  // namespace affekt
