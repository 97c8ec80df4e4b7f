// What a training would take, from a few steps of it.
#pragma once

#include <cstdint>
#include <string>

#include "affekt/core/export.h"
#include "affekt/data/dataset.h"
#include "affekt/train/train_job.h"
#include "affekt/train/train_options.h"

namespace affekt {

struct TrainEstimate {
  std::string model;
  std::int64_t parameters = 0, trainable_parameters = 0;  ///< As in TrainSummary.
  std::int64_t multiply_adds = 0;                         ///< Of one picture.
  std::int64_t weight_bytes = 0;                          ///< In memory, averaged weights included.
  std::int64_t optimizer_bytes = 0;                       ///< Its moments.
  std::int64_t checkpoint_bytes = 0;   ///< Of one; a run folder holds two and, while one is written, a third.
  std::int64_t peak_memory_bytes = 0;  ///< Of this process until the end of the measured steps, the data included.
  std::int64_t training_rows = 0, validation_rows = 0;
  std::int64_t steps_per_epoch = 0;
  int measured_steps = 0;
  double images_per_second = 0;  ///< Of training steps.
  double seconds_per_epoch = 0;  ///< Training and validation.
  double seconds = 0;            ///< Of all epochs and seeds; saving and judging at the end come on top.
  std::string precision, device;
  int threads = 0;
};

/// Builds the network, trains a few batches of `data` as `options` say, for some seconds, and forgets them. Writes
/// nothing. Epochs with a frozen backbone are counted as those after them: they take less.
/// @throws as run_training() does before training.
AFFEKT_API TrainEstimate estimate_training(const Dataset& data, const TrainOptions& options,
                                           const TrainObserver& observer = {});

}  // namespace affekt
