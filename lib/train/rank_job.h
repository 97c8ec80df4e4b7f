// What a job of several ranks does before it trains: each finds its place, and all make sure that they do the same
// work.
#pragma once

#include <string>

#include "affekt/train/ranks.h"
#include "affekt/train/train_job.h"
#include "train/run_folder.h"
#include "train/start_weights.h"
#include "train/trainer.h"

namespace affekt {

/// The options with this rank's share of the threads, and its device for auto and cuda. `ranks` null = alone.
TrainOptions options_of_rank(const TrainOptions& options, const Ranks* ranks);

/// @throws UsageError  on all ranks, where any has other options, data, first weights, teachers or number formats
/// than rank 0.
void check_same_work(Ranks& ranks, const Dataset& data, const TrainRows& rows, const TrainOptions& options,
                     const StartInfo& start, const Teachers& teachers);

/// The run folder, on rank 0; a silent one on the others.
RunFolder folder_of_rank(const TrainOptions& options, const Ranks* ranks);

/// The newest state of the run, which rank 0 reads. `damage` and `calm_first`: as in newest_state().
RunState state_of_run(const RunFolder& run, Ranks* ranks, std::string& damage, bool calm_first = false);

/// The error with what the user can do about it.
LostRank with_remedy(const LostRank& error, const RunFolder& run);

}  // namespace affekt
