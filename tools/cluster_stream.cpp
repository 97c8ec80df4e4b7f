#include "cluster_stream.h"

#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "affekt/cluster/cluster_folder.h"
#include "affekt/cluster/stream_clustering.h"
#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/music/track_stream.h"
#include "affekt/report/clustering_page.h"

namespace affekt::cli {
namespace {

/// Tracks by label and cluster.
class LabelCounts {
 public:
  LabelCounts(std::string column, const std::vector<TrackSource>& sources) : column_(std::move(column)) {
    TrackTable none;
    none.sources = sources;
    if (!column_.empty()) texts(none);
  }
  void start(std::size_t k) {
    k_ = k;
    counts_.clear();
  }
  void add(const TrackTable& block, const std::vector<std::int32_t>& found) {
    constexpr std::size_t kMost = 65536;
    if (column_.empty()) return;
    const auto labels = texts(block);
    for (std::size_t row = 0; row < labels.size(); ++row) {
      if (labels[row].empty()) continue;
      auto& counts = counts_[labels[row]];
      counts.resize(k_);
      ++counts[static_cast<std::size_t>(found[row])];
      if (counts_.size() > kMost) {
        throw UsageError("label-column: '" + printable(column_, 60) +
                         "' has more than 65536 different labels; choose a column of moods or genres");
      }
    }
  }
  void finish(ClusterResult& result) const {
    if (column_.empty()) return;
    if (counts_.empty()) throw DataError("--label-column: no track has a label");
    for (const auto& [name, counts] : counts_) {
      result.label_names.push_back(name);
      result.confusion.push_back(counts);
      for (const std::size_t count : counts) result.labelled += count;
    }
    result.agreement = agreement(result.confusion);
  }

 private:
  std::vector<std::string> texts(const TrackTable& table) const {
    try {
      return column_texts(table, column_);
    } catch (const UsageError& error) {
      throw UsageError(std::string("label-column: ") + error.what());
    }
  }

  std::string column_;
  std::size_t k_ = 0;
  std::map<std::string, std::vector<std::size_t>> counts_;
};

/// The most memory that this program has had at once. Not getrusage() where that can be helped: a child's begins with
/// that of the process it was forked from.
std::size_t peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    constexpr std::string_view kKey = "VmHWM:";
    if (line.compare(0, kKey.size(), kKey) != 0) continue;
    const auto kilobytes = parse_integer(line.substr(kKey.size(), line.rfind(' ') - kKey.size()));
    if (kilobytes) return static_cast<std::size_t>(*kilobytes) * 1024;
  }
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

std::vector<TrackFeature> wanted_features(const ClusterFlags& flags, const TrackStream& stream,
                                          const std::optional<ClusterModel>& saved) {
  std::vector<TrackFeature> wanted = saved ? saved->features : flags.options.features;
  const bool chosen = !wanted.empty();
  for (std::size_t i = 0; !chosen && i < kAudioFeatureCount; ++i) {
    if (stream.has(static_cast<TrackFeature>(i))) wanted.push_back(static_cast<TrackFeature>(i));
  }
  for (const TrackFeature feature : wanted) {
    if (stream.has(feature)) continue;
    const std::string message =
        std::string("no column '") + feature_name(feature) + "' in the table" +
        (feature == TrackFeature::popularity ? " (a rank of streams is no column of a stream)" : "");
    if (!saved) throw UsageError("--features: " + message);
    throw DataError(message + ", which the clusters of " + printable(flags.assign) + " need");
  }
  return wanted;
}

void tell_about_files(const ClusterFlags& flags, const TrackStream& stream, const std::vector<TrackFeature>& wanted,
                      Io& io) {
  for (std::size_t file = 0; file < flags.inputs.size(); ++file) {
    const std::string name = printable(flags.inputs[file]);
    const TrackReadNotes notes = stream.notes(file);
    for (const std::string& line : notes.lines) io.detail(name + ": " + line);
    for (const std::string& line : notes.warnings) io.warn(name + ": " + line);
    const auto absent =
        std::find_if(wanted.begin(), wanted.end(), [&](TrackFeature feature) { return !stream.has(feature, file); });
    if (absent == wanted.end()) continue;
    io.warn(name + ": no column '" + feature_name(*absent) + "': all of its " + std::to_string(stream.rows(file)) +
            " tracks are left out (--features chooses columns that all tables have)");
  }
}

void take(StreamClustering& streamed, ClusterResult& result) {
  result.tracks = std::move(streamed.sample);
  result.clustering = std::move(streamed.clustering);
  result.dropped = streamed.dropped;
  result.filled = streamed.filled;
  constexpr std::size_t kShown = 3;
  result.portraits = cluster_portraits(result.tracks, result.clustering, kShown);
}

}  // namespace

void check_stream_flags(const Tool& tool, const ClusterFlags& flags) {
  if (!flags.stream) return;
  if (flags.pack) {
    throw UsageError("--pack holds all tracks in memory, and --stream is there to avoid it; write tracks.csv instead");
  }
  if (tool.chosen("algorithm") || tool.given("algorithm")) {
    if (flags.options.algorithm == KMeansAlgorithm::lloyd && flags.assign.empty()) {
      throw UsageError("--algorithm lloyd uses all tracks each step, which --stream does not hold; leave it out");
    }
  }
  if (flags.missing == Missing::median) {
    throw UsageError("--missing median needs whole columns, which --stream does not hold; use --missing drop");
  }
}

void cluster_stream_files(const ClusterFlags& flags, Io& io, ClusterResult& result) {
  std::optional<ClusterModel> saved;
  if (!flags.assign.empty()) saved = read_cluster_folder(flags.assign);
  const MoodMap moods = flags.moods.empty() ? default_moods() : read_moods(flags.moods);
  TrackStreamOptions reading;
  reading.columns = parse_column_overrides(flags.columns);
  TrackStream stream(flags.inputs, reading);
  // Not before: a stream that waits for its standard input is to end at once.
  const auto& signal = catch_interrupts();
  TrackTable headers;
  headers.sources = stream.sources();
  require_columns(headers, reading.columns);
  ClusterOptions options = flags.options;
  options.features = wanted_features(flags, stream, saved);
  LabelCounts labels(flags.label_column, stream.sources());
  std::optional<ClusterFolderWriter> folder;
  if (!flags.out.empty()) folder.emplace(flags.out);
  const auto stop_if_asked = [&signal] {
    if (signal != 0) throw Interrupted("interrupted: nothing is written");
  };
  StreamClusteringSteps steps;
  steps.progress = [&](double done) {
    stop_if_asked();
    io.progress(done, "reading and clustering");
  };
  steps.start = [&](const ClusterModel& model) {
    labels.start(model.k());
    if (folder) folder->start(stream.sources(), model);
  };
  steps.rows = [&](const TrackTable& block, const Clustering& part) {
    stop_if_asked();
    labels.add(block, part.labels);
    if (folder) folder->add(block, part.labels, part.distances);
  };
  StreamClustering streamed =
      saved ? assign_stream(stream, *saved, steps) : cluster_stream(stream, options, moods, steps);
  io.end_progress();
  tell_about_files(flags, stream, options.features, io);
  if (streamed.duplicates_until) {
    io.warn("from row " + std::to_string(*streamed.duplicates_until) +
            " on only duplicates of earlier rows are found: 256 MB of fingerprints are full");
  }
  take(streamed, result);
  labels.finish(result);
  for (const std::string& line : detail_lines(result)) io.detail(line);
  stop_if_asked();
  if (folder) {
    folder->finish(result.clustering.model, clustering_page(result.tracks, result.clustering));
    io.note("wrote " + printable(flags.out));
  }
  result.peak_memory = peak_memory();
}

}  // namespace affekt::cli
