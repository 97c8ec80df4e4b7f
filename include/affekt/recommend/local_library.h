// Recommended tracks as files of one's own music folder, so that a playlist plays.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/recommend/recommendation.h"

namespace affekt {

/// One audio file with what its tags say, UTF-8.
struct LocalTrack {
  std::string path;  ///< Absolute; bytes as the file system has them.
  std::string title;
  std::string artist;
};

struct LocalLibrary {
  std::vector<LocalTrack> tracks;      ///< Files with a title and an artist, ascending by path.
  std::size_t files = 0;               ///< Audio files found, by extension.
  std::size_t unreadable = 0;          ///< Of them: no permission, or not what the extension says.
  std::size_t untagged = 0;            ///< Of them: without a title or an artist.
  std::size_t unreadable_folders = 0;  ///< Folders left out because they cannot be listed.
  bool cut = false;                    ///< There are more than `most_files`; the rest was not looked at.
};

/// Finds the audio files (mp3, flac, ogg, opus, m4a, wav and others that TagLib knows) below a folder and reads their
/// tags, on all threads. Links are followed, each folder is entered once, so a loop of links ends. Files are opened for
/// reading only. Loads libaffekt_library, the only part that needs TagLib.
/// @param most_files  a bound for folders that are no music library at all.
/// @throws UsageError  this build has no libaffekt_library. @throws IoError  not a folder, or it cannot be listed.
/// @throws DataError   no audio file in it.
AFFEKT_API LocalLibrary read_local_library(const std::string& folder, std::size_t most_files = 1'000'000);

/// Fills `file` of the tracks that the library has, and `library` of the recommendation.
///
/// title_key() and artist_key() have to agree; of several artists the first is enough. Among several files the one
/// whose full title agrees wins, then the first by path. O(library + tracks).
AFFEKT_API void match_local_files(Recommendation& recommendation, const LocalLibrary& library);

}  // namespace affekt
