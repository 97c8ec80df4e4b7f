// What a run works with from its first step to its last.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "affekt/data/dataset.h"
#include "affekt/train/train_job.h"
#include "train/collective.h"
#include "train/face_batches.h"
#include "train/teacher.h"
#include "train/train_rows.h"

namespace affekt {

struct TrainSetup {
  const Dataset& data;
  TrainOptions options;  ///< Of this rank.
  TrainRows rows;
  Teachers teachers;
  const TrainObserver& observer;
  Collective& ranks;
  std::string device_text;  ///< "cpu" or "cuda:N".
  at::Device device;
  FaceBatches faces;             ///< The training rows.
  at::Tensor validation_images;  ///< (rows, 1, 48, 48) u8, on the device.

  /// @param data, observer, ranks  Outlive the setup.
  TrainSetup(const Dataset& data, TrainRows rows, const TrainOptions& options, Teachers teachers,
             const TrainObserver& observer, Collective& ranks);
  TrainSetup(const TrainSetup&) = delete;
  TrainSetup& operator=(const TrainSetup&) = delete;

  double seconds() const;  ///< Since the setup was made.
  std::int64_t training_rows() const { return static_cast<std::int64_t>(rows.training.size()); }
  /// A batch of each rank.
  std::int64_t round_rows() const { return std::int64_t{options.batch_size} * ranks.size(); }
  std::int64_t step_rows() const { return round_rows() * options.accumulate; }  ///< Of a full step.

 private:
  std::chrono::steady_clock::time_point begin_;
};

}  // namespace affekt
