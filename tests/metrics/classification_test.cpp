#include "affekt/metrics/classification.h"

#include <algorithm>
#include <cmath>

#include "affekt/core/error.h"
#include "support/catch.h"

using namespace affekt;

namespace {

struct Rows {
  std::vector<std::uint8_t> labels;
  std::vector<double> probabilities;

  /// A row whose likeliest class is `first` (p) and second `second`; the rest is shared out.
  void add(std::size_t truth, std::size_t first, std::size_t second, double p) {
    labels.push_back(static_cast<std::uint8_t>(truth));
    const double rest = 1 - p;
    for (std::size_t c = 0; c < kEmotionCount; ++c) {
      probabilities.push_back(c == first ? p : c == second ? rest / 2 : rest / 10);
    }
  }
  ClassificationReport report() const { return classification_report(labels, probabilities); }
};

/// 200 rows of a fixed linear congruential generator, so that another program can make the same.
Rows pseudo_random_rows() {
  std::uint64_t state = 12345;
  const auto uniform = [&state] {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return static_cast<double>(state >> 40) / 16777216.0;
  };
  Rows rows;
  for (int i = 0; i < 200; ++i) {
    std::array<double, kEmotionCount> row{};
    double sum = 0;
    for (double& value : row) {
      const double u = uniform();
      value = u * u + 0.001;
      sum += value;
    }
    for (const double value : row) rows.probabilities.push_back(value / sum);
    const double u = uniform();
    const double v = uniform();
    const auto best = static_cast<std::uint8_t>(std::max_element(row.begin(), row.end()) - row.begin());
    rows.labels.push_back(u < 0.55 ? best : static_cast<std::uint8_t>(v * 6));
  }
  return rows;
}

}  // namespace

TEST_CASE("the figures are scikit-learn's") {
  // scikit-learn 1.2.1 over the same 200 rows; the calibration error by its definition in NumPy.
  const ClassificationReport report = pseudo_random_rows().report();
  CHECK(report.samples == 200);
  CHECK(report.accuracy == Approx(0.685).epsilon(1e-12));
  CHECK(report.balanced_accuracy == Approx(0.7054307904077489).epsilon(1e-12));
  CHECK(report.top2_accuracy == Approx(0.76).epsilon(1e-12));
  CHECK(report.macro_f1 == Approx(0.6860814041542298).epsilon(1e-12));
  CHECK(report.log_loss == Approx(1.6418400652481984).epsilon(1e-12));
  CHECK(report.ece == Approx(0.3442241064016825).epsilon(1e-9));
  const std::array<std::array<std::size_t, 7>, 7> confusion = {{{16, 0, 3, 2, 1, 1, 3},
                                                                {0, 20, 4, 3, 4, 1, 3},
                                                                {2, 2, 19, 4, 2, 1, 1},
                                                                {2, 1, 1, 19, 1, 1, 0},
                                                                {2, 0, 2, 2, 23, 0, 2},
                                                                {3, 0, 1, 3, 3, 21, 2},
                                                                {0, 0, 0, 0, 0, 0, 19}}};
  CHECK(report.confusion == confusion);
  const double precision[] = {0.64, 0.8695652173913043, 0.6333333333333333, 0.5757575757575758, 0.6764705882352942,
                              0.84, 0.6333333333333333};
  const double recall[] = {
      0.6153846153846154, 0.5714285714285714, 0.6129032258064516, 0.76, 0.7419354838709677, 0.6363636363636364, 1.0};
  const double f1[] = {0.6274509803921569, 0.689655172413793,  0.6229508196721313, 0.6551724137931034,
                       0.7076923076923077, 0.7241379310344828, 0.7755102040816326};
  const std::size_t support[] = {26, 35, 31, 25, 31, 33, 19};
  for (std::size_t c = 0; c < kEmotionCount; ++c) {
    CHECK(report.per_class[c].name == emotion_names()[c]);
    CHECK(report.per_class[c].precision == Approx(precision[c]).epsilon(1e-12));
    CHECK(report.per_class[c].recall == Approx(recall[c]).epsilon(1e-12));
    CHECK(report.per_class[c].f1 == Approx(f1[c]).epsilon(1e-12));
    CHECK(report.per_class[c].support == support[c]);
  }
}

TEST_CASE("a case worked by hand") {
  Rows rows;
  rows.add(0, 0, 1, 0.8);  // right
  rows.add(0, 1, 0, 0.6);  // wrong, the truth is second with 0.2
  rows.add(1, 1, 2, 0.6);  // right
  rows.add(2, 1, 0, 0.6);  // wrong, the truth has 0.04
  const ClassificationReport report = rows.report();
  CHECK(report.accuracy == Approx(0.5));
  CHECK(report.top2_accuracy == Approx(0.75));
  CHECK(report.balanced_accuracy == Approx((0.5 + 1 + 0) / 3));
  CHECK(report.macro_f1 == Approx((2.0 / 3 + 0.5 + 0) / 3));
  CHECK(report.log_loss == Approx(-(std::log(0.8) + std::log(0.2) + std::log(0.6) + std::log(0.04)) / 4));
  CHECK(report.ece == Approx((std::abs(1 - 0.8) + std::abs(1 - 1.8)) / 4));
}

TEST_CASE("what has no denominator is NaN, not zero") {
  Rows rows;
  rows.add(3, 3, 4, 0.9);
  rows.add(5, 3, 4, 0.9);
  const ClassificationReport report = rows.report();
  CHECK(std::isnan(report.per_class[0].precision));
  CHECK(std::isnan(report.per_class[0].recall));
  CHECK(std::isnan(report.per_class[0].f1));
  CHECK(std::isnan(report.per_class[5].precision));  // never predicted
  CHECK(report.per_class[5].recall == 0);
  CHECK(report.per_class[5].f1 == 0);
  CHECK(report.balanced_accuracy == Approx(0.5));
  const auto shares = normalised_confusion(report);
  CHECK(shares[5][3] == 1);
  CHECK(std::isnan(shares[0][0]));
  const ClassificationReport none = classification_report({}, {});
  for (const double value :
       {none.accuracy, none.balanced_accuracy, none.top2_accuracy, none.macro_f1, none.log_loss, none.ece}) {
    CHECK(std::isnan(value));
  }
}

TEST_CASE("among equals the first class is the prediction") {
  const std::vector<double> even(7, 1.0 / 7);
  CHECK(likeliest_class(even.data()) == 0);
  CHECK(classification_report({0}, even).accuracy == 1);
  CHECK(classification_report({1}, even).accuracy == 0);
  CHECK(classification_report({1}, even).top2_accuracy == 1);
  CHECK(classification_report({2}, even).top2_accuracy == 0);
}

TEST_CASE("certainty is bounded: a sure mistake costs a finite loss") {
  const ClassificationReport report = classification_report({1}, {1, 0, 0, 0, 0, 0, 0});
  CHECK(report.log_loss == Approx(-std::log(1e-15)));
  CHECK(report.ece == 1);
  CHECK(classification_report({0}, {1, 0, 0, 0, 0, 0, 0}).ece == 0);
}

TEST_CASE("figures do not depend on the order of rows") {
  const Rows rows = pseudo_random_rows();
  Rows reversed;
  for (std::size_t i = rows.labels.size(); i-- > 0;) {
    reversed.labels.push_back(rows.labels[i]);
    reversed.probabilities.insert(reversed.probabilities.end(), rows.probabilities.begin() + static_cast<long>(i * 7),
                                  rows.probabilities.begin() + static_cast<long>(i * 7 + 7));
  }
  CHECK(reversed.report().confusion == rows.report().confusion);
  CHECK(reversed.report().ece == Approx(rows.report().ece));
  CHECK(reversed.report().log_loss == Approx(rows.report().log_loss));
}

TEST_CASE("numbers that are no probabilities are refused, with their row") {
  const std::vector<double> good = {0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1};
  CHECK_THROWS_AS(classification_report({0, 0}, good), UsageError);
  CHECK_THROWS_AS(classification_report({7}, good), DataError);
  std::vector<double> bad = good;
  bad[1] = -0.1;
  CHECK_THROWS_AS(classification_report({0}, bad), DataError);
  bad[1] = std::nan("");
  CHECK_THROWS_AS(classification_report({0}, bad), DataError);
  bad[1] = 0.3;
  CHECK_THROWS_WITH(classification_report({0}, bad), Catch::Matchers::ContainsSubstring("row 0: "));
}
