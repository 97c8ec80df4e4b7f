// What a run leaves behind: checkpoints to go on from, and the best weights as a model file.
#include <algorithm>
#include <filesystem>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/core/version.h"
#include "nn/images.h"
#include "train/checkpoint.h"
#include "train/options.h"
#include "train/trainer.h"

namespace affekt {
namespace {

constexpr int kSlots = 2;  // A crash while one is written leaves the other.

/// Rows of different classes, spread over the training rows.
std::vector<std::size_t> self_test_rows(const Dataset& data, const std::vector<std::size_t>& rows) {
  std::vector<std::size_t> chosen{rows.front()};
  for (const std::size_t row : rows) {
    if (data.labels[row] != data.labels[chosen.front()]) {
      chosen.push_back(row);
      break;
    }
  }
  return chosen;
}

std::vector<SelfTest> make_self_tests(const TorchNetwork& network, const Preprocessing& preprocessing,
                                      const Dataset& data, const std::vector<std::size_t>& rows) {
  const at::NoGradGuard no_grad;
  const at::Tensor input =
      network_input(image_tensor(data, self_test_rows(data, rows), at::kCPU), preprocessing, network.table().input);
  std::vector<SelfTest> tests;
  for (std::int64_t i = 0; i < input.size(0); ++i) {
    const at::Tensor one = input.narrow(0, i, 1);
    const at::Tensor logits = network.forward(one, {}).contiguous();
    const at::Tensor planes = one.contiguous(at::MemoryFormat::Contiguous);
    const float* x = planes.data_ptr<float>();
    const float* y = logits.data_ptr<float>();
    tests.push_back({{x, x + planes.numel()}, {y, y + logits.numel()}});
  }
  return tests;
}

}  // namespace

ModelCard Trainer::card() const {
  const TrainOptions shown = without_folders(options_);
  const PretrainedSource& source = state_.start.source;
  ModelCard card;
  card.architecture = network_.table().name;
  card.head = options_.head;
  card.variant = state_.start.variant;
  if (!source.file.empty()) card.pretrained = source.file + " (" + source.format + ", CRC-64 " + source.digest + ")";
  card.teachers = teachers_text(teachers_.sources());
  card.image_size = network_.table().input.height;
  card.channels = network_.table().input.channels;
  card.classes = emotion_names();
  card.preprocessing = state_.start.preprocessing;
  card.training_options_json = train_options_json(shown);
  card.seed = options_.seed;
  card.data = std::to_string(rows_.training.size()) + " training rows of " +
              (shown.data.empty() ? "a data set in memory" : join(shown.data, ", "));
  card.data_digest = state_.data_digest;
  card.selection = "epoch " + std::to_string(state_.best_epoch) + " of " + std::to_string(state_.epoch) +
                   ": highest accuracy on " + rows_.selection + "; of equals, the lower loss";
  card.metrics["validation_accuracy"] = state_.best.accuracy;
  card.metrics["validation_loss"] = state_.best.loss;
  card.metrics["best_epoch"] = state_.best_epoch;
  card.license = options_.license;
  card.created = utc_time();
  card.tool_version = version();
  return card;
}

void Trainer::save_best() {
  if (run_.is_silent()) return;
  unwritten_best_ = Best{card(), judged().export_parameters()};
  try {
    write_best();
  } catch (const IoError& error) {
    complain("the best weights cannot be written and are kept in memory", error.what());
  }
}

void Trainer::write_best() {
  if (!unwritten_best_) return;
  const bool half = options_.save_dtype == SaveType::fp16;
  if (half) round_to_half(network_.table(), unwritten_best_->parameters);
  TorchNetwork saved(network_.table(), at::kCPU);
  saved.load(unwritten_best_->parameters);
  write_model(run_.best(), unwritten_best_->card, unwritten_best_->parameters,
              make_self_tests(saved, preprocessing(), data_, rows_.training), half ? DType::f16 : DType::f32);
  unwritten_best_.reset();
}

void Trainer::write_metrics() {
  metrics_unwritten_ = true;
  try {
    run_.write_metrics(state_.history);
    metrics_unwritten_ = false;
  } catch (const IoError& error) {
    complain("metrics.csv or curves.svg cannot be written, tried again after the next epoch", error.what());
  }
}

void Trainer::finish_files() {
  write_best();
  if (metrics_unwritten_) run_.write_metrics(state_.history);
  metrics_unwritten_ = false;
}

std::vector<NamedTensor> Trainer::tensors() const {
  std::vector<NamedTensor> out;
  for (const auto& entry : network_.entries()) out.push_back({"model." + entry.spec.name, entry.tensor.detach()});
  if (average_) {
    for (const auto& entry : average_->entries()) out.push_back({"average." + entry.spec.name, entry.tensor});
  }
  for (NamedTensor& named : optimizer_.state()) out.push_back(std::move(named));
  out.push_back({"epoch_sums", sums_});
  return out;
}

void Trainer::write_state() {
  state_.seconds = seconds();
  state_.epoch_elapsed = epoch_elapsed();
  state_.optimizer_steps = optimizer_.steps();
  state_.log_size = run_.log_size();
  if (run_.is_silent()) return;
  RunState saved = state_;
  ++saved.serial;  // only what is written counts: a failed attempt must not turn to the file of the last good one
  write_checkpoint(run_.checkpoint(static_cast<int>(saved.serial % kSlots)), tensors(), run_state_json(saved));
  state_.serial = saved.serial;
  saved_epoch_ = state_.epoch;
  saved_step_ = state_.step;
  if (!unwritten_.empty()) log("checkpoints can be written again");
  unwritten_.clear();
}

bool Trainer::save_checkpoint() {
  if (!is_finite()) return false;
  try {
    write_best();  // first: a checkpoint must not name best weights that are nowhere
    write_state();
  } catch (const IoError& error) {
    complain("no checkpoint can be written, the last good one is from " + saved_text(), error.what());
    return false;
  }
  return true;
}

std::string Trainer::saved_text() const {
  if (saved_step_ > 0) return "epoch " + std::to_string(saved_epoch_ + 1) + ", step " + std::to_string(saved_step_);
  return saved_epoch_ > 0 ? "the end of epoch " + std::to_string(saved_epoch_) : "the start";
}

RunState newest_state(const RunFolder& run, std::string& damage, bool calm_first) {
  const auto rank = [calm_first](const RunState& state) {
    return std::make_pair(calm_first && state.watch.calm(), state.serial);
  };
  std::optional<RunState> newest;
  for (int slot = 0; slot < kSlots; ++slot) {
    const std::filesystem::path path = run.checkpoint(slot);
    if (!std::filesystem::exists(path)) continue;
    try {
      RunState state = parse_run_state(read_checkpoint_state(path), printable(path.string()));
      if (!newest || rank(state) > rank(*newest)) newest = std::move(state);
    } catch (const DataError& error) {
      damage = error.what();
    }
  }
  if (newest) return std::move(*newest);
  throw damage.empty()
      ? DataError(printable(run.path().string()) +
                  ": no checkpoint to resume from, none was saved yet (train anew, with --out and --force)")
      : DataError(damage + " (no other checkpoint is left: train anew, with --out and --force)");
}

void Trainer::restore(RunState state) {
  check_same_data(state, state_.data_digest, state_.weights_digest);
  if (state.teacher_digests != state_.teacher_digests) {
    throw UsageError("teacher: not the teachers this run was started with (digests " +
                     join(state_.teacher_digests, ", ") + "; the run has " +
                     printable(join(state.teacher_digests, ", "), 80) + ")");
  }
  if (state.seen > static_cast<std::int64_t>(rows_.training.size())) {
    throw DataError(printable(run_.path().string()) + ": the state of the run contradicts itself");
  }
  reload(std::move(state));
  earlier_seconds_ = state_.seconds;
  run_.write_metrics(state_.history);
  run_.cut_log(state_.log_size);
}

void Trainer::reload(RunState state) {
  // The optimizer is brought to its state the way it got there, so that it knows since when each parameter moves.
  optimizer_.set_steps(0);
  enter(phase_of_epoch(options_, 0));
  if (state.phase != state_.phase) {
    optimizer_.set_steps(state.thaw_steps);
    enter(state.phase);
  }
  state_ = std::move(state);
  if (!run_.is_silent()) {
    read_checkpoint_tensors(run_.checkpoint(static_cast<int>(state_.serial % kSlots)), tensors());
  }
  if (ranks_ != nullptr) {
    std::vector<at::Tensor> restored;
    for (const NamedTensor& named : tensors()) restored.push_back(named.tensor);
    broadcast_from_first(*ranks_, restored);
  }
  optimizer_.set_steps(state_.optimizer_steps);
  earlier_elapsed_ = state_.epoch_elapsed;
  saved_epoch_ = state_.epoch;
  saved_step_ = state_.step;
}

}  // namespace affekt
