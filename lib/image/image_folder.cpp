#include "affekt/image/image_folder.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/parallel.h"
#include "affekt/core/text.h"
#include "affekt/faces/picture_list.h"
#include "affekt/image/face_crops.h"

namespace affekt {
namespace {

namespace fs = std::filesystem;

/// What a folder beside the class folders stands for. Kaggle's test folder holds two official splits.
enum class FolderSplit : std::uint8_t { train, validation, test };

struct ClassFolder {
  fs::path path;
  FolderSplit split = FolderSplit::train;
  Emotion emotion = Emotion::neutral;
};

struct PictureFile {
  fs::path path;
  Emotion emotion = Emotion::neutral;
  Split split = Split::train;
};

std::optional<FolderSplit> split_folder(const std::string& name) {
  static const std::map<std::string, FolderSplit> kNames{{"train", FolderSplit::train},
                                                         {"validation", FolderSplit::validation},
                                                         {"valid", FolderSplit::validation},
                                                         {"val", FolderSplit::validation},
                                                         {"test", FolderSplit::test}};
  const auto found = kNames.find(lower_ascii(name));
  return found == kNames.end() ? std::nullopt : std::optional<FolderSplit>(found->second);
}

bool passed_over(const std::string& name) { return name.empty() || name[0] == '.' || name == "Thumbs.db"; }

/// Entries of a folder in name order. @throws IoError.
std::vector<fs::directory_entry> sorted_entries(const fs::path& folder) {
  std::error_code error;
  fs::directory_iterator iterator(folder, error);
  std::vector<fs::directory_entry> entries;
  for (; !error && iterator != fs::directory_iterator(); iterator.increment(error)) {
    if (!passed_over(iterator->path().filename().string())) entries.push_back(*iterator);
  }
  if (error) throw IoError(printable(folder.string()) + ": cannot be listed: " + error.message());
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.path() < b.path(); });
  return entries;
}

bool is_folder(const fs::directory_entry& entry) {
  std::error_code ignored;
  return entry.is_directory(ignored);
}

class FolderReader {
 public:
  FolderReader(const fs::path& folder, const ImageFolderOptions& options) : folder_(folder), options_(options) {}

  Dataset read() {
    find_class_folders();
    list_pictures();
    return decode();
  }

 private:
  void note(const std::string& text) const {
    if (options_.on_note) options_.on_note(text);
  }

  void add_classes(const fs::path& folder, FolderSplit split) {
    std::vector<ClassFolder> found;
    for (const auto& entry : sorted_entries(folder)) {
      if (!is_folder(entry)) continue;
      const std::string name = entry.path().filename().string();
      const auto emotion = parse_emotion(name);
      if (!emotion) {
        throw DataError(printable(entry.path().string()) + ": " +
                        unknown_name_message("class folder", name, emotion_names()));
      }
      found.push_back({entry.path(), split, *emotion});
    }
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.emotion < b.emotion; });
    classes_.insert(classes_.end(), found.begin(), found.end());
  }

  void find_class_folders() {
    std::error_code ignored;
    if (!fs::exists(folder_, ignored)) throw IoError(printable(folder_.string()) + ": no such folder");
    std::vector<std::pair<FolderSplit, fs::path>> splits;
    std::vector<std::string> others;
    for (const auto& entry : sorted_entries(folder_)) {
      if (!is_folder(entry)) continue;
      const auto split = split_folder(entry.path().filename().string());
      if (split) splits.emplace_back(*split, entry.path());
      if (!split) others.push_back(entry.path().string());
    }
    if (splits.empty()) return add_classes(folder_, FolderSplit::train);
    for (const std::string& other : others) {
      note(printable(other) + ": not train, validation or test: passed over");
    }
    std::sort(splits.begin(), splits.end());
    for (const auto& [split, path] : splits) add_classes(path, split);
  }

  static Split split_of(FolderSplit folder, const std::string& file_name) {
    if (folder == FolderSplit::train) return Split::train;
    if (folder == FolderSplit::validation) return Split::public_test;
    return file_name.rfind("PublicTest_", 0) == 0 ? Split::public_test : Split::private_test;
  }

  void list_pictures() {
    std::size_t empty = 0;
    for (const ClassFolder& folder : classes_) {
      const std::size_t before = files_.size();
      for (const auto& entry : sorted_entries(folder.path)) {
        if (is_folder(entry)) {
          note(printable(entry.path().string()) + ": a folder inside a class folder: passed over");
          continue;
        }
        files_.push_back({entry.path(), folder.emotion, split_of(folder.split, entry.path().filename().string())});
      }
      if (files_.size() > before) continue;
      ++empty;
      note(printable(folder.path.string()) + ": empty class folder");
    }
    const std::string place = printable(folder_.string());
    if (files_.empty()) {
      throw DataError(place + ": no pictures found: expected <class>/* or train|validation|test/<class>/*");
    }
    if (empty * 2 > classes_.size()) {
      throw DataError(place + ": " + std::to_string(empty) + " of " + std::to_string(classes_.size()) +
                      " class folders are empty: unpack the data set again, or remove the empty folders");
    }
  }

  Dataset decode() {
    constexpr std::size_t kChunk = 64;
    std::vector<std::uint8_t> pixels(files_.size() * kFacePixels);
    std::vector<std::string> errors(files_.size());
    PictureOptions grey;
    grey.grey = true;
    parallel_for(files_.size(), kChunk, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        try {
          refuse_special_file(files_[i].path);
          const FaceChip chip = whole_picture_chip(load_picture(files_[i].path, grey));
          std::copy(chip.pixels.begin(), chip.pixels.end(), pixels.data() + i * kFacePixels);
        } catch (const Error& error) {
          errors[i] = error.what();  // reported below, in the order of the files
        }
      }
    });
    return collect(pixels, errors);
  }

  Dataset collect(const std::vector<std::uint8_t>& pixels, const std::vector<std::string>& errors) {
    Dataset data;
    data.sources.push_back({folder_.string(), 1.0, 0, 0});
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (!errors[i].empty()) {
        if (!options_.skip_bad_rows) throw DataError(errors[i] + " (--skip-bad-rows skips and counts such pictures)");
        note(errors[i] + ": skipped");
        ++data.sources[0].skipped;
        continue;
      }
      const PictureFile& file = files_[i];
      data.add(pixels.data() + i * kFacePixels, file.emotion, file.split, 0,
               file.path.lexically_relative(folder_).generic_string());
      ++data.sources[0].rows;
    }
    if (data.size() == 0) throw DataError(printable(folder_.string()) + ": none of its pictures can be decoded");
    return data;
  }

  fs::path folder_;
  const ImageFolderOptions& options_;
  std::vector<ClassFolder> classes_;
  std::vector<PictureFile> files_;
};

}  // namespace

Dataset read_image_folder(const std::filesystem::path& folder, const ImageFolderOptions& options) {
  return FolderReader(folder, options).read();
}

}  // namespace affekt
