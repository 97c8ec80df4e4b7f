// Pruned Lloyd steps: the bits are those of steps that compare every row with every centroid.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "affekt/cluster/kmeans.h"
#include "affekt/core/parallel.h"
#include "affekt/core/random.h"
#include "cluster/blobs.h"
#include "support/catch.h"
#include "support/simd_levels.h"

namespace {

using affekt::KMeansOptions;
using affekt::KMeansPruning;
using affekt::KMeansResult;

struct Fit {
  KMeansResult result;
  std::vector<double> inertias;
  std::vector<int> refilled;
};

Fit fit(const std::vector<float>& x, std::size_t d, const std::vector<float>& start, KMeansPruning pruning) {
  KMeansOptions options;
  options.k = static_cast<int>(start.size() / d);
  options.max_iterations = 60;
  options.relative_tolerance = 0;
  options.pruning = pruning;
  Fit out;
  out.result = affekt::kmeans_from(x.data(), x.size() / d, d, start, options, [&out](const affekt::KMeansStep& step) {
    out.inertias.push_back(step.inertia);
    out.refilled.push_back(step.refilled);
  });
  return out;
}

/// The number of steps; every bit of every step is compared.
std::size_t check_same(const std::vector<float>& x, std::size_t d, const std::vector<float>& start) {
  const Fit plain = fit(x, d, start, KMeansPruning::never);
  const Fit pruned = fit(x, d, start, KMeansPruning::always);
  CHECK(plain.inertias == pruned.inertias);
  CHECK(plain.refilled == pruned.refilled);
  CHECK(plain.result.centroids == pruned.result.centroids);
  CHECK(plain.result.labels == pruned.result.labels);
  CHECK(plain.result.sizes == pruned.result.sizes);
  CHECK(plain.result.inertia == pruned.result.inertia);
  CHECK(plain.result.converged == pruned.result.converged);
  return plain.inertias.size();
}

std::vector<float> first_rows(const std::vector<float>& x, std::size_t d, std::size_t k) {
  return {x.begin(), x.begin() + static_cast<std::ptrdiff_t>(k * d)};
}

}  // namespace

TEST_CASE("pruned steps give the bits of plain ones for any number of clusters and columns") {
  for (const std::size_t d : {1, 2, 4, 5, 9, 17}) {
    const affekt::test::Blobs blobs = affekt::test::make_blobs(5003, d, 20, 3.0, d);
    for (const std::size_t k : {1, 2, 3, 24, 25, 48, 100, 301}) {
      INFO(d << " columns, " << k << " clusters");
      check_same(blobs.x, d, first_rows(blobs.x, d, k));
    }
  }
}

TEST_CASE("pruned steps keep exact ties and near ones") {
  // Rows on a coarse grid, so that many are equally near to several centroids, and starts that lie on the grid too.
  affekt::RandomStream random(7);
  for (const double step : {1.0, 0.1}) {
    std::vector<float> x;
    for (std::size_t i = 0; i < 3 * 4001; ++i) x.push_back(static_cast<float>(std::floor(random.uniform() * 8) * step));
    for (const std::size_t k : {2, 8, 50, 200}) {
      INFO("grid " << step << ", " << k << " clusters");
      check_same(x, 3, first_rows(x, 3, k));
    }
  }
}

TEST_CASE("pruned steps bear very small and very large values") {
  for (const float scale : {1e-42F, 1e-30F, 1e-20F, 1e-16F, 1e-8F, 1e8F, 1e17F}) {
    affekt::test::Blobs blobs = affekt::test::make_blobs(3000, 5, 10, 2.0, 11);
    for (float& value : blobs.x) value *= scale;
    INFO("scale " << scale);
    check_same(blobs.x, 5, first_rows(blobs.x, 5, 60));
  }
  // Far from the origin, where neighbouring values differ by 2^-3: distances are of few different sizes.
  affekt::test::Blobs far = affekt::test::make_blobs(3000, 5, 10, 2.0, 12);
  for (float& value : far.x) value += 1e6F;
  check_same(far.x, 5, first_rows(far.x, 5, 60));
}

TEST_CASE("pruned steps allow for the rounding of distances") {
  // Everything lies on one line, where a centroid can come as near as its bound says: a crowd at -0.5, one at 0.5 and
  // one at 1. Centroids start at 0.2 and beyond 1, which gives the first two crowds to one of them, and go to 0 and 1.
  // Rows at 0.5 then are as near to both but for rounding, which adds up: the columns are many and all alike.
  constexpr std::size_t d = 1000, crowd = 200;
  for (const double far : {1.3, 1.4, 1.6, 1.7, 1.8, 1.9}) {
    affekt::RandomStream random(21);
    std::vector<float> x, start;
    const auto add = [](std::vector<float>& to, double place) { to.resize(to.size() + d, static_cast<float>(place)); };
    for (std::size_t i = 0; i < crowd; ++i) {
      const double place = 1.1 * (0.5 + 1e-6 * random.normal());
      add(x, place);
      add(x, -place);
      add(x, 1.1);
    }
    add(start, 1.1 * 0.2);
    add(start, 1.1 * far);
    INFO("start at " << far);
    CHECK(check_same(x, d, start) > 2);
  }
}

TEST_CASE("pruned steps follow centroids that leap to refill a cluster") {
  const affekt::test::Blobs blobs = affekt::test::make_blobs(4000, 4, 9, 0.5, 3);
  std::vector<float> start = first_rows(blobs.x, 4, 50);
  for (std::size_t c = 40; c < 50; ++c) start[c * 4] = 1e6F;  // nobody is near these
  const Fit pruned = fit(blobs.x, 4, start, KMeansPruning::always);
  CHECK(std::any_of(pruned.refilled.begin(), pruned.refilled.end(), [](int count) { return count > 0; }));
  check_same(blobs.x, 4, start);
}

TEST_CASE("pruned steps give the same bits at any thread count and with any vector width") {
  const affekt::test::Blobs blobs = affekt::test::make_blobs(70001, 9, 30, 4.0, 5);
  const std::vector<float> start = first_rows(blobs.x, 9, 64);
  const Fit expected = fit(blobs.x, 9, start, KMeansPruning::never);
  CHECK(expected.inertias.size() == 60);  // many steps, the later of which move few rows
  const auto check_equal = [&](const Fit& other) {
    CHECK(other.inertias == expected.inertias);
    CHECK(other.result.centroids == expected.result.centroids);
    CHECK(other.result.labels == expected.result.labels);
  };
  for (const int threads : {1, 3}) {
    affekt::set_thread_count(threads);
    check_equal(fit(blobs.x, 9, start, KMeansPruning::always));
  }
  affekt::set_thread_count(0);
  affekt::test::at_every_simd_level([&] { check_equal(fit(blobs.x, 9, start, KMeansPruning::always)); });
}
