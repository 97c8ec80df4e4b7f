#include "train/trainer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/model/architectures.h"
#include "nn/images.h"

namespace affekt {
namespace {

double seconds_between(std::chrono::steady_clock::time_point from, std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

Trainer::Trainer(const Dataset& data, TrainRows rows, const TrainOptions& options, const StartInfo& start,
                 const TrainObserver& observer, RunFolder& run, Ranks* ranks)
    : data_(data),
      options_(options),
      observer_(observer),
      run_(run),
      rows_(std::move(rows)),
      device_(resolve_device(options.compute.device)),
      network_(make_network(options.model, network_options(options, start.variant)), at::Device(device_)),
      optimizer_(network_, options.optimizer, options.weight_decay),
      faces_(data, rows_.training, options, at::Device(device_)),
      ranks_(ranks) {
  state_.start = start;
  state_.bf16 = effective_precision(options.compute.precision, network_.table(), device_) == Precision::bf16;
  if (options.ema > 0) average_.emplace(network_.table(), network_.device());
  const at::Device device(device_);
  validation_images_ = image_tensor(data, rows_.validation, device);
  sums_ = at::zeros({2}, at::TensorOptions().dtype(at::kDouble).device(device));
  step_sums_ = at::zeros_like(sums_);
  state_.data_digest = data.digest();
  state_.weights_digest = weights_digest(data, rows_, options);
  start_ = epoch_start_ = Clock::now();
}

double Trainer::seconds() const { return earlier_seconds_ + seconds_between(start_, Clock::now()); }

double Trainer::epoch_elapsed() const { return earlier_elapsed_ + seconds_between(epoch_start_, Clock::now()); }

std::int64_t Trainer::step_rows() const { return round_rows() * options_.accumulate; }

std::int64_t Trainer::steps_left() const {
  const std::int64_t rows = static_cast<std::int64_t>(rows_.training.size()) - state_.seen;
  return rows / step_rows() + (rows % step_rows() >= 2 ? 1 : 0);
}

std::int64_t Trainer::rows_of_next_step() const {
  const std::int64_t rows = std::min(step_rows(), static_cast<std::int64_t>(rows_.training.size()) - state_.seen);
  // A last batch of one row is left out: BatchNorm has no variance for it. The order changes every epoch.
  return rows % round_rows() == 1 ? rows - 1 : rows;
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

std::string Trainer::train_epochs() {
  log_groups();
  while (state_.epoch < options_.epochs) {
    const Phase phase = phase_of_epoch(options_, state_.epoch);
    if (phase != state_.phase) {
      enter(phase);
      log_groups();
    }
    const int since = std::max(state_.best_epoch, options_.frozen_epochs());
    if (stop_early(state_.epoch, since, options_.early_stop)) return "early-stop";
    if (head_alone()) fill_features();
    if (!train_epoch()) {
      save_checkpoint();
      return "max-time";
    }
    finish_epoch();
  }
  return "epochs";
}

at::Tensor Trainer::running_order() const { return epoch_order(rows_.training.size(), options_.seed, state_.epoch); }

void Trainer::begin_epoch() {
  sums_.zero_();
  state_.seen = 0;
  state_.watched_sum = 0;
  state_.watched_rows = 0;
  state_.epoch_seconds = 0;
  state_.epoch_data_seconds = 0;
  state_.epoch_elapsed = 0;
}

bool Trainer::train_epoch() {
  const at::Tensor order = running_order();
  if (state_.step == 0) begin_epoch();
  earlier_elapsed_ = state_.epoch_elapsed;
  epoch_start_ = Clock::now();
  const std::int64_t steps = state_.step + steps_left();
  agree();
  while (state_.step < steps) {
    if (out_of_time()) return false;
    const auto before = Clock::now();
    take_step(order);
    const double spent = seconds_between(before, Clock::now());
    ++state_.step;
    time_left_.add_step(spent);
    state_.epoch_seconds += spent;
    report_progress(steps);
    const bool due = options_.checkpoint_every > 0 && optimizer_.steps() % options_.checkpoint_every == 0;
    if (due && state_.step < steps) save_checkpoint();
    stop_if_requested();
  }
  return true;
}

void Trainer::stop_if_requested() {
  const int signal = requested_signal();
  if (signal == 0) return;
  if (run_.is_silent() && ranks_ == nullptr) throw Interrupted("stopped; nothing was written", signal);
  const bool saved = save_checkpoint();
  const std::string where =
      "stopped in epoch " + std::to_string(state_.epoch + 1) + " after step " + std::to_string(state_.step);
  throw Interrupted(where + (saved ? "; saved" : "; not saved") + " (--resume " + printable(run_.path().string()) +
                        " goes on" + (saved ? "" : " from " + saved_text()) + ")",
                    signal);
}

void Trainer::take_step(const at::Tensor& order) {
  // The position is that of the rows, not of the steps: a resumed run may take them in larger or smaller portions.
  const std::int64_t count = rows_of_next_step();
  for (std::int64_t done = 0; done < count; done += round_rows()) {
    const std::int64_t size = std::min(round_rows(), count - done);
    const RowShare mine = share_of_rows(size, rank(), world(), 2);
    // A rank without rows takes part all the same, with two that count nothing.
    const RowShare used = mine.count > 0 ? mine : RowShare{0, 2};
    add_gradient(order, {state_.seen + done + used.begin, used.count},
                 static_cast<double>(mine.count) / static_cast<double>(count), done / round_rows(),
                 done + size == count);
  }
  watch_loss(state_.seen + count);
  optimizer_.clip(options_.clip_grad);
  // The middle of the step: neither the first step of a warm-up nor the last of a cosine trains with a rate of zero.
  const double middle = static_cast<double>(state_.seen) + 0.5 * static_cast<double>(count);
  const double epochs_done = state_.epoch + middle / static_cast<double>(order.size(0));
  state_.seen += count;
  state_.rate =
      options_.effective_lr() * schedule_factor(options_, epochs_done) * state_.plateau.factor * state_.rate_factor();
  optimizer_.step(state_.rate);
  update_average();
}

void Trainer::add_gradient(const at::Tensor& order, RowShare rows, double share, std::int64_t part, bool last) {
  const auto before = Clock::now();
  const bool with_pixels = !training_features_ || !teachers_.empty();
  const FaceBatch batch = faces_.batch(order, rows.begin, rows.count, state_.epoch, with_pixels);
  const at::Tensor input = training_input(order.narrow(0, rows.begin, rows.count), batch);
  state_.epoch_data_seconds += seconds_between(before, Clock::now());
  Pass pass;
  pass.training = true;
  pass.bf16 = state_.bf16;
  pass.seed = dropout_seed();
  pass.step = static_cast<std::uint64_t>(optimizer_.steps() * options_.accumulate + part);
  const at::Tensor logits = training_logits(input, pass);
  const at::Tensor loss = teachers_.blend(weighted_cross_entropy(logits, batch.targets, batch.weights), logits,
                                          batch.pixels, batch.weights, state_.bf16);
  if (share > 0) add_to_sums(loss, logits, batch.labels);
  backward(loss.mul(share), last);
}

void Trainer::add_to_sums(const at::Tensor& loss, const at::Tensor& logits, const at::Tensor& labels) {
  const at::NoGradGuard no_grad;
  at::Tensor& sums = ranks_ != nullptr ? step_sums_ : sums_;
  sums[0].add_(loss.detach().to(at::kDouble), static_cast<double>(labels.size(0)));
  sums[1].add_(logits.argmax(1).eq(labels).sum().to(at::kDouble));
}

void Trainer::update_average() {
  if (!average_) return;
  const at::NoGradGuard no_grad;
  // Early on the average must not hang on to the first, random weights.
  const auto t = static_cast<double>(optimizer_.steps());
  const double decay = std::min(options_.ema, (1 + t) / (10 + t));
  const auto& now = network_.entries();
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (!network_.is_trained(now[i].spec.node)) continue;
    at::Tensor mean = average_->entries()[i].tensor;
    mean.lerp_(now[i].tensor.detach(), 1 - decay);
  }
}

void Trainer::finish_epoch() {
  take_weights_of_first();
  const Score score = score_of_first(score_logits(validation_logits(), data_, rows_.validation));
  if (!std::isfinite(score.loss)) {  // the last steps can do it after the losses were summed
    throw Diverged{"the loss is not finite in epoch " + std::to_string(state_.epoch + 1) + ", validation"};
  }
  const at::Tensor sums = sums_.to(at::kCPU);
  const auto seen = static_cast<double>(state_.seen);
  ++state_.epoch;
  state_.step = 0;
  if (options_.schedule == ScheduleKind::plateau) state_.plateau.observe(score.accuracy);
  const bool better = state_.best_epoch == 0 || score.accuracy > state_.best.accuracy ||
                      (score.accuracy == state_.best.accuracy && score.loss < state_.best.loss);
  if (better) {
    state_.best_epoch = state_.epoch;
    state_.best = score;
    save_best();
  }
  EpochStats stats;
  stats.epoch = state_.epoch;
  stats.train_loss = sums[0].item<double>() / seen;
  stats.train_accuracy = sums[1].item<double>() / seen;
  stats.validation_loss = score.loss;
  stats.validation_accuracy = score.accuracy;
  stats.learning_rate = state_.rate;
  stats.seconds = epoch_elapsed();
  stats.images_per_second = seen / std::max(1e-9, state_.epoch_seconds);
  stats.data_share = state_.epoch_data_seconds / std::max(1e-9, state_.epoch_seconds);
  time_left_.end_epoch(stats.seconds - state_.epoch_seconds);
  state_.history.push_back(stats);
  write_metrics();
  log("epoch " + std::to_string(stats.epoch) + "/" + std::to_string(options_.epochs) + ": train loss " +
      format_fixed(stats.train_loss, 4) + ", accuracy " + format_fixed(stats.train_accuracy, 4) + "; validation loss " +
      format_fixed(stats.validation_loss, 4) + ", accuracy " + format_fixed(stats.validation_accuracy, 4) +
      (better ? " (best)" : "") + "; " + format_fixed(stats.images_per_second, 0) + " images/s, " +
      format_fixed(100 * stats.data_share, 1) + " % of it for data");
  save_checkpoint();
  if (observer_.epoch) observer_.epoch(stats);
}

WorkLeft Trainer::work_left(std::int64_t steps) const {
  WorkLeft left;
  const bool frozen = state_.epoch < options_.frozen_epochs();
  left.epochs = (frozen ? options_.frozen_epochs() : options_.epochs) - state_.epoch;
  left.steps = left.epochs * steps - state_.step;
  left.thawed_epochs = frozen ? options_.epochs - options_.frozen_epochs() : 0;
  left.thawed_steps = left.thawed_epochs * steps;
  left.step_rows = step_rows();
  left.validation_rows = static_cast<std::int64_t>(rows_.validation.size());
  left.cached = training_features_.has_value();
  return left;
}

void Trainer::report_progress(std::int64_t steps) {
  constexpr double kEvery = 0.1;
  const auto now = Clock::now();
  if (!observer_.progress || (state_.step < steps && seconds_between(last_progress_, now) < kEvery)) return;
  last_progress_ = now;
  const at::Tensor sums = sums_.to(at::kCPU);
  const auto seen = static_cast<double>(state_.seen);
  TrainProgress progress;
  progress.epoch = state_.epoch + 1;
  progress.epochs = options_.epochs;
  progress.step = state_.step;
  progress.steps = steps;
  progress.loss = sums[0].item<double>() / seen;
  progress.accuracy = sums[1].item<double>() / seen;
  progress.images_per_second = static_cast<double>(step_rows()) / std::max(1e-9, time_left_.seconds_a_step());
  progress.seconds_left = time_left_.seconds(work_left(steps));
  observer_.progress(progress);
}

bool Trainer::out_of_time() const { return ranks_ != nullptr ? agreed_.time_up : own_time_is_up(); }

bool Trainer::own_time_is_up() const {
  const double limit = options_.max_time.seconds();
  return limit > 0 && seconds_between(start_, Clock::now()) >= limit;
}

}  // namespace affekt
