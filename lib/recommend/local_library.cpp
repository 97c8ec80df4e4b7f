#include "affekt/recommend/local_library.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/parallel.h"
#include "affekt/core/plugin.h"
#include "affekt/core/text.h"
#include "affekt/music/track_table.h"
#include "affekt/recommend/track_names.h"
#include "recommend/audio_tags.h"

namespace affekt {
namespace {

namespace fs = std::filesystem;

bool is_audio_file(const fs::path& path) {
  constexpr std::array<std::string_view, 18> kExtensions{".mp3", ".flac", ".ogg", ".oga",  ".opus", ".m4a",
                                                         ".m4b", ".mp4",  ".aac", ".wma",  ".wav",  ".aif",
                                                         ".ape", ".mpc",  ".wv",  ".aiff", ".spx",  ".tta"};
  const std::string extension = lower_ascii(path.extension().native());
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

/// All audio files below a folder. A folder is known by device and inode, however many links lead to it.
class FolderWalk {
 public:
  explicit FolderWalk(std::size_t most_files) : most_files_(most_files) {}

  /// False if the first folder cannot be listed.
  bool run(const fs::path& top) {
    enqueue(top);
    for (bool first = true; !folders_.empty() && !cut_; first = false) {
      const fs::path folder = std::move(folders_.back());
      folders_.pop_back();
      if (list(folder)) continue;
      if (first) return false;
      ++unreadable_folders_;
    }
    std::sort(files_.begin(), files_.end());
    return true;
  }

  const std::vector<std::string>& files() const { return files_; }
  std::size_t unreadable_folders() const { return unreadable_folders_; }
  bool cut() const { return cut_; }

 private:
  void enqueue(const fs::path& folder) {
    struct stat what {};
    if (::stat(folder.c_str(), &what) != 0 || !S_ISDIR(what.st_mode)) return;
    if (seen_.emplace(what.st_dev, what.st_ino).second) folders_.push_back(folder);
  }

  bool list(const fs::path& folder) {
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      std::error_code none;  // a link that leads nowhere or in a ring has no status: not a file
      const fs::file_status status = it->status(none);
      if (fs::is_directory(status)) {
        enqueue(it->path());
      } else if (fs::is_regular_file(status) && is_audio_file(it->path())) {
        if (files_.size() == most_files_) {
          cut_ = true;
          return true;
        }
        files_.push_back(it->path().native());
      }
    }
    return !error;
  }

  std::size_t most_files_;
  std::set<std::pair<dev_t, ino_t>> seen_;
  std::vector<fs::path> folders_;
  std::vector<std::string> files_;
  std::size_t unreadable_folders_ = 0;
  bool cut_ = false;
};

struct FileEntry {
  AudioTags tags;
  bool readable = false;
};

std::vector<FileEntry> read_tags(const std::vector<std::string>& files) {
  std::string why;
  void* symbol = plugin_symbol(kLibraryLibrary, kReadAudioTags, &why);
  if (symbol == nullptr) {
    throw UsageError("--library: this build reads no audio files: libaffekt_library cannot be loaded (" + why +
                     "); install libtag1-dev and build again");
  }
  const auto read = reinterpret_cast<ReadAudioTags>(symbol);
  std::vector<FileEntry> entries(files.size());
  parallel_for(files.size(), 16, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) entries[i].readable = read(files[i].c_str(), entries[i].tags);
  });
  return entries;
}

}  // namespace

LocalLibrary read_local_library(const std::string& folder, std::size_t most_files) {
  std::error_code error;
  const fs::path top = fs::absolute(folder, error).lexically_normal();
  const std::string name = printable(folder);
  if (folder.empty() || !fs::exists(top, error)) throw IoError(name + ": no such folder (--library)");
  if (!fs::is_directory(top, error)) throw IoError(name + ": expected a folder of audio files, found a file");
  FolderWalk walk(most_files);
  if (!walk.run(top)) throw IoError(name + ": cannot be listed");
  if (walk.files().empty()) throw DataError(name + ": no audio files in it (mp3, flac, ogg, opus, m4a, wav, ...)");
  auto entries = read_tags(walk.files());
  LocalLibrary library;
  library.files = entries.size();
  library.unreadable_folders = walk.unreadable_folders();
  library.cut = walk.cut();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    AudioTags& tags = entries[i].tags;
    if (!entries[i].readable) {
      ++library.unreadable;
    } else if (trim(tags.title).empty() || trim(tags.artist).empty()) {
      ++library.untagged;
    } else {
      library.tracks.push_back({walk.files()[i], std::move(tags.title), std::move(tags.artist)});
    }
  }
  return library;
}

void match_local_files(Recommendation& recommendation, const LocalLibrary& library) {
  const auto key = [](const std::string& title, const std::string& artist, Artists which) {
    return title_key(title) + '\n' + artist_key(artist, which);
  };
  std::unordered_map<std::string, std::vector<std::size_t>> places;
  for (std::size_t i = 0; i < library.tracks.size(); ++i) {
    const LocalTrack& track = library.tracks[i];
    const std::string all = key(track.title, track.artist, Artists::all);
    const std::string first = key(track.title, track.artist, Artists::first);
    places[all].push_back(i);
    if (first != all) places[first].push_back(i);
  }
  std::size_t matched = 0;
  for (auto& track : recommendation.tracks) {
    auto found = places.find(key(track.title, track.artist, Artists::all));
    if (found == places.end()) found = places.find(key(track.title, track.artist, Artists::first));
    track.file.clear();
    if (found == places.end()) continue;
    const std::string wanted = fold_case(track.title);
    const auto& files = found->second;
    const auto exact = std::find_if(files.begin(), files.end(),
                                    [&](std::size_t i) { return fold_case(library.tracks[i].title) == wanted; });
    track.file = library.tracks[exact == files.end() ? files.front() : *exact].path;
    ++matched;
  }
  recommendation.library = LibraryMatch{library.files, library.unreadable, library.untagged, matched};
}

}  // namespace affekt
