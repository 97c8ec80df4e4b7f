// affekt-cluster: groups the songs of Spotify tables by k-means and names the groups by mood.
#include <algorithm>
#include <map>
#include <new>
#include <string>
#include <vector>

#include "affekt/cluster/cluster_folder.h"
#include "affekt/cluster/cluster_tracks.h"
#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/metrics/cluster_quality.h"
#include "affekt/music/moods.h"
#include "affekt/music/track_reader.h"
#include "affekt/report/clustering_page.h"
#include "cluster_flags.h"
#include "cluster_output.h"
#include "cluster_stream.h"
#include "common/cli.h"

namespace {

using affekt::UsageError;
using affekt::cli::ClusterResult;
using affekt::cli::Io;
using affekt::cli::Tool;

using affekt::cli::Missing;
using Flags = affekt::cli::ClusterFlags;

int parse_count(const std::string& text, const std::string& option, const char* or_else = "") {
  const auto value = affekt::parse_integer(text);
  constexpr long long kMost = 100000;
  if (!value || *value < 1 || *value > kMost) {
    throw UsageError(option + ": expected " + or_else + "a whole number from 1 to 100000, found '" +
                     affekt::printable(text, 40) + "'");
  }
  return static_cast<int>(*value);
}

/// Flags that the saved clusters of --assign leave nothing to do.
constexpr const char* kOnlyToFit[] = {"k",         "k-range", "features", "scale",          "fold-tempo", "missing",
                                      "algorithm", "start",   "restarts", "max-iterations", "tolerance",  "moods"};

void finish_options(const Tool& tool, Flags& flags) {
  affekt::ClusterOptions& options = flags.options;
  if (flags.inputs.empty()) throw UsageError("no track table given; expected TRACKS.csv, or - for standard input");
  if (std::count(flags.inputs.begin(), flags.inputs.end(), "-") > 1) {
    throw UsageError("standard input (-) can be read once only");
  }
  if (flags.inputs.size() > 255) throw UsageError("more than 255 track tables");
  if (!flags.assign.empty()) {
    for (const char* name : kOnlyToFit) {
      if (tool.chosen(name)) throw UsageError(tool.shown(name) + " has no effect with --assign; leave it out");
    }
  }
  if (tool.chosen("k-range") && flags.k != "auto") throw UsageError("--k-range needs -k auto");
  if (flags.pack && flags.out.empty()) throw UsageError("--pack needs --out");
  options.k = flags.k == "auto" ? 0 : parse_count(flags.k, "k", "auto or ");
  const auto ends = affekt::split(flags.k_range, ':');
  if (ends.size() != 2)
    throw UsageError("--k-range: expected A:B, found '" + affekt::printable(flags.k_range, 40) + "'");
  options.k_low = parse_count(ends[0], "k-range");
  options.k_high = parse_count(ends[1], "k-range");
  for (const std::string& name : affekt::split(flags.features, ',')) {
    if (affekt::trim(name).empty()) continue;
    const auto feature = affekt::parse_feature(affekt::trim(name));
    if (!feature)
      throw UsageError("features: " + affekt::unknown_name_message("feature", name, affekt::feature_names()));
    options.features.push_back(*feature);
  }
  if (!flags.features.empty() && options.features.empty()) {
    throw UsageError("features: expected names separated by commas, found '" + affekt::printable(flags.features, 40) +
                     "'");
  }
  affekt::cli::check_stream_flags(tool, flags);
  options.kmeans.seed = tool.common.seed;
  options.all_measures = true;
  options.validate();
}

/// One of several tables: a column that it lacks and another has makes all of its rows unusable.
struct Input {
  std::string name;
  std::size_t rows = 0;
  std::vector<affekt::TrackFeature> absent;
};

Input describe(const std::string& path, const affekt::TrackTable& table) {
  Input input{affekt::printable(path), table.size(), {}};
  for (const std::string& name : affekt::feature_names()) {
    const auto feature = affekt::parse_feature(name);
    if (feature && !table.has(*feature)) input.absent.push_back(*feature);
  }
  return input;
}

void warn_about_columns(const std::vector<Input>& inputs, const std::vector<affekt::TrackFeature>& wanted, Io& io) {
  for (const Input& input : inputs) {
    for (const auto feature : wanted) {
      if (std::find(input.absent.begin(), input.absent.end(), feature) == input.absent.end()) continue;
      io.warn(input.name + ": no column '" + affekt::feature_name(feature) + "': all of its " +
              std::to_string(input.rows) + " tracks are left out (--features chooses columns that all tables have)");
      break;
    }
  }
}

std::vector<Input> read_inputs(const Flags& flags, Io& io, ClusterResult& result) {
  std::vector<Input> inputs;
  affekt::TrackReadOptions options;
  options.columns = affekt::parse_column_overrides(flags.columns);
  for (const std::string& path : flags.inputs) {
    affekt::TrackReadNotes notes;
    affekt::TrackTable table = affekt::read_tracks(path, result.dropped, notes, options);
    for (const std::string& line : notes.lines) io.detail(affekt::printable(path) + ": " + line);
    for (const std::string& line : notes.warnings) io.warn(affekt::printable(path) + ": " + line);
    inputs.push_back(describe(path, table));
    if (flags.inputs.size() == 1) {
      result.tracks = std::move(table);
    } else {
      result.tracks.append(table);
    }
  }
  affekt::require_columns(result.tracks, options.columns);
  return inputs;
}

void measure_agreement(const std::vector<std::string>& labels, ClusterResult& result) {
  std::map<std::string, std::int32_t> numbers;
  for (const std::string& label : labels) {
    if (!label.empty()) numbers.emplace(label, 0);
  }
  if (numbers.empty()) throw affekt::DataError("--label-column: no track has a label");
  for (auto& [name, number] : numbers) {
    number = static_cast<std::int32_t>(result.label_names.size());
    result.label_names.push_back(name);
  }
  result.confusion.assign(numbers.size(), std::vector<std::size_t>(result.clustering.model.k()));
  std::vector<std::int32_t> truth, found;
  for (std::size_t row = 0; row < labels.size(); ++row) {
    if (labels[row].empty()) continue;
    truth.push_back(numbers.at(labels[row]));
    found.push_back(result.clustering.labels[row]);
    ++result.confusion[static_cast<std::size_t>(truth.back())][static_cast<std::size_t>(found.back())];
  }
  result.labelled = truth.size();
  result.agreement = affekt::agreement(truth, found);
}

std::vector<std::string> labels_of(const affekt::TrackTable& tracks, const std::string& column) {
  try {
    return affekt::column_texts(tracks, column);
  } catch (const UsageError& error) {
    throw UsageError(std::string("label-column: ") + error.what());
  }
}

/// With --missing median, or with clusters saved with it: what stands in for missing values.
void fill_in(const Flags& flags, const affekt::ClusterModel& saved, const std::vector<affekt::TrackFeature>& wanted,
             ClusterResult& result) {
  result.fitting = flags.options;
  if (flags.assign.empty() && flags.missing == Missing::median) {
    result.fitting.features = wanted;
    result.fitting.fill = affekt::column_medians(result.tracks, wanted);
  }
  const std::vector<double>& fill = flags.assign.empty() ? result.fitting.fill : saved.fill;
  if (!fill.empty()) result.filled = affekt::fill_missing(result.tracks, wanted, fill);
}

void cluster(const Flags& flags, Io& io, ClusterResult& result) {
  affekt::ClusterModel saved;
  if (!flags.assign.empty()) saved = affekt::read_cluster_folder(flags.assign);
  const affekt::MoodMap moods = flags.moods.empty() ? affekt::default_moods() : affekt::read_moods(flags.moods);
  const std::vector<Input> inputs = read_inputs(flags, io, result);
  std::vector<affekt::TrackFeature> wanted = flags.assign.empty() ? flags.options.features : saved.features;
  if (wanted.empty()) wanted = affekt::default_features(result.tracks);
  for (const auto feature : wanted) {
    if (result.tracks.has(feature)) continue;
    const std::string message = std::string("no column '") + affekt::feature_name(feature) + "' in the table";
    if (flags.assign.empty()) throw UsageError("--features: " + message);
    throw affekt::DataError(message + ", which the clusters of " + affekt::printable(flags.assign) + " need");
  }
  warn_about_columns(inputs, wanted, io);
  fill_in(flags, saved, wanted, result);
  affekt::drop_unusable(result.tracks, wanted, result.dropped);
  const std::string name = affekt::printable(flags.inputs.front()) + (flags.inputs.size() > 1 ? " ..." : "");
  if (result.tracks.size() == 0)
    throw affekt::DataError(name + ": " + affekt::no_tracks_message(result.dropped) +
                            " (--features chooses other columns)");
  std::vector<std::string> labels;
  if (!flags.label_column.empty()) labels = labels_of(result.tracks, flags.label_column);
  result.clustering = flags.assign.empty()
                          ? affekt::cluster_tracks(result.tracks, result.fitting, moods,
                                                   [&io](double done) { io.progress(done, "choosing k"); })
                          : affekt::assign_tracks(result.tracks, saved);
  io.end_progress();
  if (!labels.empty()) measure_agreement(labels, result);
  constexpr std::size_t kShown = 3;
  result.portraits = affekt::cluster_portraits(result.tracks, result.clustering, kShown);
  for (const std::string& line : affekt::cli::detail_lines(result)) io.detail(line);
}

void warn_about(const ClusterResult& result, Io& io) {
  if (result.dropped.malformed > 0) {
    io.warn(std::to_string(result.dropped.malformed) +
            " malformed rows left out; the first: " + result.dropped.first_malformed);
  }
  for (const auto feature : result.clustering.constant) {
    io.warn(std::string(affekt::feature_name(feature)) + " has the same value in all tracks; left out");
  }
  if (!result.clustering.converged) io.warn("k-means stopped at --max-iterations before it converged");
  if (result.clustering.model.clusters.front().mood.empty()) {
    io.warn("no valence or no energy column: the clusters have no mood");
  }
}

void bind(Tool& tool, Flags& flags) {
  affekt::ClusterOptions& options = flags.options;
  tool.positional("TRACKS.csv", flags.inputs,
                  "Track tables: CSV in any of the popular Spotify dialects, - is standard input");
  tool.option("k", flags.k, "Number of clusters, or auto: the highest silhouette over --k-range");
  tool.alias("k", 'k');
  tool.option("k-range", flags.k_range, "Numbers of clusters that -k auto tries, A:B");
  tool.option("features", flags.features, "Columns to cluster by, a,b,c (default: the nine audio features there are)");
  tool.option(
      "columns", flags.columns,
      "Columns the tables name in their own way: title=NAME,artist=NAME, as are album, id, genre, label, energy ...");
  tool.choice("scale", options.scaling,
              {{"standard", affekt::Scaling::standard},
               {"minmax", affekt::Scaling::minmax},
               {"robust", affekt::Scaling::robust},
               {"none", affekt::Scaling::none}},
              "Scaling of the columns");
  tool.flag("fold-tempo", options.fold_tempo,
            "Take tempo doubled or halved into 70 to 140 beats a minute, so that half time is no other time");
  tool.choice("missing", flags.missing, {{"drop", Missing::drop}, {"median", Missing::median}},
              "Tracks that lack a feature: leave them out, or fill in the median of the column");
  tool.choice("algorithm", options.algorithm,
              {{"lloyd", affekt::KMeansAlgorithm::lloyd}, {"minibatch", affekt::KMeansAlgorithm::minibatch}},
              "How k-means is computed: with all tracks each step, or with batches of 8,192 (less memory and time, "
              "slightly worse)");
  tool.choice("start", options.kmeans.start,
              {{"kmeans++", affekt::KMeansStart::plus_plus}, {"kmeans||", affekt::KMeansStart::parallel}},
              "How the first centroids are found: one after another, or in five rounds of sampling");
  tool.option("restarts", options.kmeans.restarts, "Independent starts; the lowest inertia wins");
  tool.option("max-iterations", options.kmeans.max_iterations, "Steps a start");
  tool.option("tolerance", options.kmeans.relative_tolerance, "Stop when inertia falls by less than this fraction");
  tool.option("label-column", flags.label_column, "Column with known labels to compare the clusters with");
  tool.option("assign", flags.assign, "Put the tracks into the saved clusters of this folder instead");
  tool.option("moods", flags.moods, "Mood regions instead of the bundled configs/moods.json");
  tool.option("out", flags.out, "Folder for tracks.csv, report.html and clusters.json");
  tool.flag("pack", flags.pack, "Write tracks.safetensors (small, fast to read) instead of tracks.csv");
  tool.flag("stream", flags.stream,
            "Read the tables in blocks, for tables larger than memory: mini-batches of a sample, then every track");
  tool.flag("force", flags.force, "Write into --out even if it is not empty");
  tool.footer(
      "Examples:\n  affekt-cluster tracks.csv --out moods\n  affekt-cluster new.csv --assign moods --out new-moods");
}

}  // namespace

int main(int argc, char** argv) {
  Tool tool("cluster", "Group the songs of track tables by k-means and name the groups by mood.");
  Flags flags;
  bind(tool, flags);
  return tool.run(argc, argv, [&](Io& io) {
    finish_options(tool, flags);
    if (!flags.out.empty()) affekt::check_cluster_folder(flags.out, flags.force);
    ClusterResult result;
    try {
      flags.stream ? affekt::cli::cluster_stream_files(flags, io, result) : cluster(flags, io, result);
    } catch (const std::bad_alloc&) {
      if (flags.stream) throw;
      io.error("out of memory (--stream reads tables larger than memory in blocks)");
      return affekt::cli::kInternalFault;
    }
    warn_about(result, io);
    if (!flags.out.empty() && !flags.stream) {
      affekt::write_cluster_folder(flags.out, result.tracks, result.clustering,
                                   flags.pack ? affekt::TracksForm::packed : affekt::TracksForm::csv,
                                   affekt::clustering_page(result.tracks, result.clustering));
      io.note("wrote " + affekt::printable(flags.out));
    }
    if (tool.common.json) {
      auto json = tool.result();
      for (const char* name : kOnlyToFit) {
        if (!flags.assign.empty()) json["options"][name] = nullptr;
      }
      affekt::cli::add_cluster_json(result, json);
      io.out() << affekt::cli::json_text(json, 2) << "\n";
    } else {
      io.out() << affekt::cli::cluster_text(result);
    }
    return 0;
  });
}
