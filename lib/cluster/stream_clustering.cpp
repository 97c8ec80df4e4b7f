#include "cluster/stream_clustering.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/parallel.h"
#include "affekt/core/text.h"
#include "cluster/lloyd.h"
#include "music/moments.h"
#include "music/track_sample.h"
#include "music/track_sieve.h"

namespace affekt {
namespace {

/// Count, mean, deviation and range of columns, block by block.
class ColumnStatistics {
 public:
  ColumnStatistics(std::vector<TrackFeature> features, bool fold_tempo)
      : features_(std::move(features)), fold_tempo_(fold_tempo), columns_(features_.size()) {}

  void add(const TrackTable& block) {
    parallel_for(features_.size(), 1, [&](std::size_t j, std::size_t) {
      Column part;
      for (const float value : block.column(features_[j])) {
        const bool folded = fold_tempo_ && features_[j] == TrackFeature::tempo;
        const double x = folded ? double{static_cast<float>(folded_tempo(double{value}))} : double{value};
        part.moments.add(x);
        part.least = std::min(part.least, x);
        part.greatest = std::max(part.greatest, x);
      }
      columns_[j].moments.join(part.moments);
      columns_[j].least = std::min(columns_[j].least, part.least);
      columns_[j].greatest = std::max(columns_[j].greatest, part.greatest);
    });
  }

  /// As fit_scaler() over all rows.
  Scaler scaler(Scaling kind) const {
    Scaler scaler;
    scaler.kind = kind;
    for (const Column& column : columns_) {
      const bool constant = !(column.least < column.greatest);
      double offset = constant ? column.least : 0, scale = constant ? 0 : 1;
      if (!constant && kind == Scaling::standard) {
        offset = column.moments.mean;
        scale = std::sqrt(column.moments.squares / column.moments.n);
      } else if (!constant && kind == Scaling::minmax) {
        offset = column.least;
        scale = column.greatest - column.least;
      }
      scaler.offset.push_back(offset);
      scaler.scale.push_back(scale);
    }
    return scaler;
  }

 private:
  struct Column {
    Moments moments;
    double least = std::numeric_limits<double>::infinity(), greatest = -std::numeric_limits<double>::infinity();
  };
  std::vector<TrackFeature> features_;
  bool fold_tempo_;
  std::vector<Column> columns_;
};

/// What all tracks add up to, cluster by cluster, in the order of the rows.
class ClusterSums {
 public:
  explicit ClusterSums(const ClusterModel& model)
      : sizes(model.k()),
        model_(model),
        inertia_(model.k()),
        sums_(model.k() * model.features.size()),
        valence_(model.k()),
        energy_(model.k()) {}

  std::vector<std::size_t> sizes;
  double inertia = 0;
  std::size_t tracks = 0;

  void add(const TrackTable& block, const RowFill& scaled, const Assignment& part) {
    const std::size_t d = model_.features.size();
    std::vector<float> x(block.rows * d);
    scaled(0, block.rows, x.data());
    for (std::size_t row = 0; row < block.rows; ++row) {
      const auto c = static_cast<std::size_t>(part.labels[row]);
      const double squared = double{part.distances[row]} * double{part.distances[row]};
      ++sizes[c];
      inertia += squared;
      inertia_[c] += squared;
      for (std::size_t j = 0; j < d; ++j) sums_[c * d + j] += double{x[row * d + j]};
      add_known(valence_[c], block.value(TrackFeature::valence, row));
      add_known(energy_[c], block.value(TrackFeature::energy, row));
    }
    tracks += block.rows;
  }
  double valence(std::size_t c) const { return valence_[c].n > 0 ? valence_[c].mean : kUnknown; }
  double energy(std::size_t c) const { return energy_[c].n > 0 ? energy_[c].mean : kUnknown; }

  /// As calinski_harabasz() over all rows; squares about a centroid less those of the centroid about the mean.
  double calinski_harabasz() const {
    const std::size_t d = model_.features.size();
    const auto n = static_cast<double>(tracks);
    double within = 0, between = 0, used = 0;
    std::vector<double> center(d);
    for (std::size_t i = 0; i < sums_.size(); ++i) center[i % d] += sums_[i] / n;
    for (std::size_t c = 0; c < sizes.size(); ++c) {
      if (sizes[c] == 0) continue;
      ++used;
      within += inertia_[c];
      for (std::size_t j = 0; j < d; ++j) {
        const double mean = sums_[c * d + j] / static_cast<double>(sizes[c]);
        within -= static_cast<double>(sizes[c]) * std::pow(mean - double{model_.centroids[c * d + j]}, 2);
        between += static_cast<double>(sizes[c]) * std::pow(mean - center[j], 2);
      }
    }
    if (used < 2 || used >= n || !(within > 0)) return kUnknown;
    return between / within * (n - used) / (used - 1);
  }

 private:
  static constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  static void add_known(Moments& moments, float value) {
    if (!std::isnan(value)) moments.add(double{value});
  }
  const ClusterModel& model_;
  std::vector<double> inertia_, sums_;
  std::vector<Moments> valence_, energy_;
};

/// One pass over all tracks that are not left out.
class Pass {
 public:
  Pass(TrackStream& stream, std::vector<TrackFeature> wanted, const StreamSteps& steps, const StreamLimits& limits)
      : stream_(stream), wanted_(std::move(wanted)), steps_(steps), limits_(limits) {}

  template <typename Begin, typename Block>
  void run(const std::vector<double>& fill, const Begin& begin, const Block& on_block, ClusteredTracks& result) {
    TrackTable block;
    do {
      TrackSieve sieve(wanted_, limits_.fingerprint_bytes);
      stream_.rewind();
      result.filled = 0;
      begin();
      while (stream_.next(block)) {
        steps_.progress(stream_.progress());
        if (!fill.empty()) result.filled += fill_missing(block, wanted_, fill);
        sieve.sift(block);
        if (block.rows > 0) on_block(block);
      }
      result.dropped = sieve.dropped();
      result.dropped.malformed = stream_.malformed().malformed;
      result.dropped.first_malformed = stream_.malformed().first_malformed;
      result.duplicates_until = sieve.full_at();
    } while (!stream_.settled());
  }

 private:
  TrackStream& stream_;
  std::vector<TrackFeature> wanted_;
  const StreamSteps& steps_;
  const StreamLimits& limits_;
};

Assignment assign_block(const TrackTable& block, const RowFill& scaled, const ClusterModel& model) {
  return assign_rows(scaled, block.rows, model.features.size(), model.centroids);
}

/// The figures of all tracks in place of those of the sample.
void take_sums(const ClusterSums& sums, ClusteredTracks& result) {
  Clustering& clustering = result.clustering;
  ClusterModel& model = clustering.model;
  model.quality.inertia = sums.inertia;
  for (std::size_t c = 0; c < model.k(); ++c) model.clusters[c].size = sums.sizes[c];
  if (sums.tracks == result.tracks.size()) return;
  clustering.sampled_from = sums.tracks;
  model.quality.calinski_harabasz = sums.calinski_harabasz();
}

void require_tracks(const ClusteredTracks& result, const std::string& path) {
  if (result.tracks.size() > 0) return;
  throw DataError(path + ": " + no_tracks_message(result.dropped) + " (--features chooses other columns)");
}

}  // namespace

ClusteredTracks cluster_stream(TrackStream& stream, const ClusterOptions& options, const MoodMap& moods,
                               const StreamSteps& steps, const StreamLimits& limits) {
  ClusteredTracks result;
  ClusterOptions fitting = options;
  fitting.algorithm = KMeansAlgorithm::minibatch;
  Pass pass(stream, fitting.features, steps, limits);
  {
    std::optional<TrackSample> sample;
    std::optional<ColumnStatistics> statistics;
    pass.run(
        {},
        [&] {
          sample.emplace(limits.sample_rows, options.kmeans.seed);
          statistics.emplace(fitting.features, options.fold_tempo);
        },
        [&](const TrackTable& block) {
          statistics->add(block);
          sample->offer(block, stream);
        },
        result);
    const std::size_t offered = sample->offered();
    result.tracks = sample->take();
    require_tracks(result, printable(stream.sources().front().path));
    if (result.tracks.size() < offered && options.scaling != Scaling::robust) {
      fitting.scaler = statistics->scaler(options.scaling);
    }
  }
  result.clustering = cluster_tracks(result.tracks, fitting, moods, steps.progress);
  const ClusterModel& model = result.clustering.model;
  std::optional<ClusterSums> sums;
  pass.run(
      {},
      [&] {
        sums.emplace(model);
        steps.start(model);
      },
      [&](const TrackTable& block) {
        const RowFill scaled = scaled_rows(block, model);
        const Assignment part = assign_block(block, scaled, model);
        sums->add(block, scaled, part);
        steps.rows(block, part);
      },
      result);
  take_sums(*sums, result);
  for (std::size_t c = 0; result.clustering.sampled_from > 0 && c < model.k(); ++c) {
    result.clustering.model.clusters[c].valence = sums->valence(c);
    result.clustering.model.clusters[c].energy = sums->energy(c);
  }
  return result;
}

ClusteredTracks assign_stream(TrackStream& stream, const ClusterModel& saved, const StreamSteps& steps,
                              const StreamLimits& limits) {
  ClusteredTracks result;
  std::optional<TrackSample> sample;
  std::optional<ClusterSums> sums;
  Pass(stream, saved.features, steps, limits)
      .run(
          saved.fill,
          [&] {
            sample.emplace(limits.sample_rows, saved.seed);
            sums.emplace(saved);
            steps.start(saved);
          },
          [&](const TrackTable& block) {
            const RowFill scaled = scaled_rows(block, saved);
            const Assignment part = assign_block(block, scaled, saved);
            sums->add(block, scaled, part);
            sample->offer(block, stream);
            steps.rows(block, part);
          },
          result);
  result.tracks = sample->take();
  require_tracks(result, printable(stream.sources().front().path));
  result.clustering = assign_tracks(result.tracks, saved);
  take_sums(*sums, result);
  return result;
}

}  // namespace affekt
