#include <algorithm>
#include <cmath>
#include <string>

#include "affekt/core/error.h"
#include "affekt/core/parallel.h"
#include "affekt/core/random.h"
#include "cluster/kernels.h"
#include "cluster/lloyd.h"
#include "cluster/start.h"

namespace affekt {
namespace {

constexpr std::size_t kBatch = 8192, kRun = 64;  // rows of a batch, and how many lie side by side
constexpr std::size_t kStartRows = 32768;        // k-means++ looks at no more
constexpr int kPatience = 20;                    // batches without progress
// Centroids follow by ever smaller steps and never come to rest: less than this fraction in kPatience batches is none.
constexpr double kLeastProgress = 3e-4;
constexpr double kSmoothing = 0.1;  // weight of the latest batch in the running mean

/// `count` rows in runs that begin at random.
std::vector<float> draw(const RowFill& rows, std::size_t n, std::size_t d, std::size_t count, RandomStream& random) {
  if (n <= count) {
    std::vector<float> all(n * d);
    rows(0, n, all.data());
    return all;
  }
  std::vector<float> drawn(count * d);
  const std::size_t run = std::min(kRun, n);
  for (std::size_t at = 0; at < count; at += run) {
    const std::size_t length = std::min(run, count - at), first = random.below(n - length + 1);
    rows(first, first + length, drawn.data() + at * d);
  }
  return drawn;
}

/// Centroids that follow one batch after another, each by the share of the batch in all rows it has seen.
class MiniBatch {
 public:
  MiniBatch(const RowFill& rows, std::size_t n, std::size_t d, const KMeansOptions& options)
      : rows_(rows), n_(n), d_(d), options_(options) {}

  KMeansResult run(int restart, const std::function<void(const KMeansStep&)>& on_step) {
    RandomStream random(options_.seed, static_cast<std::uint64_t>(restart));
    const auto k = static_cast<std::size_t>(options_.k);
    const auto first = draw(rows_, n_, d_, kStartRows, random);
    KMeansResult result;
    result.centroids = start_of(deal_rows(first.data(), first.size() / d_, d_), options_, random);
    seen_.assign(k, 0);
    const double progress = std::max(options_.relative_tolerance, kLeastProgress);
    double mean = 0, least = 0;
    int stalled = 0;
    while (result.iterations < options_.max_iterations && stalled < kPatience) {
      const auto batch = draw(rows_, n_, d_, kBatch, random);
      const double inertia = follow(batch, result.centroids);
      mean = result.iterations++ == 0 ? inertia : mean + kSmoothing * (inertia - mean);
      if (on_step) on_step({restart, result.iterations, inertia, 0});
      if (result.iterations == 1 || mean < least * (1 - progress)) {
        least = mean;
        stalled = 0;
      } else {
        ++stalled;
      }
    }
    result.converged = stalled >= kPatience;
    return result;
  }

 private:
  /// @returns  mean squared distance of the batch before the centroids moved.
  double follow(const std::vector<float>& batch, std::vector<float>& centroids) {
    const std::size_t count = batch.size() / d_;
    const Assignment found = assign_points(deal_rows(batch.data(), count, d_), centroids);
    std::vector<double> sums(centroids.size());
    std::vector<std::size_t> sizes(seen_.size());
    double inertia = 0;
    for (std::size_t row = 0; row < count; ++row) {
      const auto c = static_cast<std::size_t>(found.labels[row]);
      ++sizes[c];
      for (std::size_t j = 0; j < d_; ++j) sums[c * d_ + j] += double{batch[row * d_ + j]};
      inertia += double{found.distances[row]} * double{found.distances[row]};
    }
    for (std::size_t c = 0; c < sizes.size(); ++c) {
      if (sizes[c] == 0) continue;
      seen_[c] += sizes[c];
      const double share = static_cast<double>(sizes[c]) / static_cast<double>(seen_[c]);
      for (std::size_t j = 0; j < d_; ++j) {
        float& value = centroids[c * d_ + j];
        value = static_cast<float>(double{value} +
                                   share * (sums[c * d_ + j] / static_cast<double>(sizes[c]) - double{value}));
      }
    }
    return inertia / static_cast<double>(count);
  }

  const RowFill& rows_;
  std::size_t n_, d_;
  const KMeansOptions& options_;
  std::vector<std::size_t> seen_;
};

}  // namespace

Assignment assign_rows(const RowFill& rows, std::size_t n, std::size_t d, const std::vector<float>& centroids) {
  constexpr std::size_t kChunk = 8192;
  Assignment result{std::vector<std::int32_t>(n), std::vector<float>(n)};
  parallel_for(n, kChunk, [&](std::size_t begin, std::size_t end) {
    const RowFill chunk = [&](std::size_t first, std::size_t last, float* out) {
      rows(begin + first, begin + last, out);
    };
    const Assignment part = assign_points(deal_rows(chunk, end - begin, d), centroids);
    const auto at = static_cast<std::ptrdiff_t>(begin);
    std::copy(part.labels.begin(), part.labels.end(), result.labels.begin() + at);
    std::copy(part.distances.begin(), part.distances.end(), result.distances.begin() + at);
  });
  return result;
}

KMeansResult kmeans_minibatch(const RowFill& rows, std::size_t n, std::size_t d, const KMeansOptions& options,
                              const std::function<void(const KMeansStep&)>& on_step) {
  options.validate();
  if (n == 0 || d == 0) throw DataError("k-means: no rows or no columns");
  if (static_cast<std::size_t>(options.k) > n) {
    throw UsageError("k = " + std::to_string(options.k) + " is out of range: there are " + std::to_string(n) + " rows");
  }
  KMeansResult best;
  for (int restart = 0; restart < options.restarts; ++restart) {
    KMeansResult result = MiniBatch(rows, n, d, options).run(restart, on_step);
    Assignment found = assign_rows(rows, n, d, result.centroids);
    result.labels = std::move(found.labels);
    for (const float distance : found.distances) result.inertia += double{distance} * double{distance};
    result.sizes.assign(static_cast<std::size_t>(options.k), 0);
    for (const std::int32_t label : result.labels) ++result.sizes[static_cast<std::size_t>(label)];
    if (restart == 0 || result.inertia < best.inertia) best = std::move(result);
  }
  return best;
}

}  // namespace affekt
