#include "affekt/train/seed_runs.h"

#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/text.h"
#include "core/json.h"
#include "train/run_folder.h"

namespace affekt {
namespace fs = std::filesystem;
namespace {

bool can_be_resumed(const fs::path& run) {
  std::error_code error;
  return fs::exists(run / "config.json", error) && fs::exists(run / "last", error) &&
         !fs::is_empty(run / "last", error);
}

/// The options of one of the runs, which begins, goes on or has ended.
TrainOptions options_of_run(const TrainOptions& all, std::uint64_t seed, const fs::path& folder, double seconds_left) {
  TrainOptions one = all;
  if (can_be_resumed(folder)) {
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

Spread Spread::of(const std::vector<double>& values) {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  if (values.empty()) return {kUnknown, kUnknown};
  const auto n = static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) sum += value;
  const double mean = sum / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, values.size() > 1 ? std::sqrt(squares / (n - 1)) : kUnknown};
}

Spread spread_of(const SeedSummary& summary, double TrainSummary::*figure) {
  std::vector<double> values;
  for (const TrainSummary& run : summary.runs) {
    if (run.*figure >= 0) values.push_back(run.*figure);
  }
  return Spread::of(values);
}

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
    const fs::path run = folder.path() / ("seed-" + std::to_string(seed));
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
    write_file(folder.path() / "summary.json", seed_summary_json(summary) + "\n");
  }
  return summary;
}

std::string seed_summary_json(const SeedSummary& summary) {
  Json out = Json::object();
  out["run"] = summary.run;
  out["seeds"] = summary.seeds;
  out["complete"] = summary.complete;
  const std::pair<const char*, double TrainSummary::*> figures[] = {
      {"train_accuracy", &TrainSummary::train_accuracy},
      {"validation_accuracy", &TrainSummary::validation_accuracy},
      {"private_accuracy", &TrainSummary::private_accuracy}};
  for (const auto& [name, figure] : figures) {
    const Spread spread = spread_of(summary, figure);
    out[name] = number_or_null(spread.mean);
    out[std::string(name) + "_sd"] = number_or_null(spread.deviation);
  }
  out["seconds"] = summary.seconds;
  out["runs"] = Json::array();
  for (std::size_t i = 0; i < summary.runs.size(); ++i) {
    Json run = {{"seed", summary.seeds[i]}};
    run.update(Json::parse(train_summary_json(summary.runs[i])));
    out["runs"].push_back(std::move(run));
  }
  return out.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace affekt
