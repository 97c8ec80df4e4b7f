// Songs in memory: the columns that the popular Spotify tables share, whatever dialect they were read from.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "affekt/core/export.h"

namespace affekt {

/// The numeric columns. The first nine are the audio features that clustering uses unless told otherwise.
enum class TrackFeature : std::uint8_t {
  danceability,  ///< Fraction 0..1, as are the next ones without a unit.
  energy,
  loudness,  ///< dB relative to full scale, about -60..0.
  speechiness,
  acousticness,
  instrumentalness,
  liveness,
  valence,
  tempo,            ///< Beats per minute, > 0.
  key,              ///< Pitch class: 0 = C, 1 = C sharp, ... 11 = B.
  mode,             ///< 0 minor, 1 major.
  time_signature,   ///< Beats per bar.
  duration_ms,      ///< Milliseconds.
  popularity,       ///< 0..100; where a table has streams only: their percentile rank.
  year,             ///< Of release.
  explicit_lyrics,  ///< 0 or 1; named "explicit".
};

inline constexpr std::size_t kAudioFeatureCount = 9;
inline constexpr std::size_t kTrackFeatureCount = 16;

AFFEKT_API const char* feature_name(TrackFeature feature);
/// Names in the order of the enumeration.
AFFEKT_API const std::vector<std::string>& feature_names();
/// By its name or any alias a column may have ("bpm", "Energy", "acousticness_%").
AFFEKT_API std::optional<TrackFeature> parse_feature(std::string_view name);

/// Texts of one column, eight bytes a row beside the bytes themselves. Rows read from a file refer to the file's bytes,
/// which live as long as any column that refers to them.
class AFFEKT_API TextColumn {
 public:
  std::size_t size() const { return refs_.size(); }
  bool empty() const { return refs_.empty(); }
  /// UTF-8; "" where missing. Valid until the column is changed.
  std::string_view operator[](std::size_t row) const;
  /// Copies the text. At most 1 MiB of it is kept.
  void push_back(std::string_view text);
  /// Adds bytes that push_back_reference() may refer to; `owner` keeps them alive.
  void add_region(std::string_view bytes, std::shared_ptr<const void> owner);
  /// Refers to `text` if it lies in the region added last, else copies it.
  void push_back_reference(std::string_view text);
  /// Keeps the rows given (ascending) and forgets the others.
  void keep(const std::vector<std::size_t>& rows);
  void append(const TextColumn& other);
  void reserve(std::size_t rows) { refs_.reserve(rows); }
  /// New rows are "".
  void resize(std::size_t rows) { refs_.resize(rows); }

 private:
  friend class TextSlice;  // fills rows from several threads
  struct Region {
    std::uint64_t start;  ///< Position in the column's address space.
    std::string_view bytes;
    std::shared_ptr<const void> owner;
  };
  std::vector<std::uint64_t> refs_;  ///< Start << 20 | length; the top bit tells the pool from the regions.
  std::vector<Region> regions_;
  std::string pool_;
};

/// Where a row came from, so that it can be written out again as it was.
struct TrackSource {
  std::string path;  ///< As given by the user.
  char delimiter = ',';
  std::vector<std::string> columns;  ///< Header cells as read, UTF-8, trimmed.
};

/// n songs. Text columns have n rows or none; numeric columns have n values or none; missing numbers are NaN.
struct AFFEKT_API TrackTable {
  TextColumn title, artist, album, id, genre, label;
  std::array<std::vector<float>, kTrackFeatureCount> features;  ///< By TrackFeature.
  std::vector<std::uint16_t> primary_artist_bytes;              ///< Length of the first of several artists; 0 = all.
  std::vector<TextColumn> cells;  ///< Of the columns asked for by name: their cells as they stand, trimmed.
  std::vector<TrackSource> sources;
  std::vector<std::uint8_t> source;  ///< Index into sources, or empty.
  TextColumn raw;                    ///< The row as it stands in its file, or empty.
  std::size_t rows = 0;

  std::size_t size() const { return rows; }
  bool has(TrackFeature feature) const { return !column(feature).empty(); }
  std::vector<float>& column(TrackFeature feature) { return features[static_cast<std::size_t>(feature)]; }
  const std::vector<float>& column(TrackFeature feature) const { return features[static_cast<std::size_t>(feature)]; }
  /// NaN where missing.
  float value(TrackFeature feature, std::size_t row) const {
    return has(feature) ? column(feature)[row] : std::numeric_limits<float>::quiet_NaN();
  }
  /// "" where the column or the text is missing.
  std::string_view text(const TextColumn& texts, std::size_t row) const { return texts.empty() ? "" : texts[row]; }
  /// The first of several artists (list literals and ';' lists; elsewhere the whole text).
  std::string_view primary_artist(std::size_t row) const;

  /// Keeps the rows given (ascending).
  void keep(const std::vector<std::size_t>& kept);
  /// Appends the rows of another table; columns only one of them has are filled with missing values.
  void append(const TrackTable& other);
};

/// A text for comparing titles and artists: lower case (ASCII, Latin, Greek, Cyrillic), single spaces.
AFFEKT_API std::string fold_case(std::string_view utf8);

}  // namespace affekt
