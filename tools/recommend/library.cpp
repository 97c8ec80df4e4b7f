// --library: the recommended tracks as files of one's own.
#include "affekt/core/text.h"
#include "recommend/job.h"

namespace affekt::cli {
namespace {

double match_rate(const LibraryMatch& match, std::size_t tracks) {
  return tracks == 0 ? 0.0 : static_cast<double>(match.matched) / static_cast<double>(tracks);
}

}  // namespace

void find_files(const LocalLibrary& library, Recommendation& recommendation, Io& io) {
  match_local_files(recommendation, library);
  const LibraryMatch& match = *recommendation.library;
  const std::size_t tracks = recommendation.tracks.size();
  std::string text = "library: " + std::to_string(match.matched) + " of " + std::to_string(tracks) +
                     " tracks have a file (" + format_fixed(100 * match_rate(match, tracks), 0) + " %); " +
                     std::to_string(match.files) + (match.files == 1 ? " audio file" : " audio files");
  if (match.unreadable > 0) text += ", " + std::to_string(match.unreadable) + " unreadable";
  if (match.untagged > 0) text += ", " + std::to_string(match.untagged) + " without title or artist";
  io.note(text);
  if (library.unreadable_folders > 0) {
    io.warn("library: folders that cannot be listed: " + std::to_string(library.unreadable_folders));
  }
  if (library.cut) io.warn("library: more audio files than can be read, only the first were looked at");
}

Json library_json(const LibraryMatch& match, std::size_t tracks) {
  return {{"files", match.files},
          {"unreadable", match.unreadable},
          {"untagged", match.untagged},
          {"matched", match.matched},
          {"match_rate", match_rate(match, tracks)}};
}

}  // namespace affekt::cli
