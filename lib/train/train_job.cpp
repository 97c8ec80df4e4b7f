#include "affekt/train/train_job.h"

#include <filesystem>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/model/architectures.h"
#include "nn/forward.h"
#include "nn/images.h"
#include "train/trainer.h"

namespace affekt {
namespace {

Score judge(const TorchNetwork& network, const Preprocessing& preprocessing, const Dataset& data,
            const std::vector<std::size_t>& rows) {
  const at::Tensor images = image_tensor(data, rows, at::kCPU);
  return score_logits(forward_images(network, preprocessing, images, /*bf16=*/false, {}), data, rows);
}

double mean_images_per_second(const std::vector<EpochStats>& history) {
  double seconds_an_image = 0;
  for (const EpochStats& epoch : history) seconds_an_image += 1 / epoch.images_per_second;
  return seconds_an_image > 0 ? static_cast<double>(history.size()) / seconds_an_image : 0;
}

/// Figures of the saved weights, in fp32 and without augmentation; they replace the card's.
void judge_saved(const Dataset& data, const Trainer& trainer, const RunFolder& run, bool finished,
                 TrainSummary& summary) {
  const ModelFile file = ModelFile::open(run.best());
  TorchNetwork network(file.network(), trainer.network().device());
  network.load(file);
  replay_self_tests(network, file);
  const Preprocessing preprocessing = file.card().preprocessing;
  const Score training = judge(network, preprocessing, data, trainer.rows().training);
  const Score validation = judge(network, preprocessing, data, trainer.rows().validation);
  summary.train_accuracy = training.accuracy;
  summary.validation_accuracy = validation.accuracy;
  summary.validation_loss = validation.loss;
  const std::vector<std::size_t> held_out = data.rows_of(Split::private_test);
  ModelCard card = trainer.card();
  card.metrics["train_accuracy"] = training.accuracy;
  card.metrics["validation_accuracy"] = validation.accuracy;
  card.metrics["validation_loss"] = validation.loss;
  if (finished && !held_out.empty()) {
    summary.private_accuracy = judge(network, preprocessing, data, held_out).accuracy;
    card.metrics["private_accuracy"] = summary.private_accuracy;
    card.selection += "; PrivateTest (" + std::to_string(held_out.size()) + " rows) looked at once, after the end";
  }
  const DType dtype = file.parameter(network.entries().front().spec.name).dtype;
  write_model(run.best(), card, network.export_parameters(), file.self_tests(), dtype);
}

bool is_finished(const TrainSummary& summary, const TrainOptions& options) {
  return summary.stopped == "early-stop" || (summary.stopped == "epochs" && summary.epochs_run >= options.epochs);
}

std::string first_line(const Trainer& trainer, const TrainOptions& options) {
  return options.model + " (" + std::to_string(count_parameters(trainer.network().table())) + " parameters), " +
         std::to_string(trainer.rows().training.size()) + " training rows, validation on " + trainer.rows().selection +
         ", " + trainer.device_text() + ", " + std::to_string(at::get_num_threads()) +
         (at::get_num_threads() == 1 ? " thread, " : " threads, ") + (trainer.bf16() ? "bf16" : "fp32");
}

}  // namespace

TrainSummary run_training(const Dataset& data, const TrainOptions& options, const TrainObserver& observer) {
  options.validate();
  make_network(options.model, {options.image_size, static_cast<int>(kEmotionCount)});
  resolve_device(options.compute.device);
  TrainRows rows = choose_rows(data, options);
  RunFolder run = RunFolder::prepare(options);
  const bool resumed = !options.resume.empty();
  if (resumed && std::filesystem::exists(run.path() / "summary.json")) {
    TrainSummary summary = run.read_summary();
    summary.already_finished = is_finished(summary, options);
    if (summary.already_finished) return summary;
  }
  prepare_compute(options.compute.threads);
  Trainer trainer(data, std::move(rows), options, observer, run);
  if (resumed) trainer.restore();
  run.write_config(options);
  const auto log = [&](const std::string& line) {
    run.log(line);
    if (observer.log) observer.log(line);
  };
  log(resumed ? "resumed after epoch " + std::to_string(trainer.state().epoch) + ": " + first_line(trainer, options)
              : first_line(trainer, options));

  TrainSummary summary;
  summary.stopped = trainer.run();
  summary.run = run.path().string();
  summary.model = options.model;
  summary.history = trainer.state().history;
  summary.epochs_run = trainer.state().epoch;
  summary.best_epoch = trainer.state().best_epoch;
  summary.parameters = count_parameters(trainer.network().table());
  summary.trainable_parameters = count_trainable_parameters(trainer.network().table());
  summary.training_rows = static_cast<std::int64_t>(trainer.rows().training.size());
  summary.validation_rows = static_cast<std::int64_t>(trainer.rows().validation.size());
  summary.images_per_second = mean_images_per_second(summary.history);
  summary.precision = trainer.bf16() ? "bf16" : "fp32";
  summary.device = trainer.device_text();
  summary.threads = at::get_num_threads();
  if (summary.best_epoch > 0) judge_saved(data, trainer, run, summary.stopped != "max-time", summary);
  summary.seconds = trainer.seconds();
  run.write_summary(summary, options);
  log("ended (" + summary.stopped + ") after epoch " + std::to_string(summary.epochs_run) + ": best epoch " +
      std::to_string(summary.best_epoch) + ", validation accuracy " + format_fixed(summary.validation_accuracy, 4) +
      (summary.private_accuracy >= 0 ? ", private accuracy " + format_fixed(summary.private_accuracy, 4) : ""));
  return summary;
}

}  // namespace affekt
