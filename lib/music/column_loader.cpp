#include "music/column_loader.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "affekt/core/text.h"
#include "music/cells.h"

namespace affekt {
namespace {

using F = TrackFeature;

bool is_fraction(F feature) {
  return feature == F::danceability || feature == F::energy || feature == F::speechiness ||
         feature == F::acousticness || feature == F::instrumentalness || feature == F::liveness ||
         feature == F::valence;
}

}  // namespace

double NumberLoader::read(std::string_view cell) {
  switch (feature()) {
    case F::key:
      return key_cell(cell);
    case F::mode:
      return mode_cell(cell);
    case F::explicit_lyrics:
      return boolean_cell(cell);
    case F::year:
      return role_.is_date ? year_cell(cell) : number_cell(cell, decimal_comma_);
    case F::duration_ms: {
      const DurationCell duration = duration_cell(cell, decimal_comma_);
      any_clock_ = any_clock_ || duration.clock;
      return duration.value;
    }
    default:
      return number_cell(cell, decimal_comma_);
  }
}

void NumberLoader::add(std::string_view cell) {
  double value = is_missing(cell) ? std::numeric_limits<double>::quiet_NaN() : read(cell);
  if (!std::isnan(value) && cell.find('%') != std::string_view::npos) any_percent_sign_ = true;
  // A tempo of 0 is how Spotify says that it found no beat; a song has some length.
  if ((feature() == F::tempo || feature() == F::duration_ms) && value <= 0) {
    value = std::numeric_limits<double>::quiet_NaN();
  }
  const auto narrow = static_cast<float>(value);
  values_.push_back(std::isfinite(narrow) ? narrow : std::numeric_limits<float>::quiet_NaN());
}

void NumberLoader::scale(double factor, const std::string& why, TrackReadNotes& notes) {
  for (float& value : values_) value = static_cast<float>(double{value} * factor);
  notes.lines.push_back("column '" + printable(header_, 60) + "': " + why);
}

// 0..100 is told from 0..1 by whole numbers above 1; a '%' in the name says it, too.
void NumberLoader::finish_fraction(TrackReadNotes& notes) {
  if (any_percent_sign_) return;
  bool whole = true;
  float greatest = 0;
  for (const float value : values_) {
    if (std::isnan(value)) continue;
    whole = whole && value == std::floor(value);
    greatest = std::max(greatest, value);
  }
  if (header_.find('%') != std::string::npos) {
    scale(0.01, "percent by its name, scaled by 0.01", notes);
  } else if (whole && greatest > 1 && greatest <= 100) {
    scale(0.01, "whole numbers up to " + format_shortest(double{greatest}) + " read as percent, scaled by 0.01", notes);
  }
}

void NumberLoader::finish_duration(TrackReadNotes& notes) {
  const std::string name = normal_column_name(header_);
  const auto ends = [&name](std::string_view tail) {
    return name.size() >= tail.size() && name.compare(name.size() - tail.size(), tail.size(), tail) == 0;
  };
  if (any_clock_ || ends("ms")) return;
  if (ends("min")) return scale(60000, "read as minutes", notes);
  std::vector<float> known;
  std::copy_if(values_.begin(), values_.end(), std::back_inserter(known),
               [](float value) { return !std::isnan(value); });
  if (known.empty()) return;
  const auto middle = known.begin() + static_cast<std::ptrdiff_t>(known.size() / 2);
  std::nth_element(known.begin(), middle, known.end());
  constexpr float kLongestSong = 10000;  // as seconds: almost three hours; as milliseconds: ten seconds
  if (*middle < kLongestSong) scale(1000, "median " + format_shortest(double{*middle}) + ", read as seconds", notes);
}

void NumberLoader::rank(TrackReadNotes& notes) {
  std::vector<float> sorted;
  std::copy_if(values_.begin(), values_.end(), std::back_inserter(sorted),
               [](float value) { return !std::isnan(value); });
  std::sort(sorted.begin(), sorted.end());
  for (float& value : values_) {
    if (std::isnan(value)) continue;
    const auto [low, high] = std::equal_range(sorted.begin(), sorted.end(), value);
    const double place = 0.5 * static_cast<double>((low - sorted.begin()) + (high - sorted.begin()));
    value = static_cast<float>(100 * place / static_cast<double>(sorted.size()));
  }
  notes.lines.push_back("column '" + printable(header_, 60) + "': popularity is the percentile rank of the streams");
}

std::vector<float> NumberLoader::finish(TrackReadNotes& notes) {
  if (is_fraction(feature())) finish_fraction(notes);
  if (feature() == F::duration_ms) finish_duration(notes);
  if (role_.is_streams) rank(notes);
  return std::move(values_);
}

}  // namespace affekt
