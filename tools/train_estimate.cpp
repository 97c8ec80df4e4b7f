#include "train_estimate.h"

#include <string>

#include "affekt/core/text.h"

namespace affekt::cli {
namespace {

std::string megabytes(std::int64_t bytes) { return format_fixed(static_cast<double>(bytes) / 1e6, 1) + " MB"; }

/// The fields, with `dry_run` true.
Json to_json(const TrainEstimate& estimate) {
  return {{"dry_run", true},
          {"model", estimate.model},
          {"parameters", estimate.parameters},
          {"trainable_parameters", estimate.trainable_parameters},
          {"multiply_adds", estimate.multiply_adds},
          {"weight_bytes", estimate.weight_bytes},
          {"optimizer_bytes", estimate.optimizer_bytes},
          {"checkpoint_bytes", estimate.checkpoint_bytes},
          {"peak_memory_bytes", estimate.peak_memory_bytes},
          {"training_rows", estimate.training_rows},
          {"validation_rows", estimate.validation_rows},
          {"steps_per_epoch", estimate.steps_per_epoch},
          {"measured_steps", estimate.measured_steps},
          {"images_per_second", estimate.images_per_second},
          {"seconds_per_epoch", estimate.seconds_per_epoch},
          {"seconds", estimate.seconds},
          {"precision", estimate.precision},
          {"device", estimate.device},
          {"threads", estimate.threads}};
}

}  // namespace

void estimate(Io& io, const Tool& tool, const Dataset& data, const TrainOptions& options,
              const TrainObserver& observer) {
  const TrainEstimate e = estimate_training(data, options, observer);
  if (tool.common.json) {
    Json result = tool.result();
    result.update(to_json(e));
    io.out() << json_text(result) << '\n';
    return;
  }
  const auto seconds = [](double value) { return format_fixed(value, value < 10 ? 2 : 0) + " s"; };
  io.out() << "network              " << e.model << ", " << e.parameters << " parameters (" << e.trainable_parameters
           << " trained), " << format_fixed(static_cast<double>(e.multiply_adds) / 1e6, 1)
           << " M multiply-adds a picture\nweights              " << megabytes(e.weight_bytes)
           << "\noptimizer state      " << megabytes(e.optimizer_bytes) << "\na checkpoint         "
           << megabytes(e.checkpoint_bytes) << " (two are kept)\npeak memory          "
           << megabytes(e.peak_memory_bytes) << "\nimages per second    " << format_fixed(e.images_per_second, 1)
           << " (" << e.measured_steps << " steps measured; " << e.device << ", " << e.threads
           << (e.threads == 1 ? " thread, " : " threads, ") << e.precision << ")\nan epoch             "
           << e.steps_per_epoch << (e.steps_per_epoch == 1 ? " step, " : " steps, ") << seconds(e.seconds_per_epoch)
           << " with validation\nall                  " << options.epochs
           << (options.epochs == 1 ? " epoch" : " epochs")
           << (options.seeds > 1 ? ", " + std::to_string(options.seeds) + " seeds" : "") << ": " << seconds(e.seconds)
           << '\n';
}

}  // namespace affekt::cli
