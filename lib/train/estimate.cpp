#include "affekt/train/estimate.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/model/architectures.h"
#include "affekt/nn/compute.h"
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

/// What steps and validation take.
struct Cost {
  int steps = 0;  ///< Measured.
  double row_seconds = 0, validation_row_seconds = 0;
};

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

Cost measure(const TrainSetup& setup, TrainState& state, Agreement& agreement) {
  using Clock = std::chrono::steady_clock;
  constexpr double kEnough = 5;  // seconds
  constexpr int kFewest = 3;
  constexpr int kMost = 50;
  const std::optional<FeatureCache> no_features;
  TrainStep step(setup, state, agreement, no_features);
  const at::Tensor order = epoch_order(setup.rows.training.size(), setup.options.seed, state.run.epoch);
  Cost cost;
  double spent = 0;
  std::int64_t rows = 0;
  try {
    step.take(order);  // the first one allocates
    while (cost.steps < kMost && (cost.steps < kFewest || spent < kEnough)) {
      if (const int signal = agreement.signal()) throw Interrupted("stopped; nothing was written", signal);
      if (state.steps_left() == 0) state.begin_epoch();
      const std::int64_t before_rows = state.run.seen;
      const auto before = Clock::now();
      step.take(order);
      spent += seconds_since(before);
      rows += state.run.seen - before_rows;
      ++cost.steps;
    }
  } catch (const Diverged&) {
    // What a step takes does not depend on its loss.
  }
  cost.row_seconds = rows > 0 ? spent / static_cast<double>(rows) : 0;
  const std::int64_t judged_rows = std::min<std::int64_t>(512, setup.validation_images.size(0));
  const auto before = Clock::now();
  forward_images(state.judged(), state.run.start.preprocessing, setup.validation_images.narrow(0, 0, judged_rows),
                 /*bf16=*/false, {});
  cost.validation_row_seconds = seconds_since(before) / static_cast<double>(judged_rows);
  return cost;
}

}  // namespace

TrainEstimate estimate_training(const Dataset& data, const TrainOptions& options, const TrainObserver& observer) {
  check_training(options);
  TrainRows rows = choose_rows(data, options);
  const StartWeights start = read_start_weights(options);
  Ranks alone = Ranks::alone();
  RunRecord record(std::nullopt, observer);
  prepare_compute(options.compute.threads);
  Teachers teachers(options, at::Device(resolve_device(options.compute.device)));
  const TrainSetup setup(data, std::move(rows), options, std::move(teachers), observer, alone.collective());
  Agreement agreement(setup);
  Network built = make_network(options.model, network_options(options, start.info.variant));
  const Layout layout = training_layout(setup, built);
  TorchNetwork network(std::move(built), setup.device, layout);
  set_first_weights(network, start, setup, record, agreement);
  TrainState state(setup, std::move(network), start.info);
  state.enter(Phase::thawed);
  const Network& table = state.network.table();
  TrainEstimate estimate;
  estimate.model = options.model;
  estimate.parameters = count_parameters(table);
  for (const ParameterGroup& group : parameter_groups(table, options, Phase::thawed)) {
    estimate.trainable_parameters += group.trainable;
  }
  estimate.multiply_adds = count_multiply_adds(table);
  estimate.optimizer_bytes = bytes_of(state.optimizer.state());
  estimate.checkpoint_bytes = bytes_of(state.tensors());
  estimate.weight_bytes = estimate.checkpoint_bytes - estimate.optimizer_bytes;
  estimate.training_rows = setup.training_rows();
  estimate.validation_rows = static_cast<std::int64_t>(setup.rows.validation.size());
  estimate.steps_per_epoch = state.steps_left();
  const Cost cost = measure(setup, state, agreement);
  estimate.peak_memory_bytes = peak_memory();
  estimate.measured_steps = cost.steps;
  estimate.images_per_second = cost.row_seconds > 0 ? 1 / cost.row_seconds : 0;
  estimate.seconds_per_epoch = static_cast<double>(estimate.training_rows) * cost.row_seconds +
                               static_cast<double>(estimate.validation_rows) * cost.validation_row_seconds;
  estimate.seconds = estimate.seconds_per_epoch * options.epochs * options.seeds;
  estimate.precision = state.run.bf16 ? "bf16" : "fp32";
  estimate.device = setup.device_text;
  estimate.threads = at::get_num_threads();
  return estimate;
}

}  // namespace affekt
