#include "affekt/report/chart.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "report/svg.h"

namespace affekt {
namespace {

constexpr double kLeft = 70, kRight = 20, kTop = 44, kBottom = 52, kLegendLine = 20;
constexpr const char* kInk = "#333333";
constexpr const char* kGrid = "#e3e3e3";

bool drawable(double x, double y) { return std::isfinite(x) && std::isfinite(y); }

struct Range {
  double low = 0, high = 1;
};

/// Extent of the drawable values of one coordinate, widened so that it is never empty.
Range extent(const Chart& chart, const std::vector<double> ChartSeries::*coordinate, double low, double high) {
  double least = std::numeric_limits<double>::infinity();
  double most = -least;
  for (const ChartSeries& series : chart.series) {
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      if (!drawable(series.x[i], series.y[i])) continue;
      least = std::min(least, (series.*coordinate)[i]);
      most = std::max(most, (series.*coordinate)[i]);
    }
  }
  if (least > most) least = 0, most = 1;
  if (!std::isnan(low)) least = low;
  if (!std::isnan(high)) most = high;
  if (!(most > least)) {
    const double room = std::max(std::abs(least) * 0.1, 0.5);
    return {least - room, least + room};
  }
  return {least, most};
}

/// The frame of a chart: where data coordinates fall on the picture.
class Frame {
 public:
  Frame(Svg& svg, const Chart& chart) : svg_(svg), chart_(chart) {
    x_ticks_ = ticks(extent(chart, &ChartSeries::x, chart.x_low, chart.x_high), chart.width / 90);
    y_ticks_ = ticks(extent(chart, &ChartSeries::y, chart.y_low, chart.y_high), chart.height / 60);
    const auto lines = static_cast<double>(legend_rows());
    bottom_ = chart.height - kBottom - lines * kLegendLine;
  }

  double x(double value) const { return place(value, x_ticks_, kLeft, chart_.width - kRight); }
  double y(double value) const { return place(value, y_ticks_, bottom_, kTop); }

  void draw() {
    const double right = chart_.width - kRight;
    for (const double tick : x_ticks_) {
      svg_.line(x(tick), kTop, x(tick), bottom_, kGrid);
      svg_.text(x(tick), bottom_ + 18, label(tick, x_ticks_), Svg::Anchor::middle);
    }
    for (const double tick : y_ticks_) {
      svg_.line(kLeft, y(tick), right, y(tick), kGrid);
      svg_.text(kLeft - 8, y(tick) + 4, label(tick, y_ticks_), Svg::Anchor::end);
    }
    svg_.line(kLeft, bottom_, right, bottom_, kInk);
    svg_.line(kLeft, kTop, kLeft, bottom_, kInk);
    svg_.text(chart_.width / 2.0, 24, chart_.title, Svg::Anchor::middle, kInk, 16);
    svg_.text((kLeft + right) / 2, bottom_ + 38, chart_.x_label, Svg::Anchor::middle);
    svg_.text(18, (kTop + bottom_) / 2, chart_.y_label, Svg::Anchor::middle, kInk, 12, true);
    draw_legend();
  }

 private:
  static std::vector<double> ticks(const Range& range, int count) {
    return nice_ticks(range.low, range.high, std::clamp(count, 3, 10));
  }
  static double place(double value, const std::vector<double>& ticks, double from, double to) {
    const double share = (value - ticks.front()) / (ticks.back() - ticks.front());
    return from + std::clamp(share, 0.0, 1.0) * (to - from);
  }
  static std::string label(double tick, const std::vector<double>& ticks) {
    const double step = ticks[1] - ticks[0];
    constexpr double kLarge = 1e6, kSmall = 1e-4;
    if (std::abs(tick) >= kLarge || step < kSmall) return format_shortest(tick);
    const int decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
    return format_fixed(tick + 0.0, decimals);
  }

  std::size_t entries_per_row() const {
    std::size_t longest = 1;
    for (const ChartSeries& series : chart_.series) longest = std::max(longest, count_code_points(shown(series.name)));
    const double width = 34 + 7.0 * static_cast<double>(longest);
    return std::max<std::size_t>(1, static_cast<std::size_t>((chart_.width - kLeft - kRight) / width));
  }
  std::size_t legend_rows() const {
    const std::size_t n = chart_.series.size();
    return n == 0 ? 0 : (n - 1) / entries_per_row() + 1;
  }
  static std::string shown(const std::string& name) { return printable(name, 40); }

  void draw_legend() {
    const std::size_t columns = entries_per_row();
    const double width = (chart_.width - kLeft - kRight) / static_cast<double>(std::min(columns, chart_.series.size()));
    for (std::size_t i = 0; i < chart_.series.size(); ++i) {
      const double left = kLeft + static_cast<double>(i % columns) * width;
      const std::size_t legend_row = i / columns;
      const double middle = bottom_ + kBottom + 4 + static_cast<double>(legend_row) * kLegendLine;
      svg_.rectangle(left, middle - 6, 14, 12, chart_color(i));
      svg_.text(left + 20, middle + 4, shown(chart_.series[i].name));
    }
  }

  Svg& svg_;
  const Chart& chart_;
  std::vector<double> x_ticks_, y_ticks_;
  double bottom_ = 0;
};

void check(const Chart& chart) {
  if (chart.width < 200 || chart.height < 150) throw UsageError("a chart needs at least 200 x 150");
  for (const ChartSeries& series : chart.series) {
    if (series.x.size() != series.y.size()) {
      throw UsageError("chart series '" + printable(series.name, 40) + "': x and y differ in length");
    }
  }
}

void draw_line(Svg& svg, const Frame& frame, const ChartSeries& series, const std::string& color) {
  std::string points;
  std::size_t in_run = 0;
  for (std::size_t i = 0; i <= series.x.size(); ++i) {
    if (i < series.x.size() && drawable(series.x[i], series.y[i])) {
      points += (points.empty() ? "" : " ") + Svg::point(frame.x(series.x[i]), frame.y(series.y[i]));
      ++in_run;
      continue;
    }
    if (in_run == 1) svg.circle(frame.x(series.x[i - 1]), frame.y(series.y[i - 1]), 3, color);
    if (in_run > 1) svg.polyline(points, color);
    points.clear();
    in_run = 0;
  }
}

}  // namespace

std::string chart_color(std::size_t i) {
  static const std::array<const char*, 8> palette = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                     "#e69f00", "#56b4e9", "#f0e442", "#000000"};
  return palette[i % palette.size()];
}

std::vector<double> nice_ticks(double low, double high, int count) {
  if (!(std::isfinite(low) && std::isfinite(high))) low = 0, high = 1;
  if (!(high > low)) high = low + std::max(std::abs(low), 1.0);
  const double rough = (high - low) / std::max(count - 1, 1);
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough * (1 - 1e-9)) {
      step = factor * power;
      break;
    }
  }
  const double first = std::floor(low / step + 1e-9);
  const double last = std::max(std::ceil(high / step - 1e-9), first + 1);
  std::vector<double> ticks;
  constexpr int kMost = 100;  // only reached where the range is too narrow for its magnitude
  for (int i = 0; first + i <= last && i < kMost; ++i) ticks.push_back((first + i) * step);
  if (ticks.size() < 2 || !(ticks.back() > ticks.front())) return {low, high};
  return ticks;
}

std::string line_chart_svg(const Chart& chart) {
  check(chart);
  Svg svg(chart.width, chart.height, chart.title);
  Frame frame(svg, chart);
  frame.draw();
  for (std::size_t i = 0; i < chart.series.size(); ++i) draw_line(svg, frame, chart.series[i], chart_color(i));
  return svg.finish();
}

std::string scatter_chart_svg(const Chart& chart) {
  check(chart);
  constexpr double kRadius = 2.5;
  constexpr double kOpacity = 0.6;
  Svg svg(chart.width, chart.height, chart.title);
  Frame frame(svg, chart);
  frame.draw();
  for (std::size_t s = 0; s < chart.series.size(); ++s) {
    const ChartSeries& series = chart.series[s];
    if (!series.tooltips.empty() && series.tooltips.size() != series.x.size()) {
      throw UsageError("chart series '" + printable(series.name, 40) + "': expected one tooltip for each point");
    }
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      if (!drawable(series.x[i], series.y[i])) continue;
      const std::string tooltip = series.tooltips.empty() ? "" : printable(series.tooltips[i]);
      svg.circle(frame.x(series.x[i]), frame.y(series.y[i]), kRadius, chart_color(s), tooltip, kOpacity);
    }
  }
  return svg.finish();
}

}  // namespace affekt
