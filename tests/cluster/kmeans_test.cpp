#include "affekt/cluster/kmeans.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <set>

#include "affekt/core/error.h"
#include "affekt/core/parallel.h"
#include "affekt/core/random.h"
#include "affekt/metrics/cluster_quality.h"
#include "cluster/blobs.h"
#include "support/catch.h"
#include "support/error_message.h"
#include "support/simd_levels.h"

using affekt::DataError;
using affekt::KMeansOptions;
using affekt::KMeansResult;
using affekt::UsageError;
using affekt::test::Blobs;
using affekt::test::contains;
using affekt::test::make_blobs;
using affekt::test::message_of;

namespace {

KMeansOptions options_with(int k) {
  KMeansOptions options;
  options.k = k;
  return options;
}

KMeansResult run(const Blobs& blobs, const KMeansOptions& options) {
  return affekt::kmeans(blobs.x.data(), blobs.n, blobs.d, options);
}

double squared_distance(const float* a, const float* b, std::size_t d) {
  double sum = 0;
  for (std::size_t j = 0; j < d; ++j) sum += std::pow(double{a[j]} - double{b[j]}, 2);
  return sum;
}

bool same_bits(const KMeansResult& a, const KMeansResult& b) {
  return a.centroids == b.centroids && a.labels == b.labels && a.inertia == b.inertia && a.iterations == b.iterations;
}

}  // namespace

TEST_CASE("k-means|| chooses among its sample by how many rows stand behind each") {
  // 1000 rows at 0, 1000 at 1, one at 50. After the first centre the other crowd and the lone row weigh 1000 * 1 to
  // 2500.
  std::vector<float> x(2001, 0);
  std::fill(x.begin() + 1000, x.begin() + 2000, 1.0F);
  x.back() = 50;
  KMeansOptions options = options_with(2);
  options.start = affekt::KMeansStart::parallel;
  options.restarts = 1;
  constexpr int kSeeds = 300;
  int crowds = 0;
  for (int seed = 0; seed < kSeeds; ++seed) {
    options.seed = static_cast<std::uint64_t>(seed);
    const std::vector<float> start = affekt::kmeans_start(x.data(), x.size(), 1, options);
    crowds += start[0] != 50 && start[1] != 50 ? 1 : 0;
  }
  CHECK(crowds > kSeeds / 5);  // 2 in 7
  CHECK(crowds < 2 * kSeeds / 5);
}

TEST_CASE("k-means|| samples other rows with another seed") {
  // Mostly zeros, so that the first centre nearly always is one; the second comes from the sample of the 500 others,
  // some twenty rows.
  std::vector<float> x(20000, 0);
  for (std::size_t i = 0; i < 500; ++i) x[i] = 1.0F + static_cast<float>(i) / 1e6F;
  KMeansOptions options = options_with(2);
  options.start = affekt::KMeansStart::parallel;
  options.restarts = 1;
  std::set<float> seconds;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    options.seed = seed;
    const std::vector<float> start = affekt::kmeans_start(x.data(), x.size(), 1, options);
    if (start[0] == 0) seconds.insert(start[1]);
  }
  CHECK(seconds.size() > 100);
}

TEST_CASE("k-means finds well separated clouds") {
  const Blobs blobs = make_blobs(2000, 4, 5, 0.3, 1);
  const auto result = run(blobs, options_with(5));
  CHECK(affekt::agreement(blobs.truth, result.labels).ari == 1.0);
  CHECK(result.converged);
  CHECK(std::accumulate(result.sizes.begin(), result.sizes.end(), std::size_t{0}) == blobs.n);
}

TEST_CASE("every row belongs to its nearest centroid and the inertia is the sum of those distances") {
  const Blobs blobs = make_blobs(1777, 9, 6, 4.0, 2);
  for (const int k : {3, 8, 30}) {  // both ways of adding rows up
    const auto result = run(blobs, options_with(k));
    double total = 0;
    std::vector<std::size_t> sizes(static_cast<std::size_t>(k));
    for (std::size_t i = 0; i < blobs.n; ++i) {
      const float* row = blobs.x.data() + i * blobs.d;
      double least = std::numeric_limits<double>::infinity();
      for (std::size_t c = 0; c < static_cast<std::size_t>(k); ++c) {
        least = std::min(least, squared_distance(row, result.centroids.data() + c * blobs.d, blobs.d));
      }
      const auto label = static_cast<std::size_t>(result.labels[i]);
      const double own = squared_distance(row, result.centroids.data() + label * blobs.d, blobs.d);
      REQUIRE(own <= least * (1 + 1e-5));
      ++sizes[label];
      total += own;
    }
    CHECK(result.inertia == Approx(total).epsilon(1e-6));
    CHECK(sizes == result.sizes);
  }
}

TEST_CASE("inertia never rises from step to step") {
  const Blobs blobs = make_blobs(5000, 9, 7, 6.0, 3);
  KMeansOptions options = options_with(12);
  options.relative_tolerance = 0;
  std::map<int, double> last;
  int steps = 0;
  affekt::kmeans(blobs.x.data(), blobs.n, blobs.d, options, [&](const affekt::KMeansStep& step) {
    if (step.iteration > 1 && step.refilled == 0) CHECK(step.inertia <= last[step.restart] * (1 + 1e-7));
    last[step.restart] = step.inertia;
    ++steps;
  });
  CHECK(last.size() == 10);
  CHECK(steps > 20);
}

TEST_CASE("the best restart wins, and more clusters cost less") {
  const Blobs blobs = make_blobs(1500, 5, 6, 5.0, 4);
  double least = std::numeric_limits<double>::infinity();
  std::map<int, double> last;
  const auto result = affekt::kmeans(blobs.x.data(), blobs.n, blobs.d, options_with(6),
                                     [&](const affekt::KMeansStep& step) { last[step.restart] = step.inertia; });
  for (const auto& [restart, inertia] : last) least = std::min(least, inertia);
  CHECK(result.inertia == least);
  double before = std::numeric_limits<double>::infinity();
  for (const int k : {1, 2, 4, 8, 16, 40}) {
    const double inertia = run(blobs, options_with(k)).inertia;
    CHECK(inertia < before);
    before = inertia;
  }
}

TEST_CASE("the same bits at any thread count and with any vector width") {
  const Blobs blobs = make_blobs(12011, 9, 8, 6.0, 5);
  for (const int k : {8, 33}) {
    KMeansOptions options = options_with(k);
    options.restarts = 2;
    options.max_iterations = 25;  // instruction sets without fused multiply-add are slow
    affekt::set_thread_count(1);
    const auto reference = run(blobs, options);
    for (const int threads : {2, 3, 5}) {
      affekt::set_thread_count(threads);
      CHECK(same_bits(run(blobs, options), reference));
    }
    affekt::set_thread_count(0);
    affekt::test::at_every_simd_level([&] { CHECK(same_bits(run(blobs, options), reference)); });
  }
}

TEST_CASE("the k-means|| start finds what k-means++ finds, with the same bits at any thread count and vector width") {
  const Blobs blobs = make_blobs(9001, 5, 12, 0.3, 21);
  KMeansOptions options = options_with(12);
  options.start = affekt::KMeansStart::parallel;
  options.restarts = 3;
  affekt::set_thread_count(1);
  const auto reference = run(blobs, options);
  CHECK(affekt::agreement(blobs.truth, reference.labels).ari == 1.0);
  affekt::set_thread_count(3);
  CHECK(same_bits(run(blobs, options), reference));
  affekt::set_thread_count(0);
  affekt::test::at_every_simd_level([&] { CHECK(same_bits(run(blobs, options), reference)); });
}

TEST_CASE("the k-means|| start of tables with few different rows is that of k-means++, and so are its errors") {
  KMeansOptions options = options_with(3);
  options.start = affekt::KMeansStart::parallel;
  std::vector<float> x(300);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 3);
  auto centroids = affekt::kmeans(x.data(), x.size(), 1, options).centroids;
  std::sort(centroids.begin(), centroids.end());
  CHECK(centroids == std::vector<float>{0, 1, 2});
  options.k = 4;
  CHECK(
      contains(message_of<DataError>([&] { affekt::kmeans(x.data(), x.size(), 1, options); }), "only 3 distinct rows"));
  CHECK(affekt::kmeans(x.data(), 3, 1, options_with(3)).inertia == 0);
}

TEST_CASE("another seed may differ, the same seed may not") {
  const Blobs blobs = make_blobs(900, 6, 9, 6.0, 6);
  KMeansOptions options = options_with(7);
  options.restarts = 1;
  const auto first = run(blobs, options);
  CHECK(same_bits(first, run(blobs, options)));
  std::set<double> inertias;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    options.seed = seed;
    inertias.insert(run(blobs, options).inertia);
  }
  CHECK(inertias.size() > 1);
}

TEST_CASE("permuted rows give the same partition") {
  const Blobs blobs = make_blobs(1200, 4, 5, 0.5, 7);
  std::vector<std::size_t> order(blobs.n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  affekt::RandomStream(99).shuffle(order);
  Blobs shuffled = blobs;
  for (std::size_t i = 0; i < blobs.n; ++i) {
    std::copy_n(blobs.x.begin() + static_cast<std::ptrdiff_t>(order[i] * blobs.d), blobs.d,
                shuffled.x.begin() + static_cast<std::ptrdiff_t>(i * blobs.d));
  }
  const auto a = run(blobs, options_with(5));
  const auto b = run(shuffled, options_with(5));
  CHECK(a.inertia == Approx(b.inertia).epsilon(1e-6));
  std::vector<std::int32_t> back(blobs.n);
  for (std::size_t i = 0; i < blobs.n; ++i) back[order[i]] = b.labels[i];
  CHECK(affekt::agreement(a.labels, back).ari == 1.0);
}

TEST_CASE("k = 1 is the mean, k = n leaves nothing over") {
  const Blobs blobs = make_blobs(50, 3, 4, 3.0, 8);
  const auto one = run(blobs, options_with(1));
  for (std::size_t j = 0; j < blobs.d; ++j) {
    double sum = 0;
    for (std::size_t i = 0; i < blobs.n; ++i) sum += double{blobs.x[i * blobs.d + j]};
    CHECK(one.centroids[j] == Approx(sum / 50).margin(1e-5));
  }
  const auto all = run(blobs, options_with(50));
  CHECK(all.inertia == 0.0);
  CHECK(std::set<std::int32_t>(all.labels.begin(), all.labels.end()).size() == 50);
}

TEST_CASE("one dimension, one row, duplicates") {
  const std::vector<float> line = {0, 0, 0, 0, 10, 10, 10, 20, 20};
  const auto result = affekt::kmeans(line.data(), line.size(), 1, options_with(3));
  CHECK(result.inertia == 0.0);
  CHECK(affekt::agreement({0, 0, 0, 0, 1, 1, 1, 2, 2}, result.labels).ari == 1.0);
  const auto single = affekt::kmeans(line.data(), 1, 1, options_with(1));
  CHECK(single.labels == std::vector<std::int32_t>{0});

  const auto message = message_of<DataError>([&] { affekt::kmeans(line.data(), line.size(), 1, options_with(4)); });
  CHECK(contains(message, "only 3 distinct rows"));
}

TEST_CASE("an empty cluster takes over the worst-fitted row") {
  // Two centroids start at one place: ties go to the lower number, so the other has no row.
  const std::vector<float> line = {0, 1, 2, 100};
  int refilled = 0;
  const auto result = affekt::kmeans_from(line.data(), 4, 1, {0, 0}, options_with(2),
                                          [&](const affekt::KMeansStep& step) { refilled += step.refilled; });
  CHECK(refilled == 1);
  CHECK(result.labels == std::vector<std::int32_t>{0, 0, 0, 1});
  CHECK(result.inertia == Approx(2.0));
  CHECK(result.converged);

  // Several empty ones take different rows, even if the worst-fitted are equal.
  const std::vector<float> twins = {0, 50, 50, 40, 0};
  const auto three = affekt::kmeans_from(twins.data(), 5, 1, {0, 0, 0}, options_with(3));
  CHECK(three.inertia == 0.0);
}

TEST_CASE("the k-means++ start picks different rows of the data") {
  const Blobs blobs = make_blobs(3000, 3, 8, 0.1, 9);
  const auto start = affekt::kmeans_start(blobs.x.data(), blobs.n, blobs.d, options_with(8));
  std::set<std::int32_t> clouds;
  for (std::size_t c = 0; c < 8; ++c) {
    bool found = false;
    for (std::size_t i = 0; i < blobs.n && !found; ++i) {
      found = std::equal(start.begin() + static_cast<std::ptrdiff_t>(c * 3),
                         start.begin() + static_cast<std::ptrdiff_t>(c * 3 + 3),
                         blobs.x.begin() + static_cast<std::ptrdiff_t>(i * 3));
      if (found) clouds.insert(blobs.truth[i]);
    }
    CHECK(found);
  }
  CHECK(clouds.size() == 8);  // tight clouds: each candidate elsewhere costs far more
}

TEST_CASE("assign_to_nearest gives distances and breaks ties downwards") {
  const std::vector<float> x = {0, 0, 3, 4, 5, 0};
  const affekt::Assignment found = affekt::assign_to_nearest(x.data(), 3, 2, {0, 0, 10, 0});
  CHECK(found.labels == std::vector<std::int32_t>{0, 0, 0});
  CHECK(found.distances == std::vector<float>{0, 5, 5});
}

TEST_CASE("bad input is refused with its place") {
  std::vector<float> x = {1, 2, 3, 4, 5, 6};
  CHECK_THROWS_AS(affekt::kmeans(x.data(), 3, 2, options_with(4)), UsageError);
  CHECK_THROWS_AS(affekt::kmeans(x.data(), 3, 2, options_with(0)), UsageError);
  CHECK_THROWS_AS(affekt::kmeans(x.data(), 0, 2, options_with(1)), DataError);
  KMeansOptions options = options_with(2);
  options.restarts = 0;
  CHECK(contains(message_of<UsageError>([&] { options.validate(); }), "restarts"));
  options = options_with(2);
  options.relative_tolerance = -1;
  CHECK(contains(message_of<UsageError>([&] { options.validate(); }), "tolerance"));
  options = options_with(2);
  options.relative_tolerance = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(options.validate(), UsageError);
  CHECK_THROWS_AS(affekt::kmeans_from(x.data(), 3, 2, {1, 2, 3}, options_with(2)), UsageError);

  x[3] = std::numeric_limits<float>::quiet_NaN();
  const auto nan = message_of<DataError>([&] { affekt::kmeans(x.data(), 3, 2, options_with(2)); });
  CHECK(contains(nan, "row 1, column 1"));
  CHECK(contains(nan, "not a number"));
  x[3] = std::numeric_limits<float>::infinity();
  CHECK(contains(message_of<DataError>([&] { affekt::kmeans(x.data(), 3, 2, options_with(2)); }), "infinite"));
  x[3] = 1e30F;
  CHECK(contains(message_of<DataError>([&] { affekt::kmeans(x.data(), 3, 2, options_with(2)); }), "too large"));
}

TEST_CASE("mini-batches find the blobs, give the same bits at any thread count and every row its nearest centroid") {
  const std::size_t d = 2, k = 4, n = 60000;
  const float centers[k][d] = {{0, 0}, {10, 0}, {0, 10}, {10, 10}};
  affekt::RandomStream random(8);
  std::vector<float> x;
  for (std::size_t row = 0; row < n; ++row) {  // sorted by blob: the worst order for batches of neighbours
    for (std::size_t j = 0; j < d; ++j) x.push_back(centers[row * k / n][j] + static_cast<float>(random.normal()));
  }
  const affekt::RowFill rows = [&x](std::size_t begin, std::size_t end, float* out) {
    std::copy(x.data() + begin * d, x.data() + end * d, out);
  };
  affekt::KMeansOptions options;
  options.k = static_cast<int>(k);
  options.restarts = 2;
  affekt::set_thread_count(1);
  const auto found = affekt::kmeans_minibatch(rows, n, d, options);
  affekt::set_thread_count(3);
  const auto again = affekt::kmeans_minibatch(rows, n, d, options);
  affekt::set_thread_count(0);
  CHECK(found.centroids == again.centroids);
  CHECK(found.labels == again.labels);
  CHECK(found.inertia == again.inertia);
  CHECK(found.converged);
  const auto exact = affekt::kmeans(x.data(), n, d, options);
  CHECK(found.inertia >= exact.inertia * 0.9999);
  CHECK(found.inertia <= exact.inertia * 1.01);
  CHECK(affekt::assign_to_nearest(x.data(), n, d, found.centroids).labels == found.labels);
  CHECK(std::accumulate(found.sizes.begin(), found.sizes.end(), std::size_t{0}) == n);

  x[7] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(affekt::kmeans_minibatch(rows, n, d, options), affekt::DataError);
  options.k = 70000;
  CHECK_THROWS_AS(affekt::kmeans_minibatch(rows, n, d, options), affekt::UsageError);
}
