#include "affekt/cluster/cluster_files.h"

#include <algorithm>
#include <bitset>
#include <limits>
#include <map>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/music/track_stream.h"
#include "cluster/cluster_folder_writer.h"
#include "cluster/stream_clustering.h"

namespace affekt {
namespace {

namespace fs = std::filesystem;

using Features = std::vector<TrackFeature>;
using Progress = std::function<void(double)>;

/// What the two doors do each in its own way.
struct Target {
  Features features;  ///< To cluster by; empty: the audio features there are.
  MissingValues missing = MissingValues::drop;
  std::vector<double> fill;  ///< Saved values that stand in for missing ones; empty: none.
  std::function<void(const std::string& lack)> refuse;
  std::function<Clustering(const TrackTable&, const Features&, const std::vector<double>& fill, const Progress&)> table;
  std::function<ClusteredTracks(TrackStream&, const Features&, const StreamSteps&)> stream;
};

/// Known labels beside clusters, counted block by block.
class LabelCounts {
 public:
  /// @param column  "" = there are no labels: nothing is counted. @throws UsageError  no file has it.
  LabelCounts(std::string column, const std::vector<TrackSource>& files, std::size_t most)
      : column_(std::move(column)), most_(most) {
    if (column_.empty()) return;
    try {
      require_column(files, column_);
    } catch (const UsageError& error) {
      throw UsageError(std::string("label-column: ") + error.what());
    }
  }

  /// Begins anew.
  void start(std::size_t k) {
    k_ = k;
    counts_.clear();
  }

  /// The block's first cells are the labels. @throws UsageError  more than `most` different ones.
  void add(const TrackTable& block, const Assignment& found) {
    if (column_.empty() || block.cells.front().empty()) return;
    for (std::size_t row = 0; row < block.size(); ++row) {
      const std::string_view label = block.cells.front()[row];
      if (label.empty()) continue;
      auto place = counts_.find(label);
      if (place == counts_.end()) place = counts_.emplace(label, std::vector<std::size_t>(k_)).first;
      ++place->second[static_cast<std::size_t>(found.labels[row])];
      if (counts_.size() > most_) {
        throw UsageError("label-column: '" + printable(column_, 60) + "' has more than " + std::to_string(most_) +
                         " different labels; choose a column of moods or genres");
      }
    }
  }

  std::optional<LabelComparison> finish() const {
    if (column_.empty()) return std::nullopt;
    if (counts_.empty()) throw DataError("--label-column: no track has a label");
    LabelComparison comparison;
    for (const auto& [name, counts] : counts_) {
      comparison.labels.push_back(name);
      comparison.confusion.push_back(counts);
      for (const std::size_t count : counts) comparison.tracks += count;
    }
    comparison.agreement = agreement(comparison.confusion);
    return comparison;
  }

 private:
  std::string column_;
  std::size_t most_, k_ = 0;
  std::map<std::string, std::vector<std::size_t>, std::less<>> counts_;
};

/// One of the tables.
struct Input {
  std::string path;
  std::size_t rows = 0;
  std::bitset<kTrackFeatureCount> has;
};

class Job {
 public:
  Job(const TrackSources& sources, const ClusterOutput& output, const ClusterFilesObserver& observer)
      : sources_(sources), output_(output), observer_(observer) {
    if (!sources.label_column.empty()) cells_.push_back(sources.label_column);
  }

  ClusteredTracks run(const Target& target) {
    return sources_.access == TableAccess::streamed ? stream(target) : hold(target);
  }

 private:
  ClusteredTracks hold(const Target& target);
  ClusteredTracks stream(const Target& target);
  std::vector<Input> read(ClusteredTracks& result) const;
  Features choose_features(const Target& target, const std::function<bool(TrackFeature)>& has) const;
  void finish(const LabelCounts& labels, ClusteredTracks& result) const;

  void stop_if_asked() const {
    if (observer_.stop_requested && observer_.stop_requested()) throw Interrupted("interrupted: nothing is written");
  }
  void progress(double done) const {
    stop_if_asked();
    if (observer_.progress) observer_.progress(done);
  }
  void tell_what_lacks(const Input& input, const Features& wanted) const {
    const auto absent = std::find_if(wanted.begin(), wanted.end(),
                                     [&](TrackFeature f) { return !input.has[static_cast<std::size_t>(f)]; });
    if (absent != wanted.end() && observer_.lacks) observer_.lacks(input.path, *absent, input.rows);
  }

  const TrackSources& sources_;
  const ClusterOutput& output_;
  const ClusterFilesObserver& observer_;
  std::vector<std::string> cells_;  // columns whose cells are wanted: the labels
};

template <typename Has>
Input describe(const std::string& path, std::size_t rows, const Has& has) {
  Input input{path, rows, {}};
  for (std::size_t i = 0; i < kTrackFeatureCount; ++i) input.has[i] = has(static_cast<TrackFeature>(i));
  return input;
}

Features Job::choose_features(const Target& target, const std::function<bool(TrackFeature)>& has) const {
  Features wanted = target.features;
  for (std::size_t i = 0; target.features.empty() && i < kAudioFeatureCount; ++i) {
    if (has(static_cast<TrackFeature>(i))) wanted.push_back(static_cast<TrackFeature>(i));
  }
  for (const TrackFeature feature : wanted) {
    if (has(feature)) continue;
    const bool rank = feature == TrackFeature::popularity && sources_.access == TableAccess::streamed;
    target.refuse(std::string("no column '") + feature_name(feature) + "' in the table" +
                  (rank ? " (a rank of streams is no column of a stream)" : ""));
  }
  return wanted;
}

std::vector<Input> Job::read(ClusteredTracks& result) const {
  TrackReadOptions options;
  options.columns = sources_.columns;
  options.cells = cells_;
  std::vector<Input> inputs;
  for (const std::string& path : sources_.paths) {
    TrackFile file = read_tracks(path, options);
    if (observer_.read) observer_.read(path, file.notes);
    stop_if_asked();
    inputs.push_back(describe(path, file.table.size(), [&](TrackFeature f) { return file.table.has(f); }));
    result.dropped.add_malformed(file.dropped.malformed, file.dropped.first_malformed);
    if (sources_.paths.size() == 1) {
      result.tracks = std::move(file.table);
    } else {
      result.tracks.append(file.table);
    }
  }
  require_columns(result.tracks.sources, options.columns);
  return inputs;
}

ClusteredTracks Job::hold(const Target& target) {
  ClusteredTracks result;
  TrackTable& tracks = result.tracks;
  const auto inputs = read(result);
  const Features wanted = choose_features(target, [&](TrackFeature feature) { return tracks.has(feature); });
  for (const Input& input : inputs) tell_what_lacks(input, wanted);
  const auto fill = target.missing == MissingValues::median ? column_medians(tracks, wanted) : target.fill;
  if (!fill.empty()) result.filled = fill_missing(tracks, wanted, fill);
  drop_unusable(tracks, wanted, result.dropped);
  if (tracks.size() == 0) {
    throw DataError(printable(inputs.front().path) + (inputs.size() > 1 ? " ..." : "") + ": " +
                    no_tracks_message(result.dropped) + " (--features chooses other columns)");
  }
  LabelCounts labels(sources_.label_column, tracks.sources, std::numeric_limits<std::size_t>::max());
  result.clustering = target.table(tracks, wanted, fill, [this](double done) { progress(done); });
  labels.start(result.clustering.model.k());
  labels.add(tracks, result.clustering);
  finish(labels, result);
  if (!output_.folder.empty()) {
    write_cluster_folder(output_.folder, tracks, result.clustering, output_.form,
                         output_.report ? output_.report(result) : "");
  }
  return result;
}

ClusteredTracks Job::stream(const Target& target) {
  TrackStreamOptions options;
  options.columns = sources_.columns;
  options.cells = cells_;
  options.block_bytes = sources_.limits.block_bytes;
  TrackStream stream(sources_.paths, options);
  stop_if_asked();
  require_columns(stream.sources(), options.columns);
  const Features wanted = choose_features(target, [&](TrackFeature feature) { return stream.has(feature); });
  constexpr std::size_t kMostLabels = 65536;
  LabelCounts labels(sources_.label_column, stream.sources(), kMostLabels);
  std::optional<ClusterFolderWriter> folder;
  if (!output_.folder.empty()) folder.emplace(output_.folder);
  StreamSteps steps;
  steps.progress = [this](double done) { progress(done); };
  steps.start = [&](const ClusterModel& model) {
    labels.start(model.k());
    if (folder) folder->start(stream.sources(), model);
  };
  steps.rows = [&](const TrackTable& block, const Assignment& part) {
    stop_if_asked();
    labels.add(block, part);
    if (folder) folder->add(block, part);
  };
  ClusteredTracks result = target.stream(stream, wanted, steps);
  for (std::size_t file = 0; file < sources_.paths.size(); ++file) {
    if (observer_.read) observer_.read(sources_.paths[file], stream.notes(file));
    tell_what_lacks(
        describe(sources_.paths[file], stream.rows(file), [&](TrackFeature f) { return stream.has(f, file); }), wanted);
  }
  finish(labels, result);
  if (folder) folder->finish(result.clustering.model, output_.report ? output_.report(result) : "");
  return result;
}

/// All but writing.
void Job::finish(const LabelCounts& labels, ClusteredTracks& result) const {
  constexpr std::size_t kPortraitTracks = 3;
  result.labels = labels.finish();
  result.portraits = cluster_portraits(result.tracks, result.clustering, kPortraitTracks);
  stop_if_asked();
}

}  // namespace

void TrackSources::validate() const {
  if (paths.empty()) throw UsageError("no track table given; expected TRACKS.csv, or - for standard input");
  if (std::count(paths.begin(), paths.end(), "-") > 1) throw UsageError("standard input (-) can be read once only");
  if (paths.size() > std::numeric_limits<std::uint8_t>::max()) throw UsageError("more than 255 track tables");
}

void ClusterOutput::validate(TableAccess access) const {
  if (access == TableAccess::streamed && form == TracksForm::packed) {
    throw UsageError("--pack holds all tracks in memory, and --stream is there to avoid it; write tracks.csv instead");
  }
}

void ClusterFilesOptions::validate(TableAccess access) const {
  output.validate(access);
  if (access == TableAccess::streamed && missing == MissingValues::median) {
    throw UsageError("--missing median needs whole columns, which --stream does not hold; use --missing drop");
  }
  clustering.validate();
}

ClusteredTracks cluster_files(const TrackSources& sources, const ClusterFilesOptions& options, const MoodMap& moods,
                              const ClusterFilesObserver& observer) {
  sources.validate();
  options.validate(sources.access);
  ClusterOptions fitting = options.clustering;
  Target target;
  target.features = fitting.features;
  target.refuse = [](const std::string& lack) { throw UsageError("--features: " + lack); };
  target.missing = options.missing;
  target.table = [&](const TrackTable& table, const Features& wanted, const std::vector<double>& fill,
                     const Progress& progress) {
    fitting.features = wanted;
    fitting.fill = fill;
    return cluster_tracks(table, fitting, moods, progress);
  };
  target.stream = [&](TrackStream& stream, const Features& wanted, const StreamSteps& steps) {
    fitting.features = wanted;
    return cluster_stream(stream, fitting, moods, steps, sources.limits);
  };
  return Job(sources, options.output, observer).run(target);
}

ClusteredTracks assign_files(const TrackSources& sources, const fs::path& saved, const ClusterOutput& output,
                             const ClusterFilesObserver& observer) {
  sources.validate();
  output.validate(sources.access);
  const ClusterModel model = read_cluster_folder(saved);
  Target target;
  target.features = model.features;
  target.refuse = [&](const std::string& lack) {
    throw DataError(lack + ", which the clusters of " + printable(saved.string()) + " need");
  };
  target.fill = model.fill;
  target.table = [&](const TrackTable& table, const Features&, const std::vector<double>&, const Progress&) {
    return assign_tracks(table, model);
  };
  target.stream = [&](TrackStream& stream, const Features&, const StreamSteps& steps) {
    return assign_stream(stream, model, steps, sources.limits);
  };
  return Job(sources, output, observer).run(target);
}

}  // namespace affekt
