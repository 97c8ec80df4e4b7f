// Standing in for missing values.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "affekt/music/track_reader.h"

namespace affekt {

std::vector<double> column_medians(const TrackTable& table, const std::vector<TrackFeature>& features) {
  std::vector<double> medians;
  for (const TrackFeature feature : features) {
    std::vector<float> known;
    for (const float value : table.column(feature)) {
      if (!std::isnan(value)) known.push_back(value);
    }
    if (known.empty()) {
      medians.push_back(std::numeric_limits<double>::quiet_NaN());
      continue;
    }
    const auto middle = known.begin() + static_cast<std::ptrdiff_t>((known.size() - 1) / 2);
    std::nth_element(known.begin(), middle, known.end());
    medians.push_back(double{*middle});
  }
  return medians;
}

std::size_t fill_missing(TrackTable& table, const std::vector<TrackFeature>& features,
                         const std::vector<double>& values) {
  std::size_t filled = 0;
  for (std::size_t row = 0; row < table.size(); ++row) {
    const auto known = std::count_if(features.begin(), features.end(),
                                     [&](TrackFeature feature) { return !std::isnan(table.value(feature, row)); });
    if (known == 0 || known == static_cast<std::ptrdiff_t>(features.size())) continue;
    bool changed = false;
    for (std::size_t j = 0; j < features.size(); ++j) {
      auto& column = table.column(features[j]);
      if (column.empty() || !std::isnan(column[row]) || std::isnan(values[j])) continue;
      column[row] = static_cast<float>(values[j]);
      changed = true;
    }
    filled += changed ? 1 : 0;
  }
  return filled;
}

}  // namespace affekt
