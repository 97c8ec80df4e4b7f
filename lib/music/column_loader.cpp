#include "music/column_loader.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "music/cells.h"

namespace affekt {
namespace {

using F = TrackFeature;

constexpr float kHair = 1e-4F;  // a fraction may miss 0..1 by so much: written with few digits, or averaged
constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

bool outside(float value, float most) { return value < -kHair || value > most * (1 + kHair); }

/// What the tracks of a column can have; a fraction's range depends on its unit.
struct Range {
  double least = -std::numeric_limits<double>::infinity(), greatest = std::numeric_limits<double>::infinity();
};

Range range_of(F feature) {
  if (feature == F::tempo) return {0, 1000};
  if (feature == F::loudness) return {-100, 100};
  if (feature == F::year) return {1000, 2999};
  return {};
}

}  // namespace

bool is_fraction(TrackFeature feature) {
  return feature == F::danceability || feature == F::energy || feature == F::speechiness ||
         feature == F::acousticness || feature == F::instrumentalness || feature == F::liveness ||
         feature == F::valence;
}

void NumberTraits::join(const NumberTraits& other) {
  percent_sign = percent_sign || other.percent_sign;
  clock = clock || other.clock;
  whole = whole && other.whole;
  greatest = std::max(greatest, other.greatest);
  known += other.known;
  no_fraction += other.no_fraction;
  no_percent += other.no_percent;
  impossible += other.impossible;
}

void change_unit(const UnitChange& change, std::vector<float>& values) {
  if (!change.why.empty()) {
    for (float& value : values) value = static_cast<float>(double{value} * change.factor);
  }
  if (!change.fraction) return;
  for (float& value : values) value = outside(value, 1) ? std::numeric_limits<float>::quiet_NaN() : value;
}

double NumberLoader::read_any(std::string_view cell, NumberTraits& traits) const {
  if (is_missing(cell)) return kMissing;
  double value = kMissing;
  switch (feature()) {
    case F::key:
      value = key_cell(cell);
      break;
    case F::mode:
      value = mode_cell(cell);
      break;
    case F::explicit_lyrics:
      value = boolean_cell(cell);
      break;
    case F::year:
      value = role_.is_date ? year_cell(cell) : number_cell(cell, decimal_comma_);
      break;
    case F::duration_ms: {
      const DurationCell duration = duration_cell(cell, decimal_comma_);
      traits.clock = traits.clock || duration.clock;
      value = duration.value;
      break;
    }
    default:
      value = number_cell(cell, decimal_comma_);
  }
  if (!std::isnan(value) && cell.find('%') != std::string_view::npos) traits.percent_sign = true;
  return value;
}

double NumberLoader::possible(double value, NumberTraits& traits) const {
  const F kind = feature();
  // A tempo of 0 is how Spotify says that it found no beat, a year of 0 that it knows none; a song has some length.
  if ((kind == F::tempo || kind == F::duration_ms) && value <= 0) return kMissing;
  if (kind == F::year && value == 0) return kMissing;
  const Range range = range_of(kind);
  if (!(value < range.least || value > range.greatest)) return value;
  ++traits.impossible;
  return kMissing;
}

float NumberLoader::read(std::string_view cell, NumberTraits& traits) const {
  const F kind = feature();
  const bool any_number = kind != F::key && kind != F::mode && kind != F::explicit_lyrics && !role_.is_date;
  double value = kMissing;
  if (!any_number || !plain_number(cell, value)) value = read_any(cell, traits);
  const auto narrow = static_cast<float>(fraction_ ? value : possible(value, traits));
  if (!std::isfinite(narrow)) return std::numeric_limits<float>::quiet_NaN();
  if (traits.whole) traits.whole = narrow == std::floor(narrow);
  traits.greatest = std::max(traits.greatest, narrow);
  if (fraction_) {
    ++traits.known;
    traits.no_fraction += outside(narrow, 1) ? 1 : 0;
    traits.no_percent += outside(narrow, 100) ? 1 : 0;
  }
  return narrow;
}

std::string NumberLoader::note(const std::string& what) const {
  return "column '" + printable(header_, 60) + "': " + what;
}

// 0..100 is told from 0..1 by whole numbers above 1, or by most numbers being above 1; a '%' in the name says it, too.
UnitChange NumberLoader::fraction_unit(const NumberTraits& traits) const {
  UnitChange change;
  change.fraction = true;
  change.outside = traits.no_fraction;
  const auto percent = [&change, &traits](std::string why) {
    change = {0.01, std::move(why) + ", scaled by 0.01", true, traits.no_percent};
    return change;
  };
  if (traits.percent_sign) return change;
  if (header_.find('%') != std::string::npos) return percent("percent by its name");
  if (traits.whole && traits.greatest > 1 && traits.greatest <= 100) {
    return percent("whole numbers up to " + format_shortest(double{traits.greatest}) + " read as percent");
  }
  if (2 * (traits.no_fraction - traits.no_percent) > traits.known)
    return percent("most numbers above 1 and up to 100, read as percent");
  return change;
}

void NumberLoader::check_range(const UnitChange& change, const NumberTraits& traits, const std::string& path,
                               TrackReadNotes& notes) const {
  if (change.outside == 0) return;
  const Range possible = range_of(feature());
  const std::string range = !fraction_ ? format_shortest(possible.least) + ".." + format_shortest(possible.greatest)
                            : change.why.empty() ? "0..1"
                                                 : "0..100";
  const std::string found = std::to_string(change.outside);
  if (fraction_ && 2 * change.outside > traits.known) {
    throw DataError(printable(path) + ": " +
                    note(found + " of " + std::to_string(traits.known) + " values lie outside " + range +
                         "; rescale it, or rename it if it is something else"));
  }
  const std::string what = change.outside == 1 ? " value outside " : " values outside ";
  notes.warnings.push_back(note(found + what + range + " taken as missing"));
}

UnitChange NumberLoader::duration_unit(const NumberTraits& traits,
                                       const std::function<std::string()>& short_songs) const {
  const std::string name = normal_column_name(header_);
  const auto ends = [&name](std::string_view tail) {
    return name.size() >= tail.size() && name.compare(name.size() - tail.size(), tail.size(), tail) == 0;
  };
  if (traits.clock || ends("ms")) return {};
  if (ends("min")) return {60000, "read as minutes"};
  const std::string why = short_songs();
  return why.empty() ? UnitChange{} : UnitChange{1000, why + ", read as seconds"};
}

UnitChange NumberLoader::unit(const NumberTraits& traits, const std::function<std::string()>& short_songs) const {
  if (fraction_) return fraction_unit(traits);
  UnitChange change;
  if (feature() == F::duration_ms) change = duration_unit(traits, short_songs);
  change.outside = traits.impossible;
  return change;
}

void NumberLoader::rank(std::vector<float>& values, TrackReadNotes& notes) const {
  std::vector<float> sorted;
  std::copy_if(values.begin(), values.end(), std::back_inserter(sorted),
               [](float value) { return !std::isnan(value); });
  std::sort(sorted.begin(), sorted.end());
  for (float& value : values) {
    if (std::isnan(value)) continue;
    const auto [low, high] = std::equal_range(sorted.begin(), sorted.end(), value);
    const double place = 0.5 * static_cast<double>((low - sorted.begin()) + (high - sorted.begin()));
    value = static_cast<float>(100 * place / static_cast<double>(sorted.size()));
  }
  notes.lines.push_back(note("popularity is the percentile rank of the streams"));
}

UnitChange NumberLoader::finish(const NumberTraits& traits, std::vector<float>& values, TrackReadNotes& notes) const {
  UnitChange change = unit(traits, [&values] {
    std::vector<float> known;
    std::copy_if(values.begin(), values.end(), std::back_inserter(known),
                 [](float value) { return !std::isnan(value); });
    if (known.empty()) return std::string();
    const auto middle = known.begin() + static_cast<std::ptrdiff_t>(known.size() / 2);
    std::nth_element(known.begin(), middle, known.end());
    return *middle < kLongestSong ? "median " + format_shortest(double{*middle}) : std::string();
  });
  change_unit(change, values);
  if (!change.why.empty()) notes.lines.push_back(note(change.why));
  if (role_.is_streams) rank(values, notes);
  return change;
}

}  // namespace affekt
