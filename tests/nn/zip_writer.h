// Writes zip archives, also such as no program should.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace affekt::test {

struct WrittenEntry {
  std::string name, content;
  bool deflate = false;
  std::uint16_t flags = 0;                     ///< 1 = encrypted.
  std::optional<std::uint16_t> method = {};    ///< Else stored or deflated.
  std::optional<std::uint32_t> declared = {};  ///< Size of the content; else the true one.
  std::optional<std::uint32_t> crc = {};       ///< Else the true one.
  std::optional<std::string> local_name = {};  ///< Beside the content; else `name`.
};

std::string zip_bytes(const std::vector<WrittenEntry>& entries);
void write_zip(const std::filesystem::path& path, const std::vector<WrittenEntry>& entries);
std::string file_bytes(const std::filesystem::path& path);

}  // namespace affekt::test
