#include "affekt/data/picture_list.h"

#include <algorithm>

#include "affekt/core/error.h"
#include "affekt/core/text.h"

namespace affekt {
namespace fs = std::filesystem;
namespace {

bool is_ignored(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.empty() || name.front() == '.' || lower_ascii(name) == "thumbs.db";
}

}  // namespace

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const bool ignored = is_ignored(entry->path());
    std::error_code unknown;
    if (entry->is_directory(unknown)) {
      if (ignored) entry.disable_recursion_pending();
    } else if (!ignored) {
      files.push_back(entry->path());
    }
  }
  if (error) throw IoError(printable(folder.string()) + ": " + error.message());
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> pictures_below(const fs::path& folder) {
  static const std::vector<std::string> kExtensions{".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".webp",
                                                    ".tif", ".tiff", ".pnm", ".pgm",  ".ppm", ".pbm"};
  std::vector<std::string> pictures;
  for (const fs::path& file : files_below(folder)) {
    const std::string extension = lower_ascii(file.extension().string());
    if (std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end()) {
      pictures.push_back(file.string());
    }
  }
  return pictures;
}

}  // namespace affekt
