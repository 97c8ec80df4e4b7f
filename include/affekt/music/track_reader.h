// Reads the popular Spotify CSV dialects; docs/track-tables.md lists columns and rules.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/music/track_table.h"

namespace affekt {

/// What a file turned out to be and what was made of it, for -v and for messages.
struct TrackReadNotes {
  std::vector<std::string> lines;     ///< "delimiter ';'", "energy: percent, scaled by 0.01", ...
  std::vector<std::string> warnings;  ///< Values taken as missing because they cannot be: the user should know.
};

/// A column named by the user for something the reader would look for under other names.
struct ColumnOverride {
  std::string role;    ///< title, artist, album, id, genre, label or a feature_name().
  std::string column;  ///< Header of the column; case, spaces and marks do not matter unless that leaves a choice.
};

/// "title=Song,artist=By" to overrides. @throws UsageError  no '=', an unknown or repeated role, an empty name.
AFFEKT_API std::vector<ColumnOverride> parse_column_overrides(std::string_view text);

struct TrackReadOptions {
  std::vector<ColumnOverride> columns;            ///< Where a file has no such column, the usual names hold.
  std::vector<std::string> cells;                 ///< Columns, by header, that go into TrackTable::cells too.
  std::size_t part_bytes = std::size_t{4} << 20;  ///< About as much is read at once on a thread; never changes a table.
};

/// Why rows were left out.
struct DroppedTracks {
  /// A wanted feature is empty, NA, not a finite number, a tempo of 0 or a number that no track can have.
  std::size_t missing = 0;
  /// Rows that lack each feature, by TrackFeature; one that lacks several counts for each.
  std::array<std::size_t, kTrackFeatureCount> lacking{};
  std::size_t duplicate = 0;  ///< Same id, or same title and artist whatever their case, as an earlier row.
  std::size_t malformed =
      0;  ///< Broken quoting, a zero byte, more than 1 MiB, or another number of cells than the header has.
  std::string first_malformed;  ///< Place and fault of the first of these.

  /// Malformed rows of a further file.
  AFFEKT_API void add_malformed(std::size_t count, const std::string& first);
};

/// "tempo 300, energy 2": what rows were left out for, most first; "" if none was.
AFFEKT_API std::string lacking_in_words(const DroppedTracks& dropped);

/// Why no track is left, in words, for a DataError.
AFFEKT_API std::string no_tracks_message(const DroppedTracks& dropped);

/// What a file held.
struct TrackFile {
  TrackTable table;
  DroppedTracks dropped;  ///< Malformed rows alone.
  TrackReadNotes notes;
};

/// Every well-formed row of a CSV file, in file order; "-" is standard input.
/// @throws IoError   missing or unreadable.
/// @throws DataError empty, binary, or without a single feature column (the message names those looked
///                   for and those found), or with a fraction column most of whose values lie outside 0..1 and 0..100.
///
/// Rows are read in parts on all threads; the table, the places in messages and the counts are those of one reader that
/// goes from begin to end, whatever stray quotes do to the cut. The file stays mapped: texts refer to it.
AFFEKT_API TrackFile read_tracks(const std::string& path, const TrackReadOptions& options = {});

/// @throws UsageError  none of the files has the column of an override; the message names the nearest.
AFFEKT_API void require_columns(const std::vector<TrackSource>& files, const std::vector<ColumnOverride>& columns);
/// @throws UsageError  none of the files has the column; the message names the nearest.
AFFEKT_API void require_column(const std::vector<TrackSource>& files, const std::string& name);

/// The median of each column's known values (of an even count the lower of the middle two); NaN where there is none.
AFFEKT_API std::vector<double> column_medians(const TrackTable& table, const std::vector<TrackFeature>& features);

/// Puts `values` in place of missing ones, in rows that have at least one of the features; a value of NaN fills
/// nothing.
/// @param values  as many as features. @returns how many rows were changed.
AFFEKT_API std::size_t fill_missing(TrackTable& table, const std::vector<TrackFeature>& features,
                                    const std::vector<double>& values);

/// Leaves out rows lacking one of `wanted`, then duplicates (by id, then by title and artist; the first row stays).
AFFEKT_API void drop_unusable(TrackTable& table, const std::vector<TrackFeature>& wanted, DroppedTracks& dropped);

/// The nine audio features as far as the table has them.
AFFEKT_API std::vector<TrackFeature> default_features(const TrackTable& table);

}  // namespace affekt
