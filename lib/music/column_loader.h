// Private: one numeric column while it is being read, and the unit it turns out to have.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "affekt/music/track_reader.h"
#include "music/column_names.h"

namespace affekt {

class NumberLoader {
 public:
  NumberLoader(std::size_t column, std::string header, const ColumnRole& role, bool decimal_comma)
      : column_(column), header_(std::move(header)), role_(role), decimal_comma_(decimal_comma) {}

  std::size_t column() const { return column_; }
  TrackFeature feature() const { return *role_.feature; }
  void add(std::string_view cell);
  /// Values in the unit of the feature; notes say what was scaled.
  std::vector<float> finish(TrackReadNotes& notes);

 private:
  double read(std::string_view cell);
  void scale(double factor, const std::string& why, TrackReadNotes& notes);
  void finish_fraction(TrackReadNotes& notes);
  void finish_duration(TrackReadNotes& notes);
  void rank(TrackReadNotes& notes);

  std::size_t column_;
  std::string header_;
  ColumnRole role_;
  bool decimal_comma_, any_percent_sign_ = false, any_clock_ = false;
  std::vector<float> values_;
};

}  // namespace affekt
