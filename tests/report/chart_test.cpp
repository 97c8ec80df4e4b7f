#include "affekt/report/chart.h"

#include <algorithm>
#include <cmath>

#include "affekt/core/error.h"
#include "support/catch.h"

using namespace affekt;
using Catch::Matchers::ContainsSubstring;

namespace {

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

Chart sample() {
  Chart chart;
  chart.title = "Accuracy";
  chart.x_label = "epoch";
  chart.y_label = "fraction";
  chart.series = {{"training", {1, 2, 3, 4}, {0.2, 0.4, 0.5, 0.55}, {}},
                  {"validation", {1, 2, 3, 4}, {0.25, 0.3, 0.4, 0.42}, {}}};
  return chart;
}

}  // namespace

TEST_CASE("ticks are round, ascending and cover the range") {
  CHECK(nice_ticks(0, 1, 6) == std::vector<double>{0, 0.2, 0.4, 0.6000000000000001, 0.8, 1});
  CHECK(nice_ticks(-3, 97, 5) == std::vector<double>{-50, 0, 50, 100});
  CHECK(nice_ticks(2, 2, 5).size() >= 2);
  for (const double low : {-1e308, -7.3, 0.0, 1e-9, 1e20}) {
    for (const double span : {0.0, 1e-7, 0.3, 12345.0, 1e307}) {
      for (const int n : {0, 3, 10}) {
        const auto ticks = nice_ticks(low, low + span, n);
        INFO(low << " + " << span << ", " << n);
        REQUIRE(ticks.size() >= 2);
        CHECK(ticks.size() <= 100);
        CHECK(std::is_sorted(ticks.begin(), ticks.end()));
        CHECK(ticks.front() < ticks.back());
        if (span > 0 && low + span > low && std::isfinite(ticks.back()) && std::abs(low) < 1e9) {
          CHECK(ticks.front() <= low + 1e-8 * (std::abs(low) + span));
          CHECK(ticks.back() >= low + span - 1e-8 * (std::abs(low) + span));
        }
      }
    }
  }
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(nice_ticks(-1e308, 1e308, 5).size() >= 2);
  CHECK(nice_ticks(std::nan(""), infinity, 5).size() >= 2);
}

TEST_CASE("a line chart holds its lines, axes and legend") {
  const std::string svg = line_chart_svg(sample());
  CHECK(svg.rfind("<svg xmlns=", 0) == 0);
  CHECK(count(svg, "<polyline") == 2);
  for (const char* text : {">Accuracy<", ">epoch<", ">fraction<", ">training<", ">validation<", ">0.3<"}) {
    CHECK_THAT(svg, ContainsSubstring(text));
  }
  CHECK(svg.find("<script") == std::string::npos);
  CHECK(svg.find("http") == svg.rfind("http"));  // the namespace only
}

TEST_CASE("gaps cut lines, single points become dots, empty charts are drawn") {
  Chart chart = sample();
  chart.series[0].y[1] = std::nan("");
  const std::string svg = line_chart_svg(chart);
  CHECK(count(svg, "<polyline") == 2);
  CHECK(count(svg, "<circle") == 1);
  CHECK(svg.find("nan") == std::string::npos);
  chart.series.resize(1);
  chart.series[0] = {"one", {1}, {0.5}, {}};
  CHECK(count(line_chart_svg(chart), "<circle") == 1);
  chart.series.clear();
  CHECK_THAT(line_chart_svg(chart), ContainsSubstring("</svg>"));
}

TEST_CASE("limits of the axis are kept") {
  Chart chart = sample();
  chart.y_low = 0;
  chart.y_high = 1;
  const std::string svg = line_chart_svg(chart);
  CHECK_THAT(svg, ContainsSubstring(">0.0<"));
  CHECK_THAT(svg, ContainsSubstring(">1.0<"));
}

TEST_CASE("texts from outside are escaped everywhere") {
  const std::string evil = "<script>\"&'\x01";
  Chart chart = sample();
  chart.title = chart.x_label = chart.y_label = evil;
  chart.series[0].name = evil;
  chart.series[0].tooltips.assign(4, evil);
  HeatMap map{evil, evil, evil, {evil}, {evil}, {0.5}, 0, 1, 2};
  for (const std::string& svg : {line_chart_svg(chart), scatter_chart_svg(chart), heat_map_svg(map)}) {
    CHECK(svg.find("<script") == std::string::npos);
    CHECK_THAT(svg, ContainsSubstring("&lt;script&gt;"));
    CHECK(svg.find('\x01') == std::string::npos);
  }
}

TEST_CASE("a scatter chart draws every finite point with its tooltip") {
  Chart chart = sample();
  chart.series[0].tooltips = {"a", "b", "c", "d"};
  chart.series[1].x[0] = std::numeric_limits<double>::infinity();
  const std::string svg = scatter_chart_svg(chart);
  CHECK(count(svg, "<circle") == 7);
  CHECK_THAT(svg, ContainsSubstring("<title>c</title>"));
  chart.series[0].tooltips.pop_back();
  CHECK_THROWS_AS(scatter_chart_svg(chart), UsageError);
}

TEST_CASE("a heat map writes its values and leaves undefined cells empty") {
  HeatMap map{"Confusion", "truth", "prediction", {"a", "b"}, {"x", "y"}, {0.25, 1, std::nan(""), 0}, 0, 1, 2};
  const std::string svg = heat_map_svg(map);
  for (const char* text : {">0.25<", ">1.00<", ">0.00<", ">a<", ">y<", "#08519c"})
    CHECK_THAT(svg, ContainsSubstring(text));
  CHECK(svg.find("nan") == std::string::npos);
  map.values.pop_back();
  CHECK_THROWS_AS(heat_map_svg(map), UsageError);
}

TEST_CASE("charts that cannot be drawn are refused") {
  Chart chart = sample();
  chart.series[0].x.pop_back();
  CHECK_THROWS_AS(line_chart_svg(chart), UsageError);
  chart = sample();
  chart.width = 10;
  CHECK_THROWS_AS(line_chart_svg(chart), UsageError);
}

TEST_CASE("neighbouring series differ in colour") {
  for (std::size_t i = 0; i < 8; ++i) CHECK(chart_color(i) != chart_color(i + 1));
}
