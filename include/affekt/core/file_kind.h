// What kind of file it is, by its first bytes and not by its name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "affekt/core/export.h"

namespace affekt {

enum class FileKind : std::uint8_t { empty, other, gzip, xz, zip, hdf5, safetensors };

/// Of a file that begins with `bytes`; the first nine are looked at.
AFFEKT_API FileKind file_kind(std::string_view bytes);
/// Of the file at `path`, from which bytes are taken: not for pipes. Nothing if it cannot be read.
AFFEKT_API std::optional<FileKind> file_kind_at(const std::filesystem::path& path);

}  // namespace affekt
