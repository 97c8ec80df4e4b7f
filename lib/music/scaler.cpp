#include "affekt/music/scaler.h"

#include <algorithm>
#include <cmath>

#include "affekt/core/error.h"
#include "affekt/core/parallel.h"
#include "affekt/core/text.h"

namespace affekt {
namespace {

const std::vector<std::string>& scaling_names() {
  static const std::vector<std::string> names = {"standard", "minmax", "robust", "none"};
  return names;
}

struct Place {
  double offset = 0, scale = 1;
};

Place standard_place(const std::vector<float>& column) {
  const auto n = static_cast<double>(column.size());
  double sum = 0;
  for (const float x : column) sum += double{x};
  const double mean = sum / n;
  double squares = 0;
  for (const float x : column) squares += (double{x} - mean) * (double{x} - mean);
  return {mean, std::sqrt(squares / n)};
}

// Linear interpolation between order statistics (Hyndman and Fan's definition 7, NumPy's default).
double quantile(std::vector<float>& values, double q) {
  const double position = q * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(position);
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(low);
  std::nth_element(values.begin(), middle, values.end());
  const double below = double{*middle};
  if (low + 1 == values.size()) return below;
  const double above = double{*std::min_element(middle + 1, values.end())};
  return below + (position - static_cast<double>(low)) * (above - below);
}

Place robust_place(std::vector<float> values) {
  const double median = quantile(values, 0.5);
  const double first = quantile(values, 0.25);
  return {median, quantile(values, 0.75) - first};
}

}  // namespace

double folded_tempo(double bpm) {
  if (!(bpm > 0) || !std::isfinite(bpm)) return bpm;
  while (bpm < kTempoOctave) bpm *= 2;
  while (bpm >= 2 * kTempoOctave) bpm /= 2;
  return bpm;
}

const char* scaling_name(Scaling scaling) { return scaling_names()[static_cast<std::size_t>(scaling)].c_str(); }

Scaling parse_scaling(std::string_view name) {
  const auto& names = scaling_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw UsageError(unknown_name_message("scaling", name, names));
  return static_cast<Scaling>(found - names.begin());
}

Scaler fit_scaler(Scaling kind, const std::vector<const std::vector<float>*>& columns) {
  Scaler scaler;
  scaler.kind = kind;
  scaler.offset.resize(columns.size());
  scaler.scale.resize(columns.size());
  parallel_for(columns.size(), 1, [&](std::size_t i, std::size_t) {
    const std::vector<float>& column = *columns[i];
    if (column.empty()) throw DataError("scaling: a column without rows");
    const auto [least, greatest] = std::minmax_element(column.begin(), column.end());
    Place place;
    if (*least == *greatest) {
      place = {double{*least}, 0};
    } else if (kind == Scaling::standard) {
      place = standard_place(column);
    } else if (kind == Scaling::minmax) {
      place = {double{*least}, double{*greatest} - double{*least}};
    } else if (kind == Scaling::robust) {
      place = robust_place(column);
    }
    scaler.offset[i] = place.offset;
    scaler.scale[i] = place.scale;
  });
  return scaler;
}

}  // namespace affekt
