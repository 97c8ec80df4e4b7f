// Charts as self-contained SVG text: no scripts, no fonts or files from elsewhere. All texts are escaped.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "affekt/core/export.h"

namespace affekt {

/// One line of a line chart, or one cloud of a scatter chart. A point with a NaN or infinite coordinate is a gap.
struct ChartSeries {
  std::string name;                   ///< For the legend.
  std::vector<double> x, y;           ///< Equal lengths.
  std::vector<std::string> tooltips;  ///< Scatter only: shown on hover; empty, or one for each point.
};

inline constexpr double kAutoLimit = std::numeric_limits<double>::quiet_NaN();

struct Chart {
  std::string title, x_label, y_label;
  std::vector<ChartSeries> series;
  int width = 720, height = 420;                   ///< In SVG units; the picture scales with the page.
  double y_low = kAutoLimit, y_high = kAutoLimit;  ///< Limits of the vertical axis; kAutoLimit = from the data.
  double x_low = kAutoLimit, x_high = kAutoLimit;
};

/// Lines with axes at round numbers and a legend; a series of one point is drawn as a dot.
/// @throws UsageError  x and y of a series differ in length, or the size is below 200 x 150.
AFFEKT_API std::string line_chart_svg(const Chart& chart);

/// Points, one colour a series. All points are drawn: thin out before (a browser manages some ten thousand).
/// @throws UsageError  as line_chart_svg.
AFFEKT_API std::string scatter_chart_svg(const Chart& chart);

/// A table of numbers as coloured cells, with the values written in.
struct HeatMap {
  std::string title, row_label, column_label;
  std::vector<std::string> rows, columns;
  std::vector<double> values;  ///< (rows, columns), row-major; NaN is drawn as an empty cell.
  double low = 0, high = 1;    ///< Values of the lightest and the darkest cell.
  int decimals = 2;
};

/// @throws UsageError  values do not fill rows x columns.
AFFEKT_API std::string heat_map_svg(const HeatMap& map);

/// Colour of series i, "#rrggbb", of a palette that colour-blind readers can tell apart (Okabe & Ito, 2008).
AFFEKT_API std::string chart_color(std::size_t i);

/// Round numbers covering [low, high], about `count` of them, ascending; at least two.
AFFEKT_API std::vector<double> nice_ticks(double low, double high, int count);

}  // namespace affekt
