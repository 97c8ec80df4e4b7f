// Private: what the cells of one numeric column mean, and the unit the column turns out to have.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "affekt/music/track_reader.h"
#include "music/column_names.h"

namespace affekt {

/// What finish() needs to know of the cells; one each part of a file, joined afterwards.
struct NumberTraits {
  bool percent_sign = false, clock = false;
  bool whole = true;   ///< Every number.
  float greatest = 0;  ///< Of the numbers and 0.

  void join(const NumberTraits& other);
};

class NumberLoader {
 public:
  NumberLoader(std::size_t column, std::string header, const ColumnRole& role, bool decimal_comma)
      : column_(column), header_(std::move(header)), role_(role), decimal_comma_(decimal_comma) {}

  std::size_t column() const { return column_; }
  TrackFeature feature() const { return *role_.feature; }
  /// NaN where missing. Safe to call from several threads, each with traits of its own.
  float read(std::string_view cell, NumberTraits& traits) const;
  /// Brings the values to the unit of the feature; notes say what was scaled.
  void finish(const NumberTraits& traits, std::vector<float>& values, TrackReadNotes& notes) const;

 private:
  double read_any(std::string_view cell, NumberTraits& traits) const;
  void scale(double factor, const std::string& why, std::vector<float>& values, TrackReadNotes& notes) const;
  void finish_fraction(const NumberTraits& traits, std::vector<float>& values, TrackReadNotes& notes) const;
  void finish_duration(const NumberTraits& traits, std::vector<float>& values, TrackReadNotes& notes) const;
  void rank(std::vector<float>& values, TrackReadNotes& notes) const;

  std::size_t column_;
  std::string header_;
  ColumnRole role_;
  bool decimal_comma_;
};

}  // namespace affekt
