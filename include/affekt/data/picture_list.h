// Which files are meant when a user names a folder of pictures.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "affekt/core/export.h"

namespace affekt {

/// All files below a folder, sorted by path; hidden files and folders and Thumbs.db are passed over, links to folders
/// are not followed. @throws IoError  it cannot be listed.
AFFEKT_API std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder);

/// Those of files_below() with a picture's extension, whatever its case: .jpg .jpeg .jpe .jfif .png .bmp .webp .tif
/// .tiff .pnm .pgm .ppm .pbm.
AFFEKT_API std::vector<std::string> pictures_below(const std::filesystem::path& folder);

}  // namespace affekt
