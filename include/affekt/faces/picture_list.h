// Which files are meant when a user names a folder of pictures.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "affekt/core/export.h"

namespace affekt {

/// What lies below a folder and cannot be read: a subfolder that cannot be listed, or a pipe or a device, which could
/// be waited for without end.
struct UnreadableEntry {
  std::filesystem::path path;
  std::string message;  ///< One line that names the path.
};

struct FileList {
  std::vector<std::filesystem::path> files;  ///< Sorted by path.
  std::vector<UnreadableEntry> unreadable;   ///< Sorted by path.
};

/// All files below a folder; hidden files and folders and Thumbs.db are passed over, links to folders are not followed.
/// @throws IoError  the folder itself cannot be listed.
AFFEKT_API FileList files_below(const std::filesystem::path& folder);

struct PictureList {
  std::vector<std::string> pictures;        ///< Sorted.
  std::vector<UnreadableEntry> unreadable;  ///< Subfolders, and what is called like a picture.
};

/// Those of files_below() with a picture's extension, whatever its case: .jpg .jpeg .jpe .jfif .png .bmp .webp .tif
/// .tiff .pnm .pgm .ppm .pbm.
AFFEKT_API PictureList pictures_below(const std::filesystem::path& folder);

/// @throws IoError  a pipe or a device, found in a folder. What does not exist is left to whoever opens it.
AFFEKT_API void refuse_special_file(const std::filesystem::path& path);

}  // namespace affekt
