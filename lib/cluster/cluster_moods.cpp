#include "affekt/cluster/cluster_moods.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "affekt/core/parallel.h"
#include "cluster/cluster_means.h"

namespace affekt {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

std::vector<float> sorted_known(const std::vector<float>& column, std::size_t stride) {
  std::vector<float> known;
  for (std::size_t row = 0; row < column.size(); row += stride) {
    if (!std::isnan(column[row])) known.push_back(column[row]);
  }
  std::sort(known.begin(), known.end());
  return known;
}

// quantile_position() in the column without its missing values, which need not be sorted for it.
double place_in(const std::vector<float>& column, double value) {
  std::size_t below = 0, not_above = 0, known = 0;
  for (const float x : column) {  // no comparison holds for NaN
    below += double{x} < value ? 1U : 0U;
    not_above += double{x} <= value ? 1U : 0U;
    known += x == x ? 1U : 0U;
  }
  return known == 0 ? kUnknown : static_cast<double>(below + not_above) / 2 / static_cast<double>(known);
}

// Many features have most tracks near 0 and a few far away, which alone decide a mean: hence the mean of quantiles.
std::vector<double> mean_quantiles(const std::vector<float>& column, const std::vector<std::int32_t>& labels,
                                   std::size_t k) {
  constexpr std::size_t kSample = 131072;
  const std::size_t stride = (column.size() + kSample - 1) / kSample;
  const std::vector<float> sorted = sorted_known(column, stride);
  return cluster_means(labels, k, stride, [&](std::size_t row) {
    return std::isnan(column[row]) ? kUnknown : quantile_position(sorted, double{column[row]});
  });
}

}  // namespace

void name_clusters(const TrackTable& table, const std::vector<std::int32_t>& labels, const MoodMap& moods,
                   ClusterModel& model) {
  const auto place = [&](TrackFeature feature, double Cluster::*mean, double Cluster::*quantile) {
    const auto means =
        cluster_means(labels, model.k(), 1, [&](std::size_t row) { return double{table.value(feature, row)}; });
    constexpr std::size_t kFew = 32;  // passes over the column that cost less than to sort it
    const bool few = model.k() <= kFew;
    const std::vector<float> sorted = few ? std::vector<float>{} : sorted_known(table.column(feature), 1);
    for (std::size_t c = 0; c < model.k(); ++c) {
      model.clusters[c].*mean = means[c];
      const bool known = !std::isnan(means[c]);
      model.clusters[c].*quantile = !known ? kUnknown
                                    : few  ? place_in(table.column(feature), means[c])
                                           : quantile_position(sorted, means[c]);
    }
  };
  const std::vector<TrackFeature> wanted = moods.trait_features();
  std::array<std::vector<double>, kTrackFeatureCount> traits;
  parallel_for(wanted.size() + 2, 1, [&](std::size_t i, std::size_t) {
    if (i == 0) return place(TrackFeature::valence, &Cluster::valence, &Cluster::valence_quantile);
    if (i == 1) return place(TrackFeature::energy, &Cluster::energy, &Cluster::energy_quantile);
    const TrackFeature feature = wanted[i - 2];
    if (!table.has(feature)) return;
    traits[static_cast<std::size_t>(feature)] = mean_quantiles(table.column(feature), labels, model.k());
  });
  for (std::size_t c = 0; c < model.k(); ++c) {
    Cluster& cluster = model.clusters[c];
    cluster.mood.clear();
    if (std::isnan(cluster.valence) || std::isnan(cluster.energy)) continue;
    const auto trait = [&](TrackFeature feature) {
      const auto& by_cluster = traits[static_cast<std::size_t>(feature)];
      return by_cluster.empty() ? kUnknown : by_cluster[c];
    };
    cluster.mood = moods.moods[moods.closest({cluster.valence_quantile, cluster.energy_quantile}, trait)].name;
  }
}

}  // namespace affekt
