#include "cluster/choose_k.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "affekt/cluster/kmeans.h"
#include "affekt/core/error.h"
#include "affekt/core/random.h"

namespace affekt {
namespace {

constexpr std::size_t kSample = 2000;
constexpr int kReferences = 10, kBootstraps = 10, kRestarts = 3;
constexpr std::uint64_t kStream = 0x6A9;
constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

KMeansOptions sample_options(int k, std::uint64_t seed) {
  KMeansOptions options;
  options.k = k;
  options.restarts = kRestarts;
  options.seed = seed;
  return options;
}

std::vector<float> draw_rows(const std::vector<float>& from, std::size_t d, RandomStream& random) {
  std::vector<float> drawn;
  drawn.reserve(from.size());
  for (std::size_t i = 0; i < from.size() / d; ++i) {
    const auto row = from.begin() + static_cast<std::ptrdiff_t>(random.below(from.size() / d) * d);
    drawn.insert(drawn.end(), row, row + static_cast<std::ptrdiff_t>(d));
  }
  return drawn;
}

std::vector<float> sample_of(const RowFill& rows, std::size_t n, std::size_t d, RandomStream& random) {
  std::vector<float> sample(std::min(n, kSample) * d);
  if (n <= kSample) {
    rows(0, n, sample.data());
    return sample;
  }
  for (std::size_t i = 0; i < kSample; ++i) {
    const std::size_t row = random.below(n);
    rows(row, row + 1, sample.data() + i * d);
  }
  return sample;
}

/// Uniform in the box of the sample: data without clusters.
std::vector<float> reference_of(const std::vector<float>& sample, std::size_t d, RandomStream& random) {
  std::vector<float> reference(sample.size());
  for (std::size_t j = 0; j < d; ++j) {
    float low = sample[j], high = sample[j];
    for (std::size_t i = j; i < sample.size(); i += d) {
      low = std::min(low, sample[i]);
      high = std::max(high, sample[i]);
    }
    for (std::size_t i = j; i < sample.size(); i += d) {
      reference[i] = static_cast<float>(random.uniform(double{low}, double{high}));
    }
  }
  return reference;
}

void measure_gap(const std::vector<float>& sample, std::size_t d, std::uint64_t seed, SweepEntry& entry) {
  const std::size_t n = sample.size() / d;
  const auto options = sample_options(entry.k, seed);
  const double found = kmeans(sample.data(), n, d, options).inertia;
  if (!(found > 0)) return;
  RandomStream random(seed, kStream + 1);  // the same references for every k
  double sum = 0, squares = 0;
  for (int b = 0; b < kReferences; ++b) {
    const auto reference = reference_of(sample, d, random);
    const double logarithm = std::log(kmeans(reference.data(), n, d, options).inertia);
    sum += logarithm;
    squares += logarithm * logarithm;
  }
  const double mean = sum / kReferences;
  entry.gap = mean - std::log(found);
  entry.gap_error = std::sqrt(std::max(0.0, squares / kReferences - mean * mean) * (1 + 1.0 / kReferences));
}

void measure_stability(const std::vector<float>& sample, std::size_t d, std::uint64_t seed, SweepEntry& entry) {
  const std::size_t n = sample.size() / d;
  const auto options = sample_options(entry.k, seed);
  const auto whole = kmeans(sample.data(), n, d, options).labels;
  RandomStream random(seed, kStream + 2);
  double sum = 0;
  for (int b = 0; b < kBootstraps; ++b) {
    const auto drawn = draw_rows(sample, d, random);
    const auto centroids = kmeans(drawn.data(), n, d, options).centroids;
    sum += agreement(whole, assign_to_nearest(sample.data(), n, d, centroids).labels).ari;
  }
  entry.stability = sum / kBootstraps;
}

/// The entry farthest below the line from the first to the last, both axes scaled to 0..1 (Satopaa et al., "Finding a
/// Kneedle in a Haystack", 2011, without its smoothing).
int elbow(const std::vector<SweepEntry>& sweep) {
  if (sweep.size() < 3) return 0;
  const double k_span = sweep.back().k - sweep.front().k, fall = sweep.front().inertia - sweep.back().inertia;
  if (!(fall > 0)) return 0;
  int best = 0;
  double farthest = 0;
  for (const SweepEntry& entry : sweep) {
    const double below = (sweep.front().inertia - entry.inertia) / fall - (entry.k - sweep.front().k) / k_span;
    if (below > farthest) {
      farthest = below;
      best = entry.k;
    }
  }
  return best;
}

/// The first k whose gap is not clearly below that of the next (Tibshirani, Walther and Hastie 2001); 0 if there is
/// none.
int first_gap(const std::vector<SweepEntry>& sweep) {
  for (std::size_t i = 0; i + 1 < sweep.size(); ++i) {
    if (sweep[i].gap >= sweep[i + 1].gap - sweep[i + 1].gap_error) return sweep[i].k;
  }
  return 0;
}

/// The k of the greatest value, ties to the lower k; undefined values do not take part.
int greatest(const std::vector<SweepEntry>& sweep, double SweepEntry::*value, double sign = 1) {
  int best = 0;
  double highest = -std::numeric_limits<double>::infinity();
  for (const SweepEntry& entry : sweep) {
    if (sign * (entry.*value) > highest) {
      highest = sign * (entry.*value);
      best = entry.k;
    }
  }
  return best;
}

}  // namespace

void measure_sampled(const RowFill& rows, std::size_t n, std::size_t d, std::uint64_t seed,
                     std::vector<SweepEntry>& sweep) {
  RandomStream random(seed, kStream);
  const auto sample = sample_of(rows, n, d, random);
  for (SweepEntry& entry : sweep) {
    entry.gap = entry.gap_error = entry.stability = kUndefined;
    try {
      measure_gap(sample, d, seed, entry);
      measure_stability(sample, d, seed, entry);
    } catch (const Error&) {  // a sample with fewer than k different rows: nothing to tell
    }
  }
}

KAdvice advise(const std::vector<SweepEntry>& sweep) {
  KAdvice advice;
  advice.silhouette = greatest(sweep, &SweepEntry::silhouette);
  advice.elbow = elbow(sweep);
  advice.davies_bouldin = greatest(sweep, &SweepEntry::davies_bouldin, -1);
  advice.calinski_harabasz = greatest(sweep, &SweepEntry::calinski_harabasz);
  advice.gap = first_gap(sweep);
  advice.stability = greatest(sweep, &SweepEntry::stability);
  return advice;
}

}  // namespace affekt
