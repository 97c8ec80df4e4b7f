// Which tracks of a catalogue may be recommended at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/music/track_table.h"

namespace affekt {

enum class ExplicitTracks : std::uint8_t { allow, exclude, only };

/// Every condition holds for a track that stays; what the catalogue does not know of a track counts as not holding.
struct AFFEKT_API TrackFilter {
  std::string years;  ///< "A:B" of release, both included; "A:" and ":B" are open, "A" is one year; "" = all.
  std::vector<std::string> genres;  ///< One of them; "rock" also fits "punk rock", whatever the case. Empty = all.
  ExplicitTracks explicit_tracks = ExplicitTracks::allow;

  /// @throws UsageError  years that are no range, an empty genre.
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
