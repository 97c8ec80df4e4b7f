#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "affekt/core/parallel.h"
#include "affekt/core/random.h"
#include "affekt/metrics/cluster_quality.h"
#include "metrics/silhouette_kernel.h"

namespace affekt {
namespace {

constexpr std::size_t kWidth = kSilhouetteLanes;

// `count` of the numbers below n, ascending: selection sampling (Knuth, The Art of Computer Programming 2, 3.4.2, S).
std::vector<std::size_t> sample_rows(std::size_t n, std::size_t count, std::uint64_t seed) {
  constexpr std::uint64_t kStream = 0x51;
  RandomStream random(seed, kStream);
  std::vector<std::size_t> rows;
  rows.reserve(std::min(n, count));
  for (std::size_t i = 0; i < n && rows.size() < count; ++i) {
    if (n <= count || random.below(n - i) < count - rows.size()) rows.push_back(i);
  }
  return rows;
}

/// Points of each cluster in blocks of their own.
struct Grouped {
  std::size_t d = 0;
  std::vector<float> data, weights;
  std::vector<std::size_t> first_block;  // (k + 1)
  std::vector<std::size_t> sizes;        // (k)

  Grouped(const LabelledRows& rows, const std::vector<std::size_t>& chosen, const std::vector<float>& values)
      : d(rows.d), first_block(rows.k + 1), sizes(rows.k) {
    for (const std::size_t row : chosen) ++sizes[static_cast<std::size_t>(rows.labels[row])];
    for (std::size_t c = 0; c < rows.k; ++c) first_block[c + 1] = first_block[c] + (sizes[c] + kWidth - 1) / kWidth;
    data.resize(first_block.back() * d * kWidth);
    weights.resize(first_block.back() * kWidth);
    std::vector<std::size_t> filled(rows.k);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const auto c = static_cast<std::size_t>(rows.labels[chosen[i]]);
      const std::size_t place = first_block[c] * kWidth + filled[c]++;
      weights[place] = 1;
      for (std::size_t j = 0; j < d; ++j) {
        data[(place / kWidth * d + j) * kWidth + place % kWidth] = values[i * d + j];
      }
    }
  }

  double mean_distance(std::size_t c, const float* point, std::size_t divisor) const {
    return sum_of_distances(data.data(), weights.data(), first_block[c], first_block[c + 1], d, point) /
           static_cast<double>(divisor);
  }
};

double silhouette_of(const Grouped& grouped, const float* point, std::size_t own) {
  if (grouped.sizes[own] < 2) return 0;
  const double a = grouped.mean_distance(own, point, grouped.sizes[own] - 1);
  double b = std::numeric_limits<double>::infinity();
  for (std::size_t c = 0; c < grouped.sizes.size(); ++c) {
    if (c != own && grouped.sizes[c] > 0) b = std::min(b, grouped.mean_distance(c, point, grouped.sizes[c]));
  }
  const double greater = std::max(a, b);
  return greater > 0 ? (b - a) / greater : 0;
}

}  // namespace

SilhouetteEstimate silhouette_estimate(const LabelledRows& rows, std::uint64_t seed, std::size_t sample) {
  const auto chosen = sample_rows(rows.n, sample, seed);
  std::vector<float> values(chosen.size() * rows.d);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (rows.x != nullptr) {
      std::copy_n(rows.x + chosen[i] * rows.d, rows.d, values.data() + i * rows.d);
    } else {
      rows.fill(chosen[i], chosen[i] + 1, values.data() + i * rows.d);
    }
  }
  const Grouped grouped(rows, chosen, values);
  const auto used =
      std::count_if(grouped.sizes.begin(), grouped.sizes.end(), [](std::size_t size) { return size > 0; });
  constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
  if (used < 2) return {kUndefined, kUndefined};
  constexpr std::size_t kChunk = 64;
  std::vector<double> sums((chosen.size() + kChunk - 1) / kChunk), squares(sums.size());
  parallel_for(chosen.size(), kChunk, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const double one =
          silhouette_of(grouped, values.data() + i * rows.d, static_cast<std::size_t>(rows.labels[chosen[i]]));
      sums[begin / kChunk] += one;
      squares[begin / kChunk] += one * one;
    }
  });
  const auto m = static_cast<double>(chosen.size());
  const double mean = std::accumulate(sums.begin(), sums.end(), 0.0) / m;
  const double variance =
      std::max(0.0, std::accumulate(squares.begin(), squares.end(), 0.0) - m * mean * mean) / (m - 1);
  const double unseen = 1 - m / static_cast<double>(rows.n);
  return {mean, unseen > 0 ? std::sqrt(variance / m * unseen) : 0};
}

double silhouette(const LabelledRows& rows, std::uint64_t seed, std::size_t sample) {
  return silhouette_estimate(rows, seed, sample).value;
}

}  // namespace affekt
