#include "affekt/train/seed_runs.h"

#include <chrono>
#include <filesystem>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/text.h"
#include "train/run_folder.h"

namespace affekt {
namespace fs = std::filesystem;
namespace {

bool can_be_resumed(const RunPaths& files) {
  std::error_code error;
  return fs::exists(files.config(), error) && fs::exists(files.last(), error) && !fs::is_empty(files.last(), error);
}

/// The options of one of the runs, which begins, goes on or has ended.
TrainOptions options_of_run(const TrainOptions& all, std::uint64_t seed, const fs::path& folder, double seconds_left) {
  TrainOptions one = all;
  if (can_be_resumed({folder})) {
    one = resumed_options(read_run_options(folder.string()), all, [](const std::string&) { return true; });
  } else {
    one.out = folder.string();
    one.resume.clear();
    one.force = true;  // of a run that was killed before its first checkpoint
  }
  one.seeds = 1;
  one.seed = seed;
  if (all.max_time.count > 0) one.max_time = {std::max(seconds_left, 1e-6), "s"};
  return one;
}

/// Messages are about all runs: they name the one, and --resume takes the folder of all.
TrainSummary run_one(const Dataset& data, const TrainOptions& one, const TrainObserver& observer, const fs::path& all) {
  const std::string which = "seed " + std::to_string(one.seed) + ": ";
  try {
    return run_training(data, one, observer);
  } catch (const Interrupted& error) {
    throw Interrupted(which + error.what() + "; all: --resume " + printable(all.string()), error.signal);
  } catch (const DataError& error) {
    throw DataError(which + error.what());
  }
}

}  // namespace

SeedSummary run_seeds(const Dataset& data, const TrainOptions& options, const TrainObserver& observer) {
  check_training(options);
  const auto begin = std::chrono::steady_clock::now();
  const RunFolder folder = RunFolder::prepare(options);
  if (options.resume.empty()) folder.write_config(options);
  SeedSummary summary;
  summary.run = folder.path().string();
  summary.already_finished = true;
  for (int i = 0; i < options.seeds; ++i) summary.seeds.push_back(options.seed + static_cast<std::uint64_t>(i));
  for (const std::uint64_t seed : summary.seeds) {
    const double spent = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const fs::path run = seed_folder(folder.path(), seed);
    const TrainOptions one = options_of_run(options, seed, run, options.max_time.seconds() - spent);
    if (observer.log) {
      observer.log("seed " + std::to_string(seed) + " (" + std::to_string(summary.runs.size() + 1) + " of " +
                   std::to_string(options.seeds) + "): " + printable(run.string()));
    }
    TrainSummary ended = run_one(data, one, observer, folder.path());
    summary.already_finished = summary.already_finished && ended.already_finished;
    if (ended.stopped == "max-time") break;
    ended.run = run.string();  // of a folder that was moved, where it is now
    summary.seconds += ended.seconds;
    summary.runs.push_back(std::move(ended));
  }
  summary.complete = summary.runs.size() == summary.seeds.size();
  if (!summary.already_finished) {
    folder.write_config(options);
    write_file(folder.files().summary(), seed_summary_json(summary) + "\n");
  }
  return summary;
}

}  // namespace affekt
