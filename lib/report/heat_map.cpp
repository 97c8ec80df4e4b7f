#include <algorithm>
#include <cmath>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/report/chart.h"
#include "report/svg.h"

namespace affekt {
namespace {

constexpr double kCell = 58, kCellHeight = 36, kLeft = 118, kTop = 66, kBottom = 48;

/// White to dark blue.
std::string cell_color(double share) {
  constexpr int kDark[] = {8, 81, 156};
  static const char* const digits = "0123456789abcdef";
  std::string color = "#";
  for (const int dark : kDark) {
    const int level = static_cast<int>(std::lround(255 + share * (dark - 255)));
    color += digits[level / 16];
    color += digits[level % 16];
  }
  return color;
}

}  // namespace

std::string heat_map_svg(const HeatMap& map) {
  const std::size_t columns = map.columns.size();
  if (map.values.size() != map.rows.size() * columns) {
    throw UsageError("a heat map of " + std::to_string(map.rows.size()) + " x " + std::to_string(columns) +
                     " cells was given " + std::to_string(map.values.size()) + " values");
  }
  const double right = kLeft + kCell * static_cast<double>(columns);
  const double bottom = kTop + kCellHeight * static_cast<double>(map.rows.size());
  const double middle = (kLeft + right) / 2;
  Svg svg(static_cast<int>(right) + 20, static_cast<int>(bottom + kBottom), map.title);
  svg.text(middle, 24, map.title, Svg::Anchor::middle, "#333333", 16);
  svg.text(middle, bottom + 28, map.column_label, Svg::Anchor::middle);
  svg.text(18, (kTop + bottom) / 2, map.row_label, Svg::Anchor::middle, "#333333", 12, true);
  for (std::size_t c = 0; c < columns; ++c) {
    svg.text(kLeft + kCell * (static_cast<double>(c) + 0.5), kTop - 10, printable(map.columns[c], 12),
             Svg::Anchor::middle);
  }
  for (std::size_t r = 0; r < map.rows.size(); ++r) {
    const double y = kTop + kCellHeight * static_cast<double>(r);
    svg.text(kLeft - 10, y + kCellHeight / 2 + 4, printable(map.rows[r], 12), Svg::Anchor::end);
    for (std::size_t c = 0; c < columns; ++c) {
      const double value = map.values[r * columns + c];
      const double x = kLeft + kCell * static_cast<double>(c);
      const double span = map.high > map.low ? map.high - map.low : 1;
      const double share = std::isfinite(value) ? std::clamp((value - map.low) / span, 0.0, 1.0) : 0;
      svg.rectangle(x + 1, y + 1, kCell - 2, kCellHeight - 2, cell_color(share));
      if (!std::isfinite(value)) continue;
      constexpr double kDarkFrom = 0.5;
      svg.text(x + kCell / 2, y + kCellHeight / 2 + 4, format_fixed(value, map.decimals), Svg::Anchor::middle,
               share > kDarkFrom ? "#ffffff" : "#333333");
    }
  }
  return svg.finish();
}

}  // namespace affekt
