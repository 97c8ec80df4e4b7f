// Tracks that must not be recommended.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>

#include "affekt/core/export.h"
#include "affekt/music/track_table.h"

namespace affekt {

/// Ids and names to leave out. Of the playlists this project writes, CSV, M3U8 and URIs can be read back.
class AFFEKT_API ExclusionList {
 public:
  /// One track a line: a Spotify id, URI or URL; an id as the catalogue has it; or "artist - title", compared as
  /// song_name() does: another edition of the recording is the same song. In an M3U the #EXTINF names count; other
  /// lines beginning with '#' are comments. Or a CSV whose header names an id column, or a title and an artist column,
  /// with the aliases of track tables.
  /// @param place  the file's name, for messages.
  /// @throws DataError  not a text, or a CSV with broken quoting.
  static ExclusionList parse(std::string_view text, const std::string& place);
  /// @param path  "-" is standard input. @throws IoError, DataError.
  static ExclusionList read(const std::string& path);

  /// Adds the entries of another list.
  void add(const ExclusionList& other);

  /// Adds the songs of the tracks whose ids are in the list, so that other ids of them are left out, too.
  void add_songs_of_ids(const TrackTable& tracks);

  bool contains(const TrackTable& tracks, std::size_t row) const;
  bool empty() const { return ids_.empty() && names_.empty(); }
  /// Different ids and names in the list.
  std::size_t size() const { return ids_.size() + named_; }

 private:
  void add_line(std::string_view line);
  void add_id(std::string_view id);
  void add_name(std::string_view line);
  bool add_csv(std::string_view text, const std::string& place);
  bool has_id(const TrackTable& tracks, std::size_t row) const;
  /// True: it is new.
  bool add_song(const std::string& name);

  std::unordered_set<std::string> ids_;
  std::unordered_set<std::string> names_;    ///< song_name().
  std::unordered_set<std::string> artists_;  ///< The artists of names_.
  std::size_t named_ = 0;                    ///< Entries that names_ came from.
};

}  // namespace affekt
