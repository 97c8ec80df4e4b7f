// The same training with several seeds: how much of a figure is chance.
#pragma once

#include "affekt/core/export.h"
#include "affekt/data/dataset.h"
#include "affekt/run/train_summary.h"
#include "affekt/train/train_job.h"
#include "affekt/train/train_options.h"

namespace affekt {

/// Trains with the seeds options.seed, options.seed + 1, ..., options.seeds of them, one after the other, each in its
/// own run folder OUT/seed-<n>; OUT has config.json and, as far as runs have ended, summary.json. With options.resume
/// the runs that were stopped go on, and those that had not begun begin. max_time is that of all runs together.
/// @throws as run_training() does.
AFFEKT_API SeedSummary run_seeds(const Dataset& data, const TrainOptions& options, const TrainObserver& observer = {});

}  // namespace affekt
