#include <cmath>
#include <limits>

#include "affekt/run/train_summary.h"

namespace affekt {

Spread Spread::of(const std::vector<double>& values) {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  if (values.empty()) return {kUnknown, kUnknown};
  const auto n = static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) sum += value;
  const double mean = sum / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, values.size() > 1 ? std::sqrt(squares / (n - 1)) : kUnknown};
}

Spread spread_of(const SeedSummary& summary, double TrainSummary::*figure) {
  std::vector<double> values;
  for (const TrainSummary& run : summary.runs) {
    if (run.*figure >= 0) values.push_back(run.*figure);
  }
  return Spread::of(values);
}

}  // namespace affekt
