// Brings features to comparable ranges: tempo in BPM beside fractions would decide every distance.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "affekt/core/export.h"

namespace affekt {

enum class Scaling : std::uint8_t {
  standard,  ///< (x - mean) / standard deviation (population)
  minmax,    ///< (x - minimum) / (maximum - minimum)
  robust,    ///< (x - median) / (third quartile - first quartile), quartiles interpolated linearly
  none,      ///< x
};

inline constexpr double kTempoOctave = 70;  ///< Folded tempos are in [70, 140).

/// Beats per minute doubled or halved into [70, 140): a listener who taps half or double time hears the same song.
/// NaN stays NaN. @param bpm  > 0
AFFEKT_API double folded_tempo(double bpm);

AFFEKT_API const char* scaling_name(Scaling scaling);
/// @throws UsageError naming the known ones.
AFFEKT_API Scaling parse_scaling(std::string_view name);

/// scaled = (x - offset[j]) / scale[j] for column j.
struct AFFEKT_API Scaler {
  Scaling kind = Scaling::standard;
  std::vector<double> offset;  ///< (d), units of the column.
  std::vector<double> scale;   ///< (d), > 0; 0 marks a constant column, which cannot be scaled.

  std::size_t columns() const { return offset.size(); }
  double forward(double x, std::size_t j) const { return (x - offset[j]) / scale[j]; }
  double backward(double scaled, std::size_t j) const { return scaled * scale[j] + offset[j]; }
};

/// Fits to columns of equal length >= 1, all finite. A column is constant if its greatest and least value are equal, or
/// for `robust` if its quartiles are; `none` marks constants too.
AFFEKT_API Scaler fit_scaler(Scaling kind, const std::vector<const std::vector<float>*>& columns);

}  // namespace affekt
