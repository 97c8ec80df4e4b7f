#include "affekt/report/evaluation.h"

#include "support/catch.h"

using namespace affekt;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Four rows, all called happy: two happy, one sad, one angry.
ClassificationReport sample() {
  std::vector<double> probabilities;
  for (int i = 0; i < 4; ++i) {
    const double row[] = {0.1, 0, 0, 0.8, 0.1, 0, 0};
    probabilities.insert(probabilities.end(), std::begin(row), std::end(row));
  }
  return classification_report({3, 3, 4, 0}, probabilities);
}

}  // namespace

TEST_CASE("the class table holds scores and averages, undefined ones as n/a") {
  const Table table = class_score_table(sample());
  REQUIRE(table.rows.size() == 10);
  using Row = std::vector<std::string>;
  CHECK(table.rows[3] == Row{"happy", "0.500", "1.000", "0.667", "2"});
  CHECK(table.rows[4] == Row{"sad", "n/a", "0.000", "0.000", "1"});
  CHECK(table.rows[1] == Row{"disgust", "n/a", "n/a", "n/a", "0"});
  CHECK(table.rows[7] == Row{"accuracy", "", "", "0.500", "4"});
  CHECK(table.rows[8] == Row{"macro avg", "0.500", "0.333", "0.222", "4"});
  CHECK(table.rows[9] == Row{"weighted avg", "0.500", "0.500", "0.333", "4"});
}

TEST_CASE("confusion tables count and normalise by truth") {
  const Table counts = confusion_table(sample());
  const Table shares = normalised_confusion_table(sample());
  CHECK(counts.rows[3][4] == "2");
  CHECK(counts.rows[0][4] == "1");
  CHECK(shares.rows[4][4] == "100.0");
  CHECK(shares.rows[1][1] == "n/a");
  const HeatMap map = confusion_heat_map(sample());
  CHECK(map.values[3 * 7 + 3] == 1);
  CHECK_THAT(heat_map_svg(map), ContainsSubstring(">surprise<"));
}
