#include <cmath>

#include "affekt/report/comparison.h"
#include "affekt/report/html_page.h"

namespace affekt {
namespace {

constexpr double kMillion = 1e6;

/// Accuracy over multiply-adds, a point for each row that knows one; PrivateTest where it was looked at.
Chart accuracy_over_cost(const std::vector<ComparisonRow>& rows) {
  Chart chart;
  chart.title = "Accuracy and cost";
  chart.x_label = "million multiply-adds for one face";
  chart.y_label = "accuracy";
  chart.x_low = 0;
  for (const ComparisonRow& row : rows) {
    const bool has_private = !std::isnan(row.private_accuracy);
    const double accuracy = has_private ? row.private_accuracy : row.validation_accuracy;
    if (std::isnan(accuracy)) continue;
    chart.series.push_back({row.name + (has_private ? " (private)" : " (validation)"),
                            {static_cast<double>(row.multiply_adds) / kMillion},
                            {accuracy},
                            {}});
  }
  return chart;
}

}  // namespace

std::string comparison_curves(const std::vector<ComparisonRow>& rows) {
  Chart curves;
  curves.title = "Validation accuracy";
  curves.x_label = "epoch";
  curves.y_label = "fraction";
  for (const ComparisonRow& row : rows) {
    if (!row.curve.x.empty()) curves.series.push_back(row.curve);
  }
  return curves.series.empty() ? "" : line_chart_svg(curves);
}

std::string comparison_page(const std::vector<ComparisonRow>& rows) {
  HtmlPage page("Comparison");
  page.table(comparison_table(rows));
  page.paragraph("Validation accuracy selected the weights; private accuracy is on PrivateTest, looked at once.");
  const Chart cost = accuracy_over_cost(rows);
  if (!cost.series.empty()) page.figure(line_chart_svg(cost));
  const std::string curves = comparison_curves(rows);
  if (!curves.empty()) page.figure(curves);
  return page.text();
}

}  // namespace affekt
