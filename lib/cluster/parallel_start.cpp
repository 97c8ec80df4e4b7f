#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "affekt/core/error.h"
#include "affekt/core/parallel.h"
#include "cluster/kernels.h"
#include "cluster/start.h"

namespace affekt {
namespace {

constexpr int kRounds = 5;              // Bahmani et al. find that more do not help
constexpr std::size_t kOversample = 2;  // candidates a round, in expectation, over k

/// Oversampled candidates and the distance of every row to the nearest of them.
class Candidates {
 public:
  explicit Candidates(const Points& points)
      : points_(points),
        chunk_(chunk_blocks(points)),
        chunks_((points.blocks() + chunk_ - 1) / chunk_),
        nearest_(points.blocks() * kLanes, std::numeric_limits<float>::infinity()) {}

  std::size_t count() const { return rows_.size() / points_.d; }
  const std::vector<float>& rows() const { return rows_; }

  /// Takes these rows in; returns the sum of squared distances to the nearest candidate.
  double add(const std::vector<std::size_t>& chosen) {
    const std::size_t d = points_.d, before = rows_.size();
    for (const std::size_t row : chosen) {
      for (std::size_t j = 0; j < d; ++j) rows_.push_back(points_.at(row, j));
    }
    const PaddedCentroids fresh(rows_.data() + before, chosen.size(), d);
    std::vector<double> sums(chunks_);
    parallel_for(points_.blocks(), chunk_, [&](std::size_t begin, std::size_t end) {
      std::vector<std::int32_t> labels((end - begin) * kLanes);
      std::vector<float> squared(labels.size());
      nearest_blocks(points_, begin, end, fresh, labels.data(), squared.data());
      double& sum = sums[begin / chunk_];
      for (std::size_t row = begin * kLanes; row < std::min(end * kLanes, points_.n); ++row) {
        nearest_[row] = std::min(nearest_[row], squared[row - begin * kLanes]);
        sum += double{nearest_[row]};
      }
    });
    double total = 0;
    for (const double sum : sums) total += sum;
    return total;
  }

  /// Each row by itself, with probability `expected` * squared distance / total.
  std::vector<std::size_t> draw(double expected, double total, std::uint64_t seed) const {
    std::vector<std::vector<std::size_t>> parts(chunks_);
    parallel_for(points_.blocks(), chunk_, [&](std::size_t begin, std::size_t end) {
      RandomStream random(seed, begin / chunk_);
      for (std::size_t row = begin * kLanes; row < std::min(end * kLanes, points_.n); ++row) {
        if (random.uniform() * total < expected * double{nearest_[row]}) parts[begin / chunk_].push_back(row);
      }
    });
    std::vector<std::size_t> chosen;
    for (const auto& part : parts) chosen.insert(chosen.end(), part.begin(), part.end());
    return chosen;
  }

  /// Rows nearest to each candidate.
  std::vector<double> weights() const {
    const PaddedCentroids all(rows_.data(), count(), points_.d);
    std::vector<std::vector<double>> parts(chunks_);
    parallel_for(points_.blocks(), chunk_, [&](std::size_t begin, std::size_t end) {
      std::vector<std::int32_t> labels((end - begin) * kLanes);
      nearest_blocks(points_, begin, end, all, labels.data(), nullptr);
      auto& part = parts[begin / chunk_];
      part.resize(count());
      for (const std::int32_t label : labels) {
        if (label >= 0) ++part[static_cast<std::size_t>(label)];
      }
    });
    std::vector<double> weights(count());
    for (const auto& part : parts) {
      for (std::size_t i = 0; i < part.size(); ++i) weights[i] += part[i];
    }
    return weights;
  }

 private:
  const Points& points_;
  std::size_t chunk_, chunks_;
  std::vector<float> nearest_;
  std::vector<float> rows_;  // (count, d)
};

/// k-means++ over few weighted rows; empty if fewer than k of them differ.
std::vector<float> weighted_plus_plus(const std::vector<float>& rows, const std::vector<double>& weights, std::size_t d,
                                      std::size_t k, RandomStream& random) {
  std::vector<double> nearest(weights.size(), std::numeric_limits<double>::infinity());
  std::vector<double> share = weights;
  std::vector<float> centers;
  for (std::size_t c = 0; c < k; ++c) {
    double total = 0;
    for (const double value : share) total += value;
    if (!(total > 0)) return {};
    double left = random.uniform() * total;
    std::size_t chosen = weights.size();
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (share[i] <= 0) continue;
      chosen = i;  // rounding may leave a rest beyond the last
      left -= share[i];
      if (left < 0) break;
    }
    const float* center = rows.data() + chosen * d;
    centers.insert(centers.end(), center, center + d);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      double squared = 0;
      for (std::size_t j = 0; j < d; ++j) squared += std::pow(double{rows[i * d + j]} - double{center[j]}, 2);
      nearest[i] = std::min(nearest[i], squared);
      share[i] = weights[i] * nearest[i];
    }
  }
  return centers;
}

}  // namespace

std::vector<float> parallel_start(const Points& points, std::size_t k, RandomStream& random) {
  Candidates candidates(points);
  double total = candidates.add({random.below(points.n)});
  for (int round = 0; round < kRounds && total > 0; ++round) {
    if (!std::isfinite(total)) {
      throw DataError("k-means: values too large to square in single precision; scale the columns first");
    }
    const auto chosen = candidates.draw(static_cast<double>(kOversample * k), total, random.next());
    if (!chosen.empty()) total = candidates.add(chosen);
  }
  auto centers = weighted_plus_plus(candidates.rows(), candidates.weights(), points.d, k, random);
  return centers.empty() ? plus_plus_start(points, k, random) : centers;
}

}  // namespace affekt
