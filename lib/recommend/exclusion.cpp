#include "affekt/recommend/exclusion.h"

#include <optional>
#include <vector>

#include "affekt/core/csv.h"
#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/text.h"
#include "affekt/music/spotify_id.h"
#include "affekt/recommend/track_names.h"
#include "music/column_names.h"

namespace affekt {
namespace {

struct Columns {
  std::optional<std::size_t> id, title, artist;
  bool usable() const { return id || (title && artist); }
};

Columns find_columns(const CsvReader& header) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < header.size(); ++i) names.push_back(trim(header[i]));
  return {text_column_of(names, TextRole::id), text_column_of(names, TextRole::title),
          text_column_of(names, TextRole::artist)};
}

}  // namespace

void ExclusionList::add_id(std::string_view id) {
  if (const auto spotify = parse_spotify_track(id)) {
    ids_.insert(*spotify);
  } else if (!trim(id).empty()) {
    ids_.emplace(trim(id));
  }
}

bool ExclusionList::add_song(const std::string& name) {
  if (name.empty()) return false;
  artists_.insert(name.substr(0, name.find('\n')));
  return names_.insert(name).second;
}

// Names may have " - " in them: whichever is the one between artist and title.
void ExclusionList::add_name(std::string_view line) {
  constexpr std::string_view kDash = " - ";
  bool added = false;
  for (auto dash = line.find(kDash); dash != std::string_view::npos; dash = line.find(kDash, dash + 1)) {
    if (dash > 0) added = add_song(song_name(line.substr(0, dash), line.substr(dash + kDash.size()))) || added;
  }
  named_ += added ? 1 : 0;
}

void ExclusionList::add_line(std::string_view line) {
  constexpr std::string_view kExtInf = "#EXTINF:";
  line = trim(line);
  if (line.rfind(kExtInf, 0) == 0) {
    const auto comma = line.find(',');
    if (comma == std::string_view::npos) return;
    line = trim(line.substr(comma + 1));
  } else if (line.empty() || line.front() == '#') {
    return;
  }
  if (line.find(" - ") != std::string_view::npos) {
    add_name(line);
  } else {
    add_id(line);
  }
}

bool ExclusionList::add_csv(std::string_view text, const std::string& place) {
  const std::string_view first = text.substr(0, text.find_first_of("\r\n"));
  if (first.find_first_of(",;\t|") == std::string_view::npos) return false;
  CsvReader reader(text, place);
  if (!reader.next()) return false;
  const Columns columns = find_columns(reader);
  if (!columns.usable()) return false;
  const auto cell = [&](std::optional<std::size_t> column) {
    return column && *column < reader.size() ? to_utf8(trim(reader[*column])) : std::string();
  };
  while (reader.next()) {
    const std::string id = cell(columns.id);
    const std::string title = cell(columns.title);
    const std::string artist = cell(columns.artist);
    if (!id.empty()) add_id(id);
    named_ += add_song(song_name(artist, title)) ? 1 : 0;
  }
  return true;
}

ExclusionList ExclusionList::parse(std::string_view text, const std::string& place) {
  if (text.find('\0') != std::string_view::npos) {
    throw DataError(printable(place) + ": expected a text with one track a line or a CSV, found a zero byte");
  }
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.rfind(kByteOrderMark, 0) == 0) text.remove_prefix(kByteOrderMark.size());
  ExclusionList list;
  if (list.add_csv(text, place)) return list;
  while (!text.empty()) {
    const auto end = text.find_first_of("\r\n");
    list.add_line(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return list;
}

ExclusionList ExclusionList::read(const std::string& path) {
  const InputFile file = InputFile::open(path);
  return parse(file.bytes(), path);
}

void ExclusionList::add(const ExclusionList& other) {
  ids_.insert(other.ids_.begin(), other.ids_.end());
  names_.insert(other.names_.begin(), other.names_.end());
  artists_.insert(other.artists_.begin(), other.artists_.end());
  named_ += other.named_;
}

void ExclusionList::add_songs_of_ids(const TrackTable& tracks) {
  for (std::size_t row = 0; row < tracks.size(); ++row) {
    if (has_id(tracks, row)) add_song(song_name(tracks.primary_artist(row), tracks.text(tracks.title, row)));
  }
}

bool ExclusionList::has_id(const TrackTable& tracks, std::size_t row) const {
  if (ids_.empty()) return false;
  const std::string_view id = tracks.text(tracks.id, row);
  if (!id.empty() && ids_.count(std::string(id)) != 0) return true;
  const auto spotify = parse_spotify_track(id);
  return spotify && ids_.count(*spotify) != 0;
}

bool ExclusionList::contains(const TrackTable& tracks, std::size_t row) const {
  if (has_id(tracks, row)) return true;
  if (names_.empty()) return false;
  // Artists first: most rows are done with then.
  const std::string_view artist = tracks.primary_artist(row);
  if (artist.empty() || artists_.count(artist_key(std::string(artist), Artists::first)) == 0) return false;
  return names_.count(song_name(artist, tracks.text(tracks.title, row))) != 0;
}

}  // namespace affekt
