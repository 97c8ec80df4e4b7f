// Private: what the cells of one numeric column mean, and the unit the column turns out to have.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "affekt/music/track_reader.h"
#include "music/column_names.h"

namespace affekt {

inline constexpr float kLongestSong = 10000;  ///< As seconds: almost three hours; as milliseconds: ten seconds.

/// What unit() needs to know of the cells; one each part of a file, joined afterwards.
struct NumberTraits {
  bool percent_sign = false, clock = false;
  bool whole = true;   ///< Every number.
  float greatest = 0;  ///< Of the numbers and 0.
  // Of a fraction, 0..1: numbers; those of them outside 0..1; outside 0..100.
  std::size_t known = 0, no_fraction = 0, no_percent = 0;
  std::size_t impossible = 0;  ///< Of another column: what no track can have; read as missing.

  void join(const NumberTraits& other);
};

bool is_fraction(TrackFeature feature);  ///< 0..1 in Spotify's tables.

/// What brings the values of a column to the unit of its feature.
struct UnitChange {
  double factor = 1;
  std::string why;          ///< "" = they have it.
  bool fraction = false;    ///< What lies outside 0..1 then is missing.
  std::size_t outside = 0;  ///< Numbers that are missing because they cannot be.
};

void change_unit(const UnitChange& change, std::vector<float>& values);

class NumberLoader {
 public:
  NumberLoader(std::size_t column, std::string header, const ColumnRole& role, bool decimal_comma)
      : column_(column),
        header_(std::move(header)),
        role_(role),
        decimal_comma_(decimal_comma),
        fraction_(is_fraction(*role.feature)) {}

  std::size_t column() const { return column_; }
  TrackFeature feature() const { return *role_.feature; }
  /// NaN where missing. Safe to call from several threads, each with traits of its own.
  float read(std::string_view cell, NumberTraits& traits) const;
  /// @param short_songs  says by what lengths in milliseconds would be too short for songs; "" if they would not. Asked
  ///                     only where the name of a column of lengths leaves it open.
  UnitChange unit(const NumberTraits& traits, const std::function<std::string()>& short_songs) const;
  /// What a line of the notes says of the column.
  std::string note(const std::string& what) const;
  bool is_streams() const { return role_.is_streams; }  ///< Popularity by rank: needs the whole column.
  /// Brings the values to the unit of the feature; notes say what was scaled. @returns what was done.
  UnitChange finish(const NumberTraits& traits, std::vector<float>& values, TrackReadNotes& notes) const;
  /// Warns of values of a whole column that were taken as missing. @throws DataError  most of a column of fractions.
  void check_range(const UnitChange& change, const NumberTraits& traits, const std::string& path,
                   TrackReadNotes& notes) const;

 private:
  double read_any(std::string_view cell, NumberTraits& traits) const;
  double possible(double value, NumberTraits& traits) const;
  UnitChange fraction_unit(const NumberTraits& traits) const;
  UnitChange duration_unit(const NumberTraits& traits, const std::function<std::string()>& short_songs) const;
  void rank(std::vector<float>& values, TrackReadNotes& notes) const;

  std::size_t column_;
  std::string header_;
  ColumnRole role_;
  bool decimal_comma_;
  bool fraction_;  // 0..1
};

}  // namespace affekt
