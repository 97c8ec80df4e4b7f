// The training loop: epochs of steps, each followed by a judgement, until something ends it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "train/agreement.h"
#include "train/divergence.h"
#include "train/head_features.h"
#include "train/run_record.h"
#include "train/time_left.h"
#include "train/train_setup.h"
#include "train/train_state.h"
#include "train/train_step.h"

namespace affekt {

/// Sets the first weights, the same on all ranks: as set_start_weights(), and calibrated where they need it.
/// @throws Interrupted  before they are ready.
void set_first_weights(TorchNetwork& network, const StartWeights& start, const TrainSetup& setup, RunRecord& record,
                       const Agreement& agreement);

class Trainer {
 public:
  /// All of them outlive it. `state` is before the first step, or where a checkpoint left it.
  Trainer(const TrainSetup& setup, TrainState& state, RunRecord& record, Agreement& agreement);

  /// Trains to the end, or until something stops it. A diverging loss takes it back to the last good checkpoint, at
  /// half the rate. @returns "epochs", "early-stop" or "max-time". @throws DataError  it diverges again and again.
  std::string run();

 private:
  using Clock = std::chrono::steady_clock;

  std::string train_epochs();
  bool train_epoch();  ///< False if max-time ended it early.
  void finish_epoch();
  EpochStats stats_of_epoch(const Score& score) const;
  void go_back(const Diverged& diverged);
  void begin_phase();
  void fill_features();
  void stop_if_requested();
  void log_groups();
  void report_progress(std::int64_t steps);
  WorkLeft work_left(std::int64_t steps) const;  ///< With `steps` in an epoch.

  const TrainSetup& setup_;
  TrainState& state_;
  RunRecord& record_;
  Agreement& agreement_;
  TimeLeft time_left_;
  HeadFeatures features_;          ///< Of this phase.
  std::optional<TrainStep> step_;  ///< Likewise.
  Clock::time_point last_progress_;
};

}  // namespace affekt
