// Reads the popular Spotify CSV dialects; docs/track-tables.md lists columns and rules.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/music/track_table.h"

namespace affekt {

/// What a file turned out to be and what was made of it, for -v and for messages.
struct TrackReadNotes {
  std::vector<std::string> lines;  ///< "delimiter ';'", "energy: percent, scaled by 0.01", ...
};

/// Why rows were left out.
struct DroppedTracks {
  std::size_t missing = 0;    ///< A wanted feature is empty, NA, not a finite number, or a tempo of 0.
  std::size_t duplicate = 0;  ///< Same id, or same title and artist whatever their case, as an earlier row.
  std::size_t malformed =
      0;  ///< Broken quoting, a zero byte, more than 1 MiB, or another number of cells than the header has.
  std::string first_malformed;  ///< Place and fault of the first of these.
};

/// Why no track is left, in words, for a DataError.
AFFEKT_API std::string no_tracks_message(const DroppedTracks& dropped);

/// Every well-formed row of a CSV file, in file order; "-" is standard input.
/// @throws IoError   missing or unreadable.
/// @throws DataError empty, binary, or without a single feature column (the message names those looked
///                   for and those found).
AFFEKT_API TrackTable read_tracks(const std::string& path, DroppedTracks& dropped, TrackReadNotes& notes);

/// Leaves out rows lacking one of `wanted`, then duplicates (by id, then by title and artist; the first row stays).
AFFEKT_API void drop_unusable(TrackTable& table, const std::vector<TrackFeature>& wanted, DroppedTracks& dropped);

/// The cells of one column as they stand in the files, by its name (case, spaces and marks do not matter); "" where a
/// file has no such column. Needs rows read from files. @throws UsageError  no file has it; names those there are.
AFFEKT_API std::vector<std::string> column_texts(const TrackTable& table, const std::string& name);

/// The nine audio features as far as the table has them.
AFFEKT_API std::vector<TrackFeature> default_features(const TrackTable& table);

}  // namespace affekt
