#include "train/trainer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/model/architectures.h"
#include "nn/calibrate.h"
#include "nn/images.h"
#include "train/phases.h"
#include "train/rank_job.h"
#include "train/schedule.h"

namespace affekt {
namespace {

double seconds_between(std::chrono::steady_clock::time_point from, std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

void calibrate(TorchNetwork& network, const TrainSetup& setup, const Preprocessing& preprocessing, RunRecord& record,
               const Agreement& agreement) {
  constexpr std::size_t kEnough = 2048;
  const NodeShape& input = network.table().input;
  // All activations of a batch are kept: what 64 faces of 48 x 48 need is the measure.
  const std::int64_t batch =
      std::max<std::int64_t>(2, std::int64_t{64} * 48 * 48 / (std::int64_t{input.height} * input.width));
  const auto before = std::chrono::steady_clock::now();
  const std::vector<std::size_t>& rows = setup.rows.training;
  const std::vector<std::size_t> sample =
      stratified_sample(setup.data, rows, std::min(kEnough, rows.size()), setup.options.seed);
  const at::Tensor images = image_tensor(setup.data, sample, setup.device);
  std::int64_t done = 0;
  calibrate_batch_norm(network, [&]() -> at::Tensor {
    const std::int64_t begin = done;
    const std::int64_t count = std::min(batch, images.size(0) - begin);
    if (count <= 0) return {};
    // Half calibrated weights are nothing to go on with.
    if (agreement.signal() != 0) {
      throw Interrupted("stopped before the first step, nothing is saved (train anew, with --force)");
    }
    done += count;
    return network_input(images.narrow(0, begin, count), preprocessing, input);
  });
  record.log("BatchNorm is folded away in these weights: its statistics are measured on " + std::to_string(done) +
             " training faces (the network computes what it did): " +
             format_fixed(seconds_between(before, std::chrono::steady_clock::now()), 1) + " s");
}

Score score_of_first(Collective& ranks, const Score& score) {
  const at::Tensor values = at::empty({2}, at::kDouble);
  values[0] = score.loss;
  values[1] = score.accuracy;
  ranks.broadcast_from_first({values});
  return {values[1].item<double>(), values[0].item<double>()};
}

std::string epoch_line(const EpochStats& stats, int epochs, bool better) {
  return "epoch " + std::to_string(stats.epoch) + "/" + std::to_string(epochs) + ": train loss " +
         format_fixed(stats.train_loss, 4) + ", accuracy " + format_fixed(stats.train_accuracy, 4) +
         "; validation loss " + format_fixed(stats.validation_loss, 4) + ", accuracy " +
         format_fixed(stats.validation_accuracy, 4) + (better ? " (best)" : "") + "; " +
         format_fixed(stats.images_per_second, 0) + " images/s, " + format_fixed(100 * stats.data_share, 1) +
         " % of it for data";
}

bool is_better(const Score& score, const RunState& run) {
  return run.best_epoch == 0 || score.accuracy > run.best.accuracy ||
         (score.accuracy == run.best.accuracy && score.loss < run.best.loss);
}

}  // namespace

void set_first_weights(TorchNetwork& network, const StartWeights& start, const TrainSetup& setup, RunRecord& record,
                       const Agreement& agreement) {
  record.log(set_start_weights(network, start, setup.options.seed));
  if (start.weights.folded_batch_norm) calibrate(network, setup, start.info.preprocessing, record, agreement);
  std::vector<at::Tensor> weights;
  for (const auto& entry : network.entries()) weights.push_back(entry.tensor);
  setup.ranks.broadcast_from_first(weights);
}

Trainer::Trainer(const TrainSetup& setup, TrainState& state, RunRecord& record, Agreement& agreement)
    : setup_(setup), state_(state), record_(record), agreement_(agreement) {
  begin_phase();
}

std::string Trainer::run() {
  for (;;) {
    try {
      return train_epochs();
    } catch (const Diverged& diverged) {
      go_back(diverged);
    }
  }
}

void Trainer::begin_phase() {
  features_ = {};
  step_.emplace(setup_, state_, agreement_, features_.training);
  time_left_.begin_phase();
}

std::string Trainer::train_epochs() {
  const TrainOptions& options = setup_.options;
  const RunState& run = state_.run;
  log_groups();
  while (run.epoch < options.epochs) {
    const Phase phase = phase_of_epoch(options, run.epoch);
    if (phase != run.phase) {
      state_.enter(phase);
      begin_phase();
      log_groups();
    }
    const int since = std::max(run.best_epoch, options.frozen_epochs());
    if (stop_early(run.epoch, since, options.early_stop)) return "early-stop";
    if (HeadFeatures::of_use(setup_, state_)) fill_features();
    if (!train_epoch()) {
      record_.save_checkpoint(state_);
      return "max-time";
    }
    finish_epoch();
  }
  return "epochs";
}

void Trainer::fill_features() {
  features_.fill(setup_, state_, record_, time_left_, [this] {
    step_->agree();
    stop_if_requested();
  });
}

bool Trainer::train_epoch() {
  RunState& run = state_.run;
  const at::Tensor order = epoch_order(setup_.rows.training.size(), setup_.options.seed, run.epoch);
  if (run.step == 0) state_.begin_epoch();
  state_.begin_clock();
  const std::int64_t steps = run.step + state_.steps_left();
  const std::int64_t every = setup_.options.checkpoint_every;
  step_->agree();
  while (run.step < steps) {
    if (agreement_.time_up()) return false;
    const auto before = Clock::now();
    step_->take(order);
    const double spent = seconds_between(before, Clock::now());
    ++run.step;
    time_left_.add_step(spent);
    run.epoch_seconds += spent;
    report_progress(steps);
    const bool due = every > 0 && state_.optimizer.steps() % every == 0;
    if (due && run.step < steps) record_.save_checkpoint(state_);
    stop_if_requested();
  }
  return true;
}

void Trainer::stop_if_requested() {
  const int signal = agreement_.signal();
  if (signal == 0) return;
  const bool saved = record_.save_checkpoint(state_);
  const std::string where =
      "stopped in epoch " + std::to_string(state_.run.epoch + 1) + " after step " + std::to_string(state_.run.step);
  throw Interrupted(where + (saved ? "; saved" : "; not saved") + " (--resume " + record_.place() + " goes on" +
                        (saved ? "" : " from " + record_.saved_text()) + ")",
                    signal);
}

void Trainer::finish_epoch() {
  RunState& run = state_.run;
  state_.take_weights_of_first();
  // Resuming validates first.
  const at::Tensor logits = validation_logits(setup_, state_, features_, [this] { stop_if_requested(); });
  const Score score = score_of_first(setup_.ranks, score_logits(logits, setup_.data, setup_.rows.validation));
  if (!std::isfinite(score.loss)) {  // the last steps can do it after the losses were summed
    throw Diverged{"the loss is not finite in epoch " + std::to_string(run.epoch + 1) + ", validation"};
  }
  ++run.epoch;
  run.step = 0;
  if (setup_.options.schedule == ScheduleKind::plateau) run.plateau.observe(score.accuracy);
  const bool better = is_better(score, run);
  if (better) {
    run.best_epoch = run.epoch;
    run.best = score;
    record_.save_best(setup_, state_);
  }
  const EpochStats stats = stats_of_epoch(score);
  time_left_.end_epoch(stats.seconds - run.epoch_seconds);
  run.history.push_back(stats);
  record_.save_metrics(run.history);
  record_.log(epoch_line(stats, setup_.options.epochs, better));
  record_.save_checkpoint(state_);
  if (setup_.observer.epoch) setup_.observer.epoch(stats);
}

EpochStats Trainer::stats_of_epoch(const Score& score) const {
  const RunState& run = state_.run;
  const at::Tensor sums = state_.sums.to(at::kCPU);
  const auto seen = static_cast<double>(run.seen);
  EpochStats stats;
  stats.epoch = run.epoch;
  stats.train_loss = sums[0].item<double>() / seen;
  stats.train_accuracy = sums[1].item<double>() / seen;
  stats.validation_loss = score.loss;
  stats.validation_accuracy = score.accuracy;
  stats.learning_rate = run.rate;
  stats.seconds = state_.epoch_elapsed();
  stats.images_per_second = seen / std::max(1e-9, run.epoch_seconds);
  stats.data_share = run.epoch_data_seconds / std::max(1e-9, run.epoch_seconds);
  return stats;
}

void Trainer::go_back(const Diverged& diverged) {
  constexpr int kMost = 3;
  RunState& run = state_.run;
  const int setbacks = run.setbacks + 1;
  if (setbacks > kMost) {
    throw DataError(diverged.what +
                    ", for the fourth time and at an eighth of the rate (train anew with a lower --lr; " +
                    "--warmup-epochs and --clip-grad 1 help)");
  }
  const int best_epoch = run.best_epoch;
  const Score best = run.best;
  state_.optimizer.discard_gradients();
  const RunState calm = state_of_run(record_.folder(), setup_.ranks, Wanted::calm).state;
  state_.restore(calm, record_.checkpoint_of(calm));
  begin_phase();
  run.setbacks = setbacks;
  if (best_epoch > run.best_epoch) {  // best.safetensors has it
    run.best_epoch = best_epoch;
    run.best = best;
  }
  record_.note_saved(calm);
  record_.warn(diverged.what + ": back to " + record_.saved_text() + ", with half the learning rate, now x " +
               format_shortest(run.rate_factor()) + " (" + std::to_string(setbacks) + " of " + std::to_string(kMost) +
               " times)");
  record_.save_checkpoint(state_);
}

void Trainer::log_groups() {
  const Network& table = state_.network.table();
  if (table.features == 0) return;
  record_.log("from epoch " + std::to_string(state_.run.epoch + 1) + ": " +
              groups_text(parameter_groups(table, setup_.options, state_.run.phase)));
}

WorkLeft Trainer::work_left(std::int64_t steps) const {
  const TrainOptions& options = setup_.options;
  const RunState& run = state_.run;
  const bool frozen = run.epoch < options.frozen_epochs();
  WorkLeft left;
  left.epochs = (frozen ? options.frozen_epochs() : options.epochs) - run.epoch;
  left.steps = left.epochs * steps - run.step;
  left.thawed_epochs = frozen ? options.epochs - options.frozen_epochs() : 0;
  left.thawed_steps = left.thawed_epochs * steps;
  left.step_rows = setup_.step_rows();
  left.validation_rows = static_cast<std::int64_t>(setup_.rows.validation.size());
  left.cached = features_.training.has_value();
  return left;
}

void Trainer::report_progress(std::int64_t steps) {
  constexpr double kEvery = 0.1;
  const RunState& run = state_.run;
  const auto now = Clock::now();
  if (!setup_.observer.progress || (run.step < steps && seconds_between(last_progress_, now) < kEvery)) return;
  last_progress_ = now;
  const at::Tensor sums = state_.sums.to(at::kCPU);
  const auto seen = static_cast<double>(run.seen);
  TrainProgress progress;
  progress.epoch = run.epoch + 1;
  progress.epochs = setup_.options.epochs;
  progress.step = run.step;
  progress.steps = steps;
  progress.loss = sums[0].item<double>() / seen;
  progress.accuracy = sums[1].item<double>() / seen;
  progress.images_per_second = static_cast<double>(setup_.step_rows()) / std::max(1e-9, time_left_.seconds_a_step());
  progress.seconds_left = time_left_.seconds(work_left(steps));
  setup_.observer.progress(progress);
}

}  // namespace affekt
