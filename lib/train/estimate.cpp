#include "affekt/train/estimate.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "affekt/model/architectures.h"
#include "nn/forward.h"
#include "train/phases.h"
#include "train/trainer.h"

namespace affekt {
namespace {

std::int64_t bytes_of(const std::vector<NamedTensor>& tensors) {
  std::int64_t bytes = 0;
  for (const NamedTensor& named : tensors) bytes += static_cast<std::int64_t>(named.tensor.nbytes());
  return bytes;
}

std::int64_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return std::int64_t{usage.ru_maxrss} * 1024;  // Linux counts KiB
}

}  // namespace

Trainer::Cost Trainer::measure() {
  constexpr double kEnough = 5;  // seconds
  constexpr int kFewest = 3;
  constexpr int kMost = 50;
  enter(Phase::thawed);
  Cost cost;
  cost.steps_per_epoch = steps_left();
  cost.checkpoint_bytes = bytes_of(tensors());
  cost.optimizer_bytes = bytes_of(optimizer_.state());
  double spent = 0;
  std::int64_t rows = 0;
  try {
    take_step(running_order());  // the first one allocates
    while (cost.steps < kMost && (cost.steps < kFewest || spent < kEnough)) {
      stop_if_requested();
      if (steps_left() == 0) begin_epoch();
      const std::int64_t before_rows = state_.seen;
      const auto before = Clock::now();
      take_step(running_order());
      spent += std::chrono::duration<double>(Clock::now() - before).count();
      rows += state_.seen - before_rows;
      ++cost.steps;
    }
  } catch (const Diverged&) {
    // What a step takes does not depend on its loss.
  }
  cost.row_seconds = rows > 0 ? spent / static_cast<double>(rows) : 0;
  const std::int64_t judged_rows = std::min<std::int64_t>(512, validation_images_.size(0));
  const auto before = Clock::now();
  forward_images(judged(), preprocessing(), validation_images_.narrow(0, 0, judged_rows), /*bf16=*/false, {});
  cost.validation_row_seconds =
      std::chrono::duration<double>(Clock::now() - before).count() / static_cast<double>(judged_rows);
  return cost;
}

TrainEstimate estimate_training(const Dataset& data, const TrainOptions& options, const TrainObserver& observer) {
  check_training(options);
  const at::Device device(resolve_device(options.compute.device));
  TrainRows rows = choose_rows(data, options);
  const StartWeights start = read_start_weights(options);
  RunFolder nowhere = RunFolder::silent();
  prepare_compute(options.compute.threads);
  Trainer trainer(data, std::move(rows), options, start.info, observer, nowhere);
  trainer.learn_from(Teachers(options, device));
  trainer.begin(start);
  const Trainer::Cost cost = trainer.measure();
  const Network& table = trainer.network().table();
  TrainEstimate estimate;
  estimate.model = options.model;
  estimate.parameters = count_parameters(table);
  for (const ParameterGroup& group : parameter_groups(table, options, Phase::thawed)) {
    estimate.trainable_parameters += group.trainable;
  }
  estimate.multiply_adds = count_multiply_adds(table);
  estimate.optimizer_bytes = cost.optimizer_bytes;
  estimate.checkpoint_bytes = cost.checkpoint_bytes;
  estimate.weight_bytes = cost.checkpoint_bytes - cost.optimizer_bytes;
  estimate.peak_memory_bytes = peak_memory();
  estimate.training_rows = static_cast<std::int64_t>(trainer.rows().training.size());
  estimate.validation_rows = static_cast<std::int64_t>(trainer.rows().validation.size());
  estimate.steps_per_epoch = cost.steps_per_epoch;
  estimate.measured_steps = cost.steps;
  estimate.images_per_second = cost.row_seconds > 0 ? 1 / cost.row_seconds : 0;
  estimate.seconds_per_epoch = static_cast<double>(estimate.training_rows) * cost.row_seconds +
                               static_cast<double>(estimate.validation_rows) * cost.validation_row_seconds;
  estimate.seconds = estimate.seconds_per_epoch * options.epochs * options.seeds;
  estimate.precision = trainer.bf16() ? "bf16" : "fp32";
  estimate.device = trainer.device_text();
  estimate.threads = at::get_num_threads();
  return estimate;
}

}  // namespace affekt
