#include "affekt/faces/picture_list.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"

namespace affekt {
namespace fs = std::filesystem;
namespace {

bool is_ignored(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.empty() || name.front() == '.' || lower_ascii(name) == "thumbs.db";
}

/// Adds what lies in a folder, and its subfolders to those still to be listed.
void list_folder(const fs::path& folder, FileList& list, std::vector<fs::path>& folders) {
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (is_ignored(entry->path())) continue;
    std::error_code unknown;
    if (entry->is_directory(unknown)) {
      if (!entry->is_symlink(unknown)) folders.push_back(entry->path());
      continue;
    }
    try {
      refuse_special_file(entry->path());
      list.files.push_back(entry->path());
    } catch (const IoError& refused) {
      list.unreadable.push_back({entry->path(), refused.what()});
    }
  }
  if (error) throw IoError(printable(folder.string()) + ": cannot be listed: " + error.message());
}

bool has_picture_extension(const fs::path& path) {
  static const std::vector<std::string> kExtensions{".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".webp",
                                                    ".tif", ".tiff", ".pnm", ".pgm",  ".ppm", ".pbm"};
  const std::string extension = lower_ascii(path.extension().string());
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

}  // namespace

void refuse_special_file(const fs::path& path) {
  std::error_code unknown;
  const fs::file_status status = fs::status(path, unknown);
  if (fs::is_other(status)) throw IoError(printable(path.string()) + ": a pipe or a device, not a file");
}

FileList files_below(const fs::path& folder) {
  FileList list;
  std::vector<fs::path> folders;
  list_folder(folder, list, folders);
  while (!folders.empty()) {
    const fs::path next = std::move(folders.back());
    folders.pop_back();
    try {
      list_folder(next, list, folders);
    } catch (const IoError& error) {
      list.unreadable.push_back({next, error.what()});
    }
  }
  std::sort(list.files.begin(), list.files.end());
  std::sort(list.unreadable.begin(), list.unreadable.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return list;
}

PictureList pictures_below(const fs::path& folder) {
  PictureList list;
  FileList all = files_below(folder);
  for (const fs::path& file : all.files) {
    if (has_picture_extension(file)) list.pictures.push_back(file.string());
  }
  for (UnreadableEntry& entry : all.unreadable) {
    std::error_code unknown;
    const bool is_folder = fs::is_directory(entry.path, unknown);
    if (is_folder || has_picture_extension(entry.path)) list.unreadable.push_back(std::move(entry));
  }
  return list;
}

}  // namespace affekt
