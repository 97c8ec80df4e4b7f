// Private: the entries of a zip archive of which nothing is believed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace affekt {

struct ZipEntry {
  std::string name;
  bool deflated = false;       ///< Else stored.
  std::uint32_t crc = 0;       ///< CRC-32 of the content.
  std::uint64_t unpacked = 0;  ///< Bytes of the content.
  std::string_view packed;     ///< As it lies in the archive.
};

/// The entries that the archive's directory lists. Only what fits a plain archive is accepted: one part, below 4 GiB
/// (no zip64), entries stored or deflated and not encrypted, names that are relative paths without "..", each once.
/// (APPNOTE.TXT of PKWARE, sections 4.3.7, 4.3.12 and 4.3.16.)
/// @param bytes  of the archive; must outlive the entries.
/// @throws DataError  beginning with `place`.
std::vector<ZipEntry> list_zip(std::string_view bytes, const std::string& place);

/// Gives the content to `take` piece by piece.
/// @throws DataError  beginning with `place`: damaged, another size or CRC-32 than declared.
void unzip(const ZipEntry& entry, const std::string& place, const std::function<void(std::string_view)>& take);

}  // namespace affekt
