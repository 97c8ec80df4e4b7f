// Which tracks of a catalogue may be recommended at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/music/track_table.h"

namespace affekt {

enum class ExplicitTracks : std::uint8_t { allow, exclude, only };

/// Years of release, both ends included.
struct YearRange {
  int first = std::numeric_limits<int>::min(), last = std::numeric_limits<int>::max();
};

/// "A:B"; "A:" and ":B" are open, "A" is one year, "" is no range. @throws UsageError  anything else.
AFFEKT_API std::optional<YearRange> parse_years(const std::string& text);

/// Every condition holds for a track that stays; what the catalogue does not know of a track counts as not holding.
struct AFFEKT_API TrackFilter {
  std::optional<YearRange> years;
  std::vector<std::string> genres;  ///< One of them; "rock" also fits "punk rock", whatever the case. Empty = all.
  ExplicitTracks explicit_tracks = ExplicitTracks::allow;

  /// @throws UsageError  an empty genre.
  void validate() const;
};

/// Rows that stay, and how many each condition took away (a row counts for the first that fails).
struct FilteredRows {
  std::vector<std::size_t> rows;  ///< Ascending.
  std::size_t by_years = 0, by_genres = 0, by_explicit = 0;
};

/// @param rows  Ascending.
/// @throws UsageError as validate(). @throws DataError  the table lacks a column that a condition needs.
AFFEKT_API FilteredRows filter_rows(const TrackTable& tracks, const std::vector<std::size_t>& rows,
                                    const TrackFilter& filter);

}  // namespace affekt
