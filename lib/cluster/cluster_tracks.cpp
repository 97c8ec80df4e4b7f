#include "affekt/cluster/cluster_tracks.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>

#include "affekt/cluster/cluster_moods.h"
#include "affekt/core/error.h"
#include "affekt/metrics/cluster_quality.h"
#include "affekt/music/track_reader.h"
#include "cluster/choose_k.h"
#include "cluster/lloyd.h"

namespace affekt {
namespace {

// Distinct rows, counted up to `limit`.
std::size_t count_distinct(const RowFill& rows, std::size_t n, std::size_t d, std::size_t limit) {
  std::vector<std::vector<float>> seen;
  std::vector<float> values(d);
  for (std::size_t row = 0; row < n && seen.size() < limit; ++row) {
    rows(row, row + 1, values.data());
    if (std::find(seen.begin(), seen.end(), values) == seen.end()) seen.push_back(values);
  }
  return seen.size();
}

LabelledRows labelled(const RowFill& rows, std::size_t d, const std::vector<std::int32_t>& labels, std::size_t k) {
  return {nullptr, labels.size(), d, labels.data(), k, rows};
}

/// Renumbers clusters in falling order of size, ties in the order they came in.
void sort_by_size(KMeansResult& result, std::size_t d) {
  std::vector<std::size_t> order(result.sizes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return result.sizes[a] > result.sizes[b]; });
  const KMeansResult before = result;
  for (std::size_t c = 0; c < order.size(); ++c) {
    result.sizes[c] = before.sizes[order[c]];
    std::copy_n(before.centroids.begin() + static_cast<std::ptrdiff_t>(order[c] * d), d,
                result.centroids.begin() + static_cast<std::ptrdiff_t>(c * d));
  }
}

void measure(const RowFill& scaled, Clustering& clustering) {
  const std::size_t d = clustering.model.features.size();
  const auto rows = labelled(scaled, d, clustering.labels, clustering.model.k());
  auto& quality = clustering.model.quality;
  quality.silhouette = silhouette(rows, clustering.model.seed);
  quality.davies_bouldin = davies_bouldin(rows);
  quality.calinski_harabasz = calinski_harabasz(rows);
  std::vector<std::size_t> sizes(clustering.model.k());
  for (const auto label : clustering.labels) ++sizes[static_cast<std::size_t>(label)];
  for (std::size_t c = 0; c < sizes.size(); ++c) clustering.model.clusters[c].size = sizes[c];
}

/// Chooses features and scaler; constant columns are left out.
void prepare(const TrackTable& table, const ClusterOptions& options, Clustering& clustering) {
  const auto wanted = options.features.empty() ? default_features(table) : options.features;
  std::vector<const std::vector<float>*> columns;
  std::vector<float> folded;
  for (const TrackFeature feature : wanted) {
    if (!table.has(feature))
      throw UsageError(std::string("features: the table has no column '") + feature_name(feature) + "'");
    columns.push_back(&table.column(feature));
    if (!options.fold_tempo || feature != TrackFeature::tempo) continue;
    folded = table.column(feature);
    for (float& tempo : folded) tempo = static_cast<float>(folded_tempo(double{tempo}));
    columns.back() = &folded;
  }
  const Scaler all = options.scaler.columns() > 0 ? options.scaler : fit_scaler(options.scaling, columns);
  clustering.model.scaler.kind = options.scaling;
  clustering.model.fold_tempo = options.fold_tempo;
  for (std::size_t j = 0; j < wanted.size(); ++j) {
    if (!(all.scale[j] > 0)) {
      clustering.constant.push_back(wanted[j]);
      continue;
    }
    clustering.model.features.push_back(wanted[j]);
    if (!options.fill.empty()) clustering.model.fill.push_back(options.fill[j]);
    clustering.model.scaler.offset.push_back(all.offset[j]);
    clustering.model.scaler.scale.push_back(all.scale[j]);
  }
  if (clustering.model.features.empty()) {
    throw DataError("every feature has the same value in all " + std::to_string(table.size()) +
                    " tracks: there is nothing to cluster by");
  }
}

/// The scaled tracks as the chosen algorithm wants them.
class Work {
 public:
  Work(const RowFill& rows, std::size_t count, std::size_t columns, const ClusterOptions& options)
      : scaled(rows), n(count), d(columns), options_(options) {
    if (options.algorithm == KMeansAlgorithm::lloyd) points_ = deal_rows(rows, n, d);
  }

  KMeansResult fit(int k) const {
    KMeansOptions kmeans_options = options_.kmeans;
    kmeans_options.k = k;
    if (options_.algorithm == KMeansAlgorithm::lloyd) return kmeans_points(points_, kmeans_options);
    KMeansResult result = kmeans_minibatch(scaled, n, d, kmeans_options);
    result.labels = {};
    return result;
  }

  Assignment assign(const std::vector<float>& centroids) const {
    if (options_.algorithm == KMeansAlgorithm::lloyd) return assign_points(points_, centroids);
    return assign_rows(scaled, n, d, centroids);
  }

  const RowFill& scaled;
  std::size_t n, d;

 private:
  const ClusterOptions& options_;
  Points points_;
};

SweepEntry sweep_entry(const Work& work, const KMeansResult& result, std::uint64_t seed) {
  SweepEntry entry;
  entry.k = static_cast<int>(result.sizes.size());
  entry.inertia = result.inertia;
  const std::vector<std::int32_t> labels = work.assign(result.centroids).labels;
  const auto rows = labelled(work.scaled, work.d, labels, result.sizes.size());
  const SilhouetteEstimate estimate = silhouette_estimate(rows, seed);
  entry.silhouette = estimate.value;
  entry.silhouette_error = estimate.standard_error;
  entry.davies_bouldin = davies_bouldin(rows);
  entry.calinski_harabasz = calinski_harabasz(rows);
  return entry;
}

KMeansResult choose_k(const Work& work, const ClusterOptions& options, Clustering& clustering,
                      const std::function<void(double)>& progress) {
  const std::size_t n = work.n;
  if (options.k > 0) return work.fit(options.k);
  if (n <= options.few) return work.fit(1);
  const auto distinct =
      static_cast<int>(count_distinct(work.scaled, n, work.d, static_cast<std::size_t>(options.k_high) + 1));
  const int high = std::min({options.k_high, distinct, static_cast<int>(std::min<std::size_t>(n, 1U << 30U)) - 1});
  if (high < options.k_low) {
    if (options.few > 0) return work.fit(1);
    throw UsageError("k-range: " + std::to_string(options.k_low) + ":" + std::to_string(options.k_high) +
                     " needs more tracks: there are " + std::to_string(n) + ", " + std::to_string(distinct) +
                     (distinct > options.k_high ? " or more" : "") + " of them different; give a lower range or -k N");
  }
  KMeansResult best;
  double highest = -std::numeric_limits<double>::infinity();
  for (int k = options.k_low; k <= high; ++k) {
    auto result = work.fit(k);
    clustering.sweep.push_back(sweep_entry(work, result, options.kmeans.seed));
    if (clustering.sweep.back().silhouette > highest) {
      highest = clustering.sweep.back().silhouette;
      best = std::move(result);
    }
    if (progress) progress(static_cast<double>(k - options.k_low + 1) / (high - options.k_low + 1));
  }
  if (options.all_measures) measure_sampled(work.scaled, n, work.d, options.kmeans.seed, clustering.sweep);
  clustering.advice = advise(clustering.sweep);
  return best;
}

}  // namespace

void ClusterOptions::validate() const {
  KMeansOptions checked = kmeans;
  checked.k = std::max(k, 1);
  checked.validate();
  if (k < 0) throw UsageError("k: expected a number of at least 1, or auto");
  if (k == 0 && (k_low < 2 || k_high < k_low)) {
    throw UsageError("k-range: " + std::to_string(k_low) + ":" + std::to_string(k_high) +
                     " is not a range; expected A:B with 2 <= A <= B");
  }
  if (!fill.empty() && fill.size() != features.size()) {
    throw UsageError("fill: expected one value for each of the features");
  }
  if (scaler.columns() > 0 && scaler.columns() != features.size()) {
    throw UsageError("scaler: expected one column for each of the features");
  }
  for (std::size_t i = 0; i < features.size(); ++i) {
    if (std::count(features.begin(), features.end(), features[i]) > 1) {
      throw UsageError(std::string("features: '") + feature_name(features[i]) + "' is named twice");
    }
  }
}

Clustering cluster_tracks(const TrackTable& table, const ClusterOptions& options, const MoodMap& moods,
                          const std::function<void(double)>& progress) {
  options.validate();
  const std::size_t n = table.size();
  if (n == 0) throw DataError("no tracks to cluster");
  if (options.k > 0 && static_cast<std::size_t>(options.k) > n) {
    throw UsageError("k: " + std::to_string(options.k) + " clusters out of " + std::to_string(n) +
                     " tracks; expected at most as many clusters as tracks");
  }
  Clustering clustering;
  prepare(table, options, clustering);
  const std::size_t d = clustering.model.features.size();
  const RowFill scaled = scaled_rows(table, clustering.model);
  auto work = std::make_unique<Work>(scaled, n, d, options);
  KMeansResult result = choose_k(*work, options, clustering, progress);
  sort_by_size(result, d);
  clustering.model.centroids = std::move(result.centroids);
  clustering.model.clusters.resize(result.sizes.size());
  clustering.model.seed = options.kmeans.seed;
  clustering.model.quality.inertia = result.inertia;
  clustering.iterations = result.iterations;
  clustering.converged = result.converged;
  static_cast<Assignment&>(clustering) = work->assign(clustering.model.centroids);
  work.reset();  // what follows needs memory of its own
  measure(scaled, clustering);
  name_clusters(table, clustering.labels, moods, clustering.model);
  return clustering;
}

Clustering assign_tracks(const TrackTable& table, const ClusterModel& saved) {
  if (table.size() == 0) throw DataError("no tracks to assign");
  Clustering clustering;
  clustering.model = saved;
  clustering.model.tracks_digest.clear();
  const RowFill scaled = scaled_rows(table, saved);
  static_cast<Assignment&>(clustering) =
      assign_points(deal_rows(scaled, table.size(), saved.features.size()), saved.centroids);
  measure(scaled, clustering);
  double& total = clustering.model.quality.inertia = 0;
  for (const float distance : clustering.distances) total += double{distance} * double{distance};
  return clustering;
}

std::vector<std::size_t> exemplars(const Clustering& clustering, std::size_t cluster, std::size_t count) {
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < clustering.labels.size(); ++row) {
    if (clustering.labels[row] == static_cast<std::int32_t>(cluster)) rows.push_back(row);
  }
  count = std::min(count, rows.size());
  const auto nearer = [&](std::size_t a, std::size_t b) {
    const float da = clustering.distances[a], db = clustering.distances[b];
    return da < db || (da == db && a < b);
  };
  std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(count), rows.end(), nearer);
  rows.resize(count);
  return rows;
}

}  // namespace affekt
