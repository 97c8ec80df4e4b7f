#include "affekt/metrics/cluster_quality.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/parallel.h"

namespace affekt {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kChunk = 16384;

/// Means of the clusters, in double precision, and what is needed beside them.
struct Means {
  std::vector<double> mean;        // (k, d)
  std::vector<std::size_t> sizes;  // (k)
  std::vector<double> squared;     // (k) sum of squared distances to the mean
  std::vector<double> distance;    // (k) sum of distances to the mean
  std::vector<std::size_t> used;   // clusters with rows
};

// Sums over rows in fixed chunks, added in chunk order: the same bits at any thread count.
template <typename Add>
std::vector<double> sum_in_chunks(const LabelledRows& rows, std::size_t width, const Add& add) {
  std::vector<std::vector<double>> parts((rows.n + kChunk - 1) / kChunk);
  parallel_for(rows.n, kChunk, [&](std::size_t begin, std::size_t end) {
    std::vector<float> filled;
    const float* x = rows.x == nullptr ? nullptr : rows.x + begin * rows.d;
    if (x == nullptr) {
      filled.resize((end - begin) * rows.d);
      rows.fill(begin, end, filled.data());
      x = filled.data();
    }
    auto& part = parts[begin / kChunk];
    part.assign(width, 0.0);
    for (std::size_t row = begin; row < end; ++row, x += rows.d) add(row, x, part);
  });
  std::vector<double> total(width);
  for (const auto& part : parts) std::transform(total.begin(), total.end(), part.begin(), total.begin(), std::plus<>());
  return total;
}

Means means_of(const LabelledRows& rows) {
  Means means;
  const std::size_t d = rows.d, k = rows.k;
  means.sizes.resize(k);
  for (std::size_t row = 0; row < rows.n; ++row) ++means.sizes[static_cast<std::size_t>(rows.labels[row])];
  means.mean = sum_in_chunks(rows, k * d, [&](std::size_t row, const float* x, std::vector<double>& part) {
    double* sum = part.data() + static_cast<std::size_t>(rows.labels[row]) * d;
    for (std::size_t j = 0; j < d; ++j) sum[j] += double{x[j]};
  });
  for (std::size_t c = 0; c < k; ++c) {
    if (means.sizes[c] == 0) continue;
    means.used.push_back(c);
    for (std::size_t j = 0; j < d; ++j) means.mean[c * d + j] /= static_cast<double>(means.sizes[c]);
  }
  auto sums = sum_in_chunks(rows, 2 * k, [&](std::size_t row, const float* x, std::vector<double>& part) {
    const auto c = static_cast<std::size_t>(rows.labels[row]);
    double squared = 0;
    for (std::size_t j = 0; j < d; ++j) {
      const double difference = double{x[j]} - means.mean[c * d + j];
      squared += difference * difference;
    }
    part[c] += squared;
    part[k + c] += std::sqrt(squared);
  });
  means.squared.assign(sums.begin(), sums.begin() + static_cast<std::ptrdiff_t>(k));
  means.distance.assign(sums.begin() + static_cast<std::ptrdiff_t>(k), sums.end());
  return means;
}

double pairs(double count) { return count * (count - 1) / 2; }

}  // namespace

double inertia(const LabelledRows& rows) {
  const Means means = means_of(rows);
  return std::accumulate(means.squared.begin(), means.squared.end(), 0.0);
}

double davies_bouldin(const LabelledRows& rows) {
  const Means means = means_of(rows);
  if (means.used.size() < 2) return kUndefined;
  const auto scatter = [&means](std::size_t c) { return means.distance[c] / static_cast<double>(means.sizes[c]); };
  double total = 0;
  for (const std::size_t a : means.used) {
    double worst = 0;
    for (const std::size_t b : means.used) {
      if (a == b) continue;
      double squared = 0;
      for (std::size_t j = 0; j < rows.d; ++j) {
        squared += std::pow(means.mean[a * rows.d + j] - means.mean[b * rows.d + j], 2);
      }
      if (squared > 0) worst = std::max(worst, (scatter(a) + scatter(b)) / std::sqrt(squared));
    }
    total += worst;
  }
  return total / static_cast<double>(means.used.size());
}

double calinski_harabasz(const LabelledRows& rows) {
  const Means means = means_of(rows);
  const auto clusters = static_cast<double>(means.used.size());
  const auto n = static_cast<double>(rows.n);
  const double within = std::accumulate(means.squared.begin(), means.squared.end(), 0.0);
  if (means.used.size() < 2 || means.used.size() >= rows.n || !(within > 0)) return kUndefined;
  double between = 0;
  for (std::size_t j = 0; j < rows.d; ++j) {
    double center = 0;
    for (const std::size_t c : means.used) center += means.mean[c * rows.d + j] * static_cast<double>(means.sizes[c]);
    center /= n;
    for (const std::size_t c : means.used) {
      between += static_cast<double>(means.sizes[c]) * std::pow(means.mean[c * rows.d + j] - center, 2);
    }
  }
  return between / within * (n - clusters) / (clusters - 1);
}

namespace {

/// Rows by truth, by found, and by both.
struct Counts {
  std::map<std::int32_t, double> rows, columns;
  std::map<std::pair<std::int32_t, std::int32_t>, double> cells;
  double n = 0;

  void add(std::int32_t truth, std::int32_t found, double count) {
    rows[truth] += count;
    columns[found] += count;
    cells[{truth, found}] += count;
    n += count;
  }
};

Agreement agreement_of(Counts& counts) {
  auto& [rows, columns, cells, n] = counts;
  std::map<std::int32_t, double> best;
  double same = 0, same_truth = 0, same_found = 0, truth_entropy = 0, found_entropy = 0, mutual = 0;
  for (const auto& [label, count] : rows) {
    same_truth += pairs(count);
    truth_entropy -= count / n * std::log(count / n);
  }
  for (const auto& [label, count] : columns) {
    same_found += pairs(count);
    found_entropy -= count / n * std::log(count / n);
  }
  for (const auto& [pair, count] : cells) {
    same += pairs(count);
    mutual += count / n * std::log(n * count / (rows[pair.first] * columns[pair.second]));
    best[pair.second] = std::max(best[pair.second], count);
  }
  Agreement result;
  const double expected = n > 1 ? same_truth * same_found / pairs(n) : 0;
  const double greatest = (same_truth + same_found) / 2;
  result.ari = greatest == expected ? 1 : (same - expected) / (greatest - expected);
  const double entropy = (truth_entropy + found_entropy) / 2;
  result.nmi = rows.size() == 1 && columns.size() == 1 ? 1 : (entropy > 0 ? std::max(0.0, mutual) / entropy : 0);
  for (const auto& [label, count] : best) result.purity += count / n;
  return result;
}

}  // namespace

Agreement agreement(const std::vector<std::int32_t>& truth, const std::vector<std::int32_t>& found) {
  if (truth.empty() || truth.size() != found.size())
    throw UsageError("agreement: two labellings of equal length wanted");
  Counts counts;
  for (std::size_t i = 0; i < truth.size(); ++i) counts.add(truth[i], found[i], 1);
  return agreement_of(counts);
}

Agreement agreement(const std::vector<std::vector<std::size_t>>& table) {
  Counts counts;
  for (std::size_t i = 0; i < table.size(); ++i) {
    for (std::size_t c = 0; c < table[i].size(); ++c) {
      if (table[i][c] > 0) {
        counts.add(static_cast<std::int32_t>(i), static_cast<std::int32_t>(c), static_cast<double>(table[i][c]));
      }
    }
  }
  if (!(counts.n > 0)) throw UsageError("agreement: no rows");
  return agreement_of(counts);
}

}  // namespace affekt
