#include "affekt/faces/import_pictures.h"

#include <algorithm>
#include <optional>
#include <unordered_set>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/png.h"
#include "affekt/core/text.h"
#include "affekt/faces/picture_list.h"

namespace affekt {
namespace fs = std::filesystem;
namespace {

std::string bytes_of(const FaceChip& chip) {
  return {reinterpret_cast<const char*>(chip.pixels.data()), chip.pixels.size()};
}

/// The name without its folder and extension, in characters that every file system takes.
std::string safe_stem(const std::string& file) {
  constexpr std::size_t kLongest = 60;
  std::string stem;
  for (const char c : fs::path(file).stem().string()) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (stem.size() < kLongest) stem += plain ? c : '_';
  }
  return stem.empty() ? "face" : stem;
}

/// The folders on the way to `into` that are not there yet: made early, so that one that cannot be made is told before
/// the work, and taken away again if no face came to lie there.
class NewFolders {
 public:
  explicit NewFolders(const fs::path& into) {
    std::error_code error;
    fs::path path = fs::absolute(into, error).lexically_normal();
    if (!path.has_filename()) path = path.parent_path();  // "a/" is "a"
    for (; path.has_filename() && !fs::exists(path, error); path = path.parent_path()) made_.push_back(path);
  }
  ~NewFolders() {
    std::error_code ignored;
    for (const fs::path& path : made_) fs::remove(path, ignored);  // only an empty one goes
  }
  NewFolders(const NewFolders&) = delete;
  NewFolders& operator=(const NewFolders&) = delete;

 private:
  std::vector<fs::path> made_;  // the innermost first
};

/// The folder of a dataset as it stands, and what it holds.
class DatasetFolder {
 public:
  DatasetFolder(PictureAccess& access, const ImportOptions& options, ImportReport& report)
      : access_(access), report_(report) {
    ensure_writable_folder(options.into);
    std::error_code ignored;
    const fs::path train = options.into / "train";
    const fs::path base = fs::is_directory(train, ignored) ? train : options.into;
    class_folder_ = base / emotion_name(options.label);
    const FileList there = files_below(options.into);
    for (const auto& entry : fs::directory_iterator(base, ignored)) {  // another spelling of the class is the class
      if (entry.is_directory(ignored) && parse_emotion(entry.path().filename().string()) == options.label) {
        class_folder_ = entry.path();
      }
    }
    for (const auto& file : there.files) know(file, options);
    for (const auto& entry : there.unreadable) pass_over(entry.message, options);
  }

  /// True if the face is new and now written.
  bool add(const FaceChip& chip, const std::string& source, Emotion label) {
    if (!known_.insert(bytes_of(chip)).second) return false;
    if (!ready_) ensure_writable_folder(class_folder_);
    ready_ = true;
    const std::string stem = safe_stem(source) + "-" + digest_hex(bytes_of(chip));
    fs::path path = class_folder_ / (stem + ".png");
    for (int i = 2; fs::exists(path); ++i) path = class_folder_ / (stem + "-" + std::to_string(i) + ".png");
    write_file(path, encode_png({kFaceSide, kFaceSide, 1, {chip.pixels.begin(), chip.pixels.end()}}));
    ++report_.classes[static_cast<std::size_t>(label)];
    return true;
  }

 private:
  void know(const fs::path& file, const ImportOptions& options) {
    const std::optional<Emotion> emotion = parse_emotion(file.parent_path().filename().string());
    try {
      for (const auto& chip : access_.face_chips(file, FaceSelection::none)) known_.insert(bytes_of(chip));
      if (emotion) ++report_.classes[static_cast<std::size_t>(*emotion)];
    } catch (const Error& error) {
      pass_over(error.what(), options);
    }
  }

  static void pass_over(const std::string& message, const ImportOptions& options) {
    if (options.on_note) options.on_note("passed over in the dataset: " + message);
  }

  PictureAccess& access_;
  ImportReport& report_;
  fs::path class_folder_;
  std::unordered_set<std::string> known_;  // pixels
  bool ready_ = false;
};

/// The pictures behind the names: files as they are, folders as all pictures below. What cannot be listed is a failure.
std::vector<std::string> expand(const std::vector<std::string>& names, ImportReport& report) {
  std::vector<std::string> files;
  for (const auto& name : names) {
    std::error_code ignored;
    if (!fs::is_directory(name, ignored)) {
      files.push_back(name);
      continue;
    }
    try {
      const PictureList below = pictures_below(name);
      for (const auto& entry : below.unreadable) report.failures.push_back({entry.path.string(), entry.message, true});
      if (below.pictures.empty() && below.unreadable.empty()) {
        report.failures.push_back({name, printable(name) + ": no pictures in this folder", false});
      }
      files.insert(files.end(), below.pictures.begin(), below.pictures.end());
    } catch (const IoError& error) {
      report.failures.push_back({name, error.what(), true});
    }
  }
  return files;
}

/// True if the picture can be decoded: whatever failed then lies with the detector's file, not with this picture.
bool can_be_decoded(PictureAccess& access, const std::string& file) {
  try {
    access.face_chips(file, FaceSelection::none);
    return true;
  } catch (const Error&) {
    return false;
  }
}

void import_one(PictureAccess& access, const std::string& file, const ImportOptions& options, DatasetFolder& folder,
                ImportReport& report) {
  std::vector<FaceChip> chips;
  try {
    chips = access.face_chips(file, options.faces);
  } catch (const IoError& error) {
    if (can_be_decoded(access, file)) throw;
    report.failures.push_back({file, error.what(), true});
    return;
  } catch (const DataError& error) {
    if (can_be_decoded(access, file)) throw;
    report.failures.push_back({file, error.what(), false});
    return;
  }
  const auto note = [&](const std::string& what) {
    if (options.on_note) options.on_note(printable(file) + ": " + what);
  };
  if (chips.empty()) {
    ++report.no_face;
    note("no face found");
  }
  for (const auto& chip : chips) {
    if (folder.add(chip, file, options.label)) {
      ++report.added;
    } else {
      ++report.duplicate;
      note("face is already in the dataset");
    }
  }
}

}  // namespace

ImportReport import_pictures(PictureAccess& access, const std::vector<std::string>& pictures,
                             const ImportOptions& options) {
  ImportReport report;
  const std::vector<std::string> files = expand(pictures, report);
  const NewFolders made(options.into);
  DatasetFolder folder(access, options, report);
  for (const auto& file : files) {
    if (options.on_step && !options.on_step(report.pictures, files.size())) {
      report.stopped = true;
      break;
    }
    import_one(access, file, options, folder, report);
    ++report.pictures;
  }
  return report;
}

}  // namespace affekt
