// Where a run is: all that a checkpoint carries besides tensors.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "affekt/train/train_job.h"
#include "train/divergence.h"
#include "train/loss.h"
#include "train/phases.h"
#include "train/run_folder.h"
#include "train/schedule.h"
#include "train/start_weights.h"

namespace affekt {

struct RunState {
  std::int64_t serial = 0;        ///< Checkpoints written so far.
  int epoch = 0;                  ///< Epochs finished.
  std::int64_t step = 0;          ///< Steps of the optimizer in the running epoch.
  std::int64_t seen = 0;          ///< Rows trained on in the running epoch.
  double epoch_seconds = 0;       ///< Spent in the running epoch, training only.
  double epoch_data_seconds = 0;  ///< Of them, spent until the batches were ready.
  double epoch_elapsed = 0;       ///< Spent in the running epoch, up to the checkpoint.
  double rate = 0;                ///< Learning rate of the newest step.
  double seconds = 0;             ///< Spent in all, up to the checkpoint.
  int best_epoch = 0;
  Score best;
  Plateau plateau;
  std::int64_t optimizer_steps = 0;
  Phase phase = Phase::thawed;  ///< What the checkpoint's optimizer trains; the next epoch may begin another.
  std::int64_t thaw_steps = 0;  ///< Optimizer steps taken when it became `thawed`.
  bool bf16 = false;            ///< Precision that the run began with; a resumed one keeps it.
  bool blocked = false;         ///< Layout that it began with, likewise.
  StartInfo start;
  int setbacks = 0;  ///< Times the loss diverged: each halves the rate.
  LossWatch watch;
  double watched_sum = 0;         ///< What of the epoch's sum of losses `watch` has taken,
  std::int64_t watched_rows = 0;  ///< and of how many rows.
  std::int64_t log_size = 0;
  std::string data_digest;
  std::string weights_digest;  ///< Of the training rows' weights in the loss.
  std::vector<std::string> teacher_digests;
  std::vector<EpochStats> history;

  double rate_factor() const;  ///< 1 / 2^setbacks.
};

/// @throws UsageError  the run that saved `state` had other data, or weighed their sources otherwise.
void check_same_data(const RunState& state, const std::string& data_digest, const std::string& weights_digest);

std::string run_state_json(const RunState& state);
RunState parse_run_state(const std::string& text, const std::string& place);

/// Which of the checkpoints of a run is wanted.
enum class Wanted : std::uint8_t {
  newest,
  calm,  ///< Rather an older one than one whose loss was already rising.
};

struct FoundState {
  RunState state;
  std::string damage;  ///< What is wrong with the other checkpoint, or empty.
};

/// Of the good checkpoints of a run. @throws DataError  there is none.
FoundState find_state(const RunFolder& run, Wanted wanted);

}  // namespace affekt
