#include "affekt/metrics/cluster_quality.h"

#include <algorithm>
#include <cmath>

#include "affekt/core/error.h"
#include "affekt/core/parallel.h"
#include "affekt/core/random.h"
#include "support/catch.h"

using affekt::agreement;
using affekt::LabelledRows;

namespace {

struct Rows {
  std::vector<float> x;
  std::vector<std::int32_t> labels, truth;
  std::size_t d = 3;

  LabelledRows view(std::size_t k) const { return {x.data(), labels.size(), d, labels.data(), k}; }
};

// Forty rows by formula, so that the reference values can be computed anywhere.
Rows formula_rows() {
  Rows rows;
  for (int i = 0; i < 40; ++i) {
    for (int j = 0; j < 3; ++j) {
      rows.x.push_back(static_cast<float>((i * 37 + j * 17) % 23) / 8.0F +
                       static_cast<float>(i % 4) * 1.5F * static_cast<float>(j + 1));
    }
    rows.labels.push_back(i % 4);
    rows.truth.push_back((i / 3) % 3);
  }
  rows.labels[7] = 0;
  rows.labels[12] = 3;
  rows.labels[30] = 1;
  return rows;
}

}  // namespace

TEST_CASE("cluster quality agrees with scikit-learn 1.2.1") {
  // silhouette_score, davies_bouldin_score, calinski_harabasz_score, adjusted_rand_score, normalized_mutual_info_score
  // and contingency_matrix of these very rows.
  const Rows rows = formula_rows();
  CHECK(affekt::inertia(rows.view(4)) == Approx(602.733554292929).epsilon(1e-12));
  CHECK(affekt::silhouette(rows.view(4), 42) == Approx(0.414289612319836).epsilon(1e-6));
  CHECK(affekt::davies_bouldin(rows.view(4)) == Approx(1.23971223713705).epsilon(1e-12));
  CHECK(affekt::calinski_harabasz(rows.view(4)) == Approx(20.1532466327258).epsilon(1e-12));
  const auto found = agreement(rows.truth, rows.labels);
  CHECK(found.ari == Approx(-0.03676884311471).epsilon(1e-10));
  CHECK(found.nmi == Approx(0.027987566160912).epsilon(1e-10));
  CHECK(found.purity == Approx(0.425).epsilon(1e-12));
}

TEST_CASE("names of clusters do not matter, nor do unused ones or threads") {
  Rows rows = formula_rows();
  const double silhouette = affekt::silhouette(rows.view(4), 1);
  const double davies_bouldin = affekt::davies_bouldin(rows.view(4));
  affekt::set_thread_count(3);
  CHECK(affekt::silhouette(rows.view(4), 1) == silhouette);
  affekt::set_thread_count(0);
  for (auto& label : rows.labels) label = 8 - 2 * label;
  CHECK(affekt::silhouette(rows.view(10), 1) == Approx(silhouette).epsilon(1e-12));
  CHECK(affekt::davies_bouldin(rows.view(10)) == Approx(davies_bouldin).epsilon(1e-12));
}

TEST_CASE("undefined figures are NaN, not zero") {
  Rows rows = formula_rows();
  for (auto& label : rows.labels) label = 0;
  CHECK(std::isnan(affekt::silhouette(rows.view(1), 1)));
  CHECK(std::isnan(affekt::davies_bouldin(rows.view(1))));
  CHECK(std::isnan(affekt::calinski_harabasz(rows.view(1))));
  for (std::size_t i = 0; i < rows.labels.size(); ++i) rows.labels[i] = static_cast<std::int32_t>(i);
  CHECK(std::isnan(affekt::calinski_harabasz(rows.view(40))));
  CHECK(affekt::silhouette(rows.view(40), 1) == 0.0);  // every row alone
}

TEST_CASE("a sample stands for all rows") {
  affekt::RandomStream random(3);
  Rows rows;
  for (int i = 0; i < 6000; ++i) {
    const int c = static_cast<int>(random.below(3));
    for (int j = 0; j < 3; ++j) rows.x.push_back(static_cast<float>(c * 2.0 + random.normal()));
    rows.labels.push_back(c);
  }
  const double exact = affekt::silhouette(rows.view(3), 1);
  const double sampled = affekt::silhouette(rows.view(3), 1, 2000);
  CHECK(sampled != exact);
  CHECK(sampled == Approx(exact).margin(0.02));
  CHECK(affekt::silhouette(rows.view(3), 1, 2000) == sampled);
}

TEST_CASE("agreement at its ends") {
  const auto equal = agreement({0, 0, 1, 1, 2}, {5, 5, 0, 0, 9});
  CHECK(equal.ari == 1.0);
  CHECK(equal.nmi == Approx(1.0));
  CHECK(equal.purity == Approx(1.0));
  const auto trivial = agreement({0, 1, 2, 3}, {0, 0, 0, 0});
  CHECK(trivial.ari == 0.0);
  CHECK(trivial.nmi == 0.0);
  CHECK(trivial.purity == Approx(0.25));
  CHECK(agreement({7}, {3}).ari == 1.0);
  CHECK_THROWS_AS(agreement({0, 1}, {0}), affekt::UsageError);
  CHECK_THROWS_AS(agreement({}, {}), affekt::UsageError);
}

TEST_CASE("rows given a stretch at a time give the figures of rows in memory") {
  affekt::RandomStream random(3);
  const std::size_t n = 40000, d = 3, k = 4;
  std::vector<float> x(n * d);
  std::vector<std::int32_t> labels(n);
  for (std::size_t row = 0; row < n; ++row) {
    labels[row] = static_cast<std::int32_t>(row % k);
    for (std::size_t j = 0; j < d; ++j) x[row * d + j] = static_cast<float>(random.normal() + double(row % k));
  }
  const LabelledRows whole{x.data(), n, d, labels.data(), k};
  const LabelledRows given{nullptr, n, d, labels.data(), k, [&x](std::size_t begin, std::size_t end, float* rows) {
                             std::copy(x.data() + begin * d, x.data() + end * d, rows);
                           }};
  CHECK(affekt::inertia(given) == affekt::inertia(whole));
  CHECK(affekt::davies_bouldin(given) == affekt::davies_bouldin(whole));
  CHECK(affekt::calinski_harabasz(given) == affekt::calinski_harabasz(whole));
  CHECK(affekt::silhouette(given, 1) == affekt::silhouette(whole, 1));

  // The standard error says how far samples lie from the whole: about a third of them further than one.
  const double exact = affekt::silhouette(whole, 1, n);
  CHECK(affekt::silhouette_estimate(whole, 1, n).standard_error == 0);
  int within_one = 0, within_three = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const auto sampled = affekt::silhouette_estimate(whole, seed, 1000);
    within_one += std::abs(sampled.value - exact) <= sampled.standard_error ? 1 : 0;
    within_three += std::abs(sampled.value - exact) <= 3 * sampled.standard_error ? 1 : 0;
  }
  CHECK(within_one >= 18);
  CHECK(within_one <= 36);
  CHECK(within_three >= 38);
}
