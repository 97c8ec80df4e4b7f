#include "affekt/recommend/history.h"

#include <string>

#include "affekt/core/file.h"
#include "affekt/core/text.h"
#include "recommend/playlist_text.h"

namespace affekt {
namespace {

std::string history_line(const RecommendedTrack& track) {
  std::string uri = playlist::spotify_uri(track);
  if (!uri.empty()) return uri;
  const std::string artist = playlist::one_line(track.artist);
  const std::string title = playlist::one_line(track.title);
  return artist.empty() || title.empty() ? playlist::one_line(track.id) : artist + " - " + title;
}

}  // namespace

ExclusionList read_history(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored) ? ExclusionList::read(path.string()) : ExclusionList{};
}

void append_history(const std::filesystem::path& path, const Recommendation& recommendation) {
  std::string text;
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) text = InputFile::open(path).bytes();
  if (!text.empty() && text.back() != '\n') text += '\n';
  for (const RecommendedTrack& track : recommendation.tracks) text += history_line(track) + "\n";
  write_file(path, text);
}

}  // namespace affekt
