// What a job of several ranks does before it trains: each finds its place, and all make sure that they do the same
// work.
#pragma once

#include <optional>

#include "affekt/core/error.h"
#include "affekt/data/dataset.h"
#include "affekt/train/train_options.h"
#include "train/collective.h"
#include "train/run_folder.h"
#include "train/run_state.h"
#include "train/start_weights.h"
#include "train/teacher.h"
#include "train/train_rows.h"

namespace affekt {

/// The options with this rank's share of the threads, and its device for auto and cuda.
TrainOptions options_of_rank(const TrainOptions& options, const Collective& ranks);

/// @throws UsageError  on all ranks, where any has other options, data, first weights, teachers or number formats
/// than rank 0. @param resumed  number formats and layouts are the checkpoint's, not the processors' choice
void check_same_work(Collective& ranks, const Dataset& data, const TrainRows& rows, const TrainOptions& options,
                     const StartInfo& start, const Teachers& teachers, bool resumed);

/// The run folder, on rank 0.
std::optional<RunFolder> folder_of_rank(const TrainOptions& options, const Collective& ranks);

/// find_state() of rank 0, for all ranks. @param folder  Of rank 0; null on the others.
FoundState state_of_run(const RunFolder* folder, Collective& ranks, Wanted wanted);

/// The error with what the user can do about it. @param folder  Null on all ranks but the first.
LostRank with_remedy(const LostRank& error, const RunFolder* folder);

}  // namespace affekt
