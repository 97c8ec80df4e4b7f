// affekt-cluster: groups the songs of Spotify tables by k-means and names the groups by mood.
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <new>
#include <string>
#include <vector>

#include "affekt/cluster/cluster_files.h"
#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/music/moods.h"
#include "affekt/report/clustering_page.h"
#include "cluster_output.h"
#include "common/cli.h"
#include "common/result_folder.h"

namespace {

using affekt::ClusteredTracks;
using affekt::MissingValues;
using affekt::TableAccess;
using affekt::TracksForm;
using affekt::UsageError;
using affekt::cli::Io;
using affekt::cli::Tool;

struct Flags {
  affekt::TrackSources sources;
  affekt::ClusterFilesOptions options;
  std::string k = "auto", k_range = "4:12", features, columns, assign, out, moods;
  bool force = false, pack = false, stream = false;
};

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

std::vector<affekt::TrackFeature> parse_features(const std::string& text) {
  std::vector<affekt::TrackFeature> features;
  for (const std::string& name : affekt::split(text, ',')) {
    if (affekt::trim(name).empty()) continue;
    const auto feature = affekt::parse_feature(affekt::trim(name));
    if (!feature)
      throw UsageError("features: " + affekt::unknown_name_message("feature", name, affekt::feature_names()));
    features.push_back(*feature);
  }
  if (!text.empty() && features.empty()) {
    throw UsageError("features: expected names separated by commas, found '" + affekt::printable(text, 40) + "'");
  }
  return features;
}

void finish_options(const Tool& tool, Flags& flags) {
  affekt::ClusterOptions& options = flags.options.clustering;
  flags.sources.validate();
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
  options.features = parse_features(flags.features);
  flags.sources.columns = affekt::parse_column_overrides(flags.columns);
  options.kmeans.seed = tool.common.seed;
  options.all_measures = true;
  flags.sources.access = flags.stream ? TableAccess::streamed : TableAccess::in_memory;
  flags.options.output.folder = flags.out;
  flags.options.output.form = flags.pack ? TracksForm::packed : TracksForm::csv;
  flags.options.output.report = affekt::clustering_page;
  flags.options.validate(flags.sources.access);
  if (flags.stream && flags.assign.empty() && options.algorithm == affekt::KMeansAlgorithm::lloyd &&
      (tool.chosen("algorithm") || tool.given("algorithm"))) {
    throw UsageError("--algorithm lloyd uses all tracks each step, which --stream does not hold; leave it out");
  }
}

affekt::ClusterFilesObserver observe(const Flags& flags, Io& io) {
  affekt::ClusterFilesObserver observer;
  observer.read = [&io](const std::string& path, const affekt::TrackReadNotes& notes) {
    for (const std::string& line : notes.lines) io.detail(affekt::printable(path) + ": " + line);
    for (const std::string& line : notes.warnings) io.warn(affekt::printable(path) + ": " + line);
  };
  observer.lacks = [&io](const std::string& path, affekt::TrackFeature feature, std::size_t rows) {
    io.warn(affekt::printable(path) + ": no column '" + affekt::feature_name(feature) + "': all of its " +
            std::to_string(rows) + " tracks are left out (--features chooses columns that all tables have)");
  };
  const char* work = flags.stream ? "reading and clustering" : "choosing k";
  observer.progress = [&io, work](double done) { io.progress(done, work); };
  if (flags.stream) {
    // From the first question on, not before: a stream that waits for its standard input is to end at once.
    observer.stop_requested = [signal = static_cast<const std::atomic<int>*>(nullptr)]() mutable {
      if (signal == nullptr) signal = &affekt::cli::catch_interrupts();
      return *signal != 0;
    };
  }
  return observer;
}

ClusteredTracks cluster(const Flags& flags, Io& io) {
  const affekt::ClusterFilesObserver observer = observe(flags, io);
  if (!flags.assign.empty()) {
    return affekt::assign_files(flags.sources, flags.assign, flags.options.output, observer);
  }
  const affekt::MoodMap moods = flags.moods.empty() ? affekt::default_moods() : affekt::read_moods(flags.moods);
  return affekt::cluster_files(flags.sources, flags.options, moods, observer);
}

/// The most memory that this program has had at once. Not getrusage() where that can be helped: a child's begins with
/// that of the process it was forked from.
std::size_t peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    constexpr std::string_view kKey = "VmHWM:";
    if (line.compare(0, kKey.size(), kKey) != 0) continue;
    const auto kilobytes = affekt::parse_integer(line.substr(kKey.size(), line.rfind(' ') - kKey.size()));
    if (kilobytes) return static_cast<std::size_t>(*kilobytes) * 1024;
  }
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

void tell_about(const ClusteredTracks& result, Io& io) {
  if (result.duplicates_until) {
    io.warn("from row " + std::to_string(*result.duplicates_until) +
            " on only duplicates of earlier rows are found: 256 MB of fingerprints are full");
  }
  for (const std::string& line : affekt::cli::detail_lines(result)) io.detail(line);
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
  affekt::ClusterOptions& options = flags.options.clustering;
  tool.positional("TRACKS.csv", flags.sources.paths,
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
  tool.choice("missing", flags.options.missing, {{"drop", MissingValues::drop}, {"median", MissingValues::median}},
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
  tool.option("label-column", flags.sources.label_column, "Column with known labels to compare the clusters with");
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
    affekt::cli::prepare_result_folder(flags.out, flags.force, "out");
    ClusteredTracks result;
    try {
      result = cluster(flags, io);
    } catch (const std::bad_alloc&) {
      if (flags.stream) throw;
      io.error("out of memory (--stream reads tables larger than memory in blocks)");
      return affekt::cli::kInternalFault;
    }
    io.end_progress();
    const std::size_t memory = flags.stream ? peak_memory() : 0;
    tell_about(result, io);
    if (!flags.out.empty()) io.note("wrote " + affekt::printable(flags.out));
    if (tool.common.json) {
      auto json = tool.result();
      for (const char* name : kOnlyToFit) {
        if (!flags.assign.empty()) json["options"][name] = nullptr;
      }
      affekt::cli::add_cluster_json(result, memory, json);
      io.out() << affekt::cli::json_text(json, 2) << "\n";
    } else {
      io.out() << affekt::cli::cluster_text(result, memory);
    }
    return 0;
  });
}
