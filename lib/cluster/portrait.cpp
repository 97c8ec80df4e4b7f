#include "affekt/cluster/portrait.h"

#include <algorithm>
#include <cmath>

#include "affekt/core/parallel.h"
#include "music/moments.h"

namespace affekt {
namespace {

std::vector<Moments> column_moments(const std::vector<float>& column, const Clustering& clustering) {
  std::vector<Moments> moments(clustering.model.k());
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (!std::isnan(column[row])) moments[static_cast<std::size_t>(clustering.labels[row])].add(double{column[row]});
  }
  return moments;
}

void compare(TrackFeature feature, const std::vector<Moments>& moments, std::vector<ClusterPortrait>& portraits) {
  for (std::size_t c = 0; c < moments.size(); ++c) {
    Moments rest;
    for (std::size_t other = 0; other < moments.size(); ++other) {
      if (other != c) rest.join(moments[other]);
    }
    const Moments& own = moments[c];
    if (own.n == 0 || rest.n == 0 || own.n + rest.n < 3) continue;
    const double deviation = std::sqrt((own.squares + rest.squares) / (own.n + rest.n - 2));
    if (!(deviation > 0)) continue;
    portraits[c].distinctions.push_back({feature, (own.mean - rest.mean) / deviation, own.mean, rest.mean});
  }
}

bool nearer_border(const BorderTrack& a, const BorderTrack& b) {
  return a.margin < b.margin || (a.margin == b.margin && a.row < b.row);
}

/// Keeps the `count` rows nearest to the border, in order.
class BorderList {
 public:
  explicit BorderList(std::size_t count) : count_(count) {}

  void offer(const BorderTrack& track) {
    if (tracks_.size() == count_ && (count_ == 0 || !nearer_border(track, tracks_.back()))) return;
    if (tracks_.size() == count_) tracks_.pop_back();
    tracks_.insert(std::upper_bound(tracks_.begin(), tracks_.end(), track, nearer_border), track);
  }
  const std::vector<BorderTrack>& tracks() const { return tracks_; }

 private:
  std::size_t count_;
  std::vector<BorderTrack> tracks_;
};

BorderTrack border_of(const ClusterModel& model, std::size_t row, std::size_t own, const float* x) {
  const std::size_t d = model.features.size();
  const auto distance = [&](std::size_t c) {
    double squared = 0;
    for (std::size_t j = 0; j < d; ++j) {
      const double difference = double{x[j]} - double{model.centroids[c * d + j]};
      squared += difference * difference;
    }
    return std::sqrt(squared);
  };
  const double a = distance(own);
  double b = 0;
  std::size_t other = own;
  for (std::size_t c = 0; c < model.k(); ++c) {
    if (c == own) continue;
    const double to_c = distance(c);
    if (other == own || to_c < b) {
      b = to_c;
      other = c;
    }
  }
  return {row, other, a + b > 0 ? std::max(0.0, (b - a) / (a + b)) : 0};
}

void find_borders(const TrackTable& table, const Clustering& clustering, std::size_t count,
                  std::vector<ClusterPortrait>& portraits) {
  constexpr std::size_t kChunk = 16384;
  const ClusterModel& model = clustering.model;
  const std::size_t n = table.size(), k = model.k();
  if (k < 2) return;
  const RowFill scaled = scaled_rows(table, model);
  std::vector<std::vector<BorderList>> parts((n + kChunk - 1) / kChunk);
  parallel_for(n, kChunk, [&](std::size_t begin, std::size_t end) {
    std::vector<float> rows((end - begin) * model.features.size());
    scaled(begin, end, rows.data());
    auto& lists = parts[begin / kChunk];
    lists.assign(k, BorderList(count));
    for (std::size_t row = begin; row < end; ++row) {
      const auto own = static_cast<std::size_t>(clustering.labels[row]);
      lists[own].offer(border_of(model, row, own, rows.data() + (row - begin) * model.features.size()));
    }
  });
  for (std::size_t c = 0; c < k; ++c) {
    BorderList all(count);
    for (const auto& lists : parts) {
      for (const BorderTrack& track : lists[c].tracks()) all.offer(track);
    }
    portraits[c].borders = all.tracks();
  }
}

}  // namespace

std::vector<ClusterPortrait> cluster_portraits(const TrackTable& table, const Clustering& clustering,
                                               std::size_t count) {
  std::vector<ClusterPortrait> portraits(clustering.model.k());
  std::vector<std::vector<Moments>> moments(kTrackFeatureCount);
  parallel_for(kTrackFeatureCount, 1, [&](std::size_t i, std::size_t) {
    const auto feature = static_cast<TrackFeature>(i);
    // The mean of pitch classes means nothing.
    if (feature == TrackFeature::key || !table.has(feature)) return;
    moments[i] = column_moments(table.column(feature), clustering);
  });
  for (std::size_t i = 0; i < kTrackFeatureCount; ++i) {
    compare(static_cast<TrackFeature>(i), moments[i], portraits);
  }
  parallel_for(portraits.size(), 1, [&](std::size_t c, std::size_t) {
    auto& distinctions = portraits[c].distinctions;
    std::stable_sort(distinctions.begin(), distinctions.end(), [](const Distinction& a, const Distinction& b) {
      return std::abs(a.effect) > std::abs(b.effect);
    });
    portraits[c].exemplars = exemplars(clustering, c, count);
  });
  find_borders(table, clustering, count, portraits);
  return portraits;
}

}  // namespace affekt
