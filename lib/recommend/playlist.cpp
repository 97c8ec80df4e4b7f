#include "affekt/recommend/playlist.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "affekt/core/table.h"
#include "affekt/core/text.h"
#include "recommend/playlist_text.h"

namespace affekt {
namespace {

using playlist::display_name;
using playlist::one_line;

std::string number_or_empty(double value, int decimals) {
  return std::isfinite(value) ? format_fixed(value, decimals) : "";
}

// Whether the library has it, where there is one.
std::string file_mark(const Recommendation& recommendation, const RecommendedTrack& track) {
  if (!recommendation.library) return "";
  return track.file.empty() ? "no file  " : "file     ";
}

std::string table(const Recommendation& recommendation) {
  constexpr std::size_t kNameColumns = 48;
  std::vector<std::string> names;
  std::size_t name_columns = 0;
  std::size_t mood_columns = 0;
  for (const auto& track : recommendation.tracks) {
    names.push_back(printable(display_name(track), kNameColumns));
    name_columns = std::max(name_columns, count_code_points(names.back()));
    mood_columns = std::max(mood_columns, count_code_points(printable(track.mood)));
  }
  const std::size_t rank_columns = std::to_string(recommendation.tracks.size()).size();
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const RecommendedTrack& track = recommendation.tracks[i];
    text += padded(std::to_string(track.rank), rank_columns) + "  " + padded(names[i], name_columns) + "  " +
            padded(printable(track.mood), mood_columns) + "  " + file_mark(recommendation, track) +
            printable(track.reason, 400) + "\n";
  }
  return text;
}

std::string csv(const Recommendation& recommendation) {
  Table table;
  table.columns = {{"rank"},        {"id"},     {"title"},       {"artist"},     {"album"},
                   {"duration_ms"}, {"score"},  {"cluster"},     {"mood"},       {"valence"},
                   {"energy"},      {"reason"}, {"aim_valence"}, {"aim_energy"}, {"file"}};
  for (const auto& track : recommendation.tracks) {
    const long long ms = playlist::whole_milliseconds(track);
    table.rows.push_back({std::to_string(track.rank), one_line(track.id), one_line(track.title), one_line(track.artist),
                          one_line(track.album), ms < 0 ? "" : std::to_string(ms), number_or_empty(track.score, 4),
                          std::to_string(track.cluster), one_line(track.mood), number_or_empty(track.valence, 4),
                          number_or_empty(track.energy, 4), one_line(track.reason),
                          track.aim ? number_or_empty(track.aim->valence, 4) : "",
                          track.aim ? number_or_empty(track.aim->energy, 4) : "", playlist::m3u8_path(track.file)});
  }
  return table_csv(table);
}

std::string m3u8_location(const RecommendedTrack& track) {
  if (!track.file.empty()) return playlist::m3u8_path(track.file);
  std::string uri = playlist::spotify_uri(track);
  if (!uri.empty()) return uri;
  return "https://open.spotify.com/search/" +
         playlist::percent_encode(trim(one_line(track.artist) + " " + one_line(track.title)));
}

std::string m3u8(const Recommendation& recommendation, const std::string& title) {
  std::string text = "#EXTM3U\n#PLAYLIST:" + one_line(title) + "\n";
  for (const auto& track : recommendation.tracks) {
    if (!playlist::is_listed(recommendation, track)) {
      text += "# no file: " + display_name(track) + "\n";
      continue;
    }
    const long long ms = playlist::whole_milliseconds(track);
    const long long seconds = ms < 0 ? -1 : (ms + 500) / 1000;
    text += "#EXTINF:" + std::to_string(seconds) + "," + display_name(track) + "\n" + m3u8_location(track) + "\n";
  }
  return text;
}

PlaylistText uris(const Recommendation& recommendation) {
  PlaylistText result;
  for (const auto& track : recommendation.tracks) {
    const std::string uri = playlist::spotify_uri(track);
    if (uri.empty()) {
      ++result.left_out;
    } else {
      result.text += uri + "\n";
    }
  }
  return result;
}

std::size_t count_unlisted(const Recommendation& recommendation) {
  const auto& tracks = recommendation.tracks;
  const auto unlisted = [&](const auto& track) { return !playlist::is_listed(recommendation, track); };
  return static_cast<std::size_t>(std::count_if(tracks.begin(), tracks.end(), unlisted));
}

}  // namespace

const std::vector<std::pair<std::string, PlaylistFormat>>& playlist_format_names() {
  static const std::vector<std::pair<std::string, PlaylistFormat>> names = {
      {"table", PlaylistFormat::table}, {"csv", PlaylistFormat::csv},   {"m3u8", PlaylistFormat::m3u8},
      {"xspf", PlaylistFormat::xspf},   {"jspf", PlaylistFormat::jspf}, {"uris", PlaylistFormat::uris}};
  return names;
}

PlaylistText write_playlist(const Recommendation& recommendation, PlaylistFormat format, const std::string& title) {
  switch (format) {
    case PlaylistFormat::table:
      return {table(recommendation), 0};
    case PlaylistFormat::csv:
      return {csv(recommendation), 0};
    case PlaylistFormat::m3u8:
      return {m3u8(recommendation, title), count_unlisted(recommendation)};
    case PlaylistFormat::xspf:
      return {playlist::xspf(recommendation, title), count_unlisted(recommendation)};
    case PlaylistFormat::jspf:
      return {playlist::jspf(recommendation, title), count_unlisted(recommendation)};
    case PlaylistFormat::uris:
      break;
  }
  return uris(recommendation);
}

}  // namespace affekt
