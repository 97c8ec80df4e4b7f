// The same training with several seeds: how much of a figure is chance.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/data/dataset.h"
#include "affekt/train/train_job.h"
#include "affekt/train/train_options.h"

namespace affekt {

struct SeedSummary {
  std::string run;  ///< The folder of all runs.
  std::vector<std::uint64_t> seeds;
  std::vector<TrainSummary> runs;  ///< Those that have ended, in the order of `seeds`.
  double seconds = 0;              ///< Of these runs.
  bool complete = false;           ///< All have ended; otherwise max-time was over.
  bool already_finished = false;   ///< Resumed when all had ended: nothing was done.
};

/// Mean and sample standard deviation. With no value both are NaN, with one the deviation is.
struct AFFEKT_API Spread {
  double mean, deviation;

  static Spread of(const std::vector<double>& values);
};

/// Of a figure of the runs, without those that do not have it (below 0).
AFFEKT_API Spread spread_of(const SeedSummary& summary, double TrainSummary::*figure);

/// Trains with the seeds options.seed, options.seed + 1, ..., options.seeds of them, one after the other, each in its
/// own run folder OUT/seed-<n>; OUT has config.json and, as far as runs have ended, summary.json. With options.resume
/// the runs that were stopped go on, and those that had not begun begin. max_time is that of all runs together.
/// @throws as run_training() does.
AFFEKT_API SeedSummary run_seeds(const Dataset& data, const TrainOptions& options, const TrainObserver& observer = {});

/// The fields of the result as a flat JSON object: what OUT/summary.json holds.
AFFEKT_API std::string seed_summary_json(const SeedSummary& summary);

}  // namespace affekt
