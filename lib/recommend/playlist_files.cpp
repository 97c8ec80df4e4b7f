// Local files as players want them.
#include <algorithm>

#include "affekt/core/text.h"
#include "recommend/playlist_text.h"

namespace affekt::playlist {

bool is_listed(const Recommendation& recommendation, const RecommendedTrack& track) {
  return !recommendation.library || !track.file.empty();
}

std::string file_uri(std::string_view path) {
  std::string uri = "file://";
  while (!path.empty()) {
    const std::size_t slash = path.find('/', 1);
    uri += (path.front() == '/' ? "/" : "") + percent_encode(path.substr(path.front() == '/' ? 1 : 0, slash - 1));
    path.remove_prefix(std::min(slash, path.size()));
  }
  return uri;
}

std::string m3u8_path(std::string_view path) {
  // Players split at line breaks, trim blanks and take the list for UTF-8: one_line() changes what is none of that.
  return one_line(path) == path ? std::string(path) : file_uri(path);
}

}  // namespace affekt::playlist
