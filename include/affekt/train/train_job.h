// Training of one network on a data set, from first weights to the model file.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "affekt/core/export.h"
#include "affekt/data/dataset.h"
#include "affekt/run/train_summary.h"
#include "affekt/train/ranks.h"
#include "affekt/train/train_options.h"

namespace affekt {

struct TrainProgress {
  int epoch = 0, epochs = 0;         ///< The running epoch, from 1.
  std::int64_t step = 0, steps = 0;  ///< Within the epoch.
  double loss = 0, accuracy = 0;     ///< Running means of the epoch.
  double images_per_second = 0;
  double seconds_left = 0;  ///< Estimate for the whole run.
};

/// How a caller watches and stops a run. Called on the training thread; each may be empty.
struct TrainObserver {
  std::function<void(const EpochStats&)> epoch;
  std::function<void(const TrainProgress&)> progress;
  std::function<void(const std::string&)> log;      ///< One line, also written to log.txt.
  std::function<void(const std::string&)> warning;  ///< Likewise: what went wrong and is dealt with. Empty: `log`.
  std::function<bool()> stop_requested;             ///< Asked after every step.
  std::function<int()> stop_signal;                 ///< The signal that asked, for the other ranks. Empty: SIGINT.
};

/// Everything about the options that can be refused without the data: ranges, names, whether the network can be frozen
/// as asked, whether the pretrained file is there.
/// @throws UsageError, IoError.
AFFEKT_API void check_training(const TrainOptions& options);

/// The options of the run folder to resume, which rank 0 reads for all. @throws IoError, DataError.
AFFEKT_API TrainOptions run_options_of_first(const std::string& folder, Ranks& ranks);

/// Trains and leaves in the run folder: config.json, metrics.csv, log.txt, best.safetensors (the epoch with the highest
/// validation accuracy; of equals, the lower loss), last/ (checkpoints to resume from), summary.json and curves.svg.
///
/// The same data, options, seed and number of threads give the same losses and accuracies to the last digit on the CPU:
/// the order of rows and every augmentation are functions of (seed, epoch, row), dropout of (seed, step). A resumed run
/// therefore continues exactly.
///
/// PrivateTest rows are not looked at before the end; then once, with the saved weights. Soft labels of `data`, if any,
/// are the targets of training; validation always counts the hard labels.
///
/// With several ranks, each with the same data and options, a step takes `batch_size` rows of each, consecutive ones in
/// the epoch's order, and sums their gradients weighted by rows; the last round is dealt as evenly as goes. BatchNorm
/// uses each rank's own rows; the weights and statistics of rank 0 are taken by all after every epoch, and the
/// validation rows are dealt to all. Rank 0 alone reads and writes the run folder, judges the saved weights at the end
/// and has the full summary. Threads and a device `auto` or `cuda` become this rank's share.
///
/// @throws UsageError  an option out of range, no training rows, no PublicTest rows under validation public, an
/// existing
///                     run folder without `force`, other data than the run to resume had.
/// A loss that diverges takes the run back to its last good checkpoint, at half the rate, up to three times. Files that
/// cannot be written during training (a full disk) are warned of and written later; the run goes on.
///
/// @throws DataError   the loss diverged a fourth time; a damaged checkpoint.
/// @throws IoError     the run folder cannot be written: found out before training, or at the end the result cannot be.
/// @throws Interrupted stop_requested() said so, on any rank; last/ was saved first.
/// @throws LostRank    another rank is gone; the run can be resumed from its last checkpoint, with any number of ranks.
AFFEKT_API TrainSummary run_training(const Dataset& data, const TrainOptions& options,
                                     const TrainObserver& observer = {});
AFFEKT_API TrainSummary run_training(const Dataset& data, const TrainOptions& options, const TrainObserver& observer,
                                     Ranks& ranks);

}  // namespace affekt
