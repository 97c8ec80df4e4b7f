// What a run leaves behind: checkpoints to go on from, and the best weights as a model file.
#include <algorithm>
#include <filesystem>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/core/version.h"
#include "nn/images.h"
#include "train/checkpoint.h"
#include "train/trainer.h"

namespace affekt {
namespace {

constexpr int kSlots = 2;  // A crash while one is written leaves the other.

std::string base_name(const std::string& path) {
  const std::string name = std::filesystem::path(path).filename().string();
  return name.empty() ? path : name;
}

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
  TrainOptions shown = options_;
  // The card travels with the model; the folders of whoever trained it do not concern anybody.
  for (std::string& path : shown.data) path = base_name(path);
  shown.ferplus = base_name(shown.ferplus);
  shown.pretrained = base_name(shown.pretrained);
  const PretrainedSource& source = state_.start.source;
  ModelCard card;
  card.architecture = network_.table().name;
  card.head = options_.head;
  card.variant = state_.start.variant;
  if (!source.file.empty()) card.pretrained = source.file + " (" + source.format + ", CRC-64 " + source.digest + ")";
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
  ParameterMap parameters = judged().export_parameters();
  const bool half = options_.save_dtype == SaveType::fp16;
  if (half) round_to_half(network_.table(), parameters);
  TorchNetwork saved(network_.table(), at::kCPU);
  saved.load(parameters);
  write_model(run_.best(), card(), parameters, make_self_tests(saved, preprocessing(), data_, rows_.training),
              half ? DType::f16 : DType::f32);
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

void Trainer::save_checkpoint() {
  ++state_.serial;
  state_.seconds = seconds();
  state_.epoch_elapsed = epoch_elapsed();
  state_.optimizer_steps = optimizer_.steps();
  state_.log_size = run_.log_size();
  write_checkpoint(run_.checkpoint(static_cast<int>(state_.serial % kSlots)), tensors(), run_state_json(state_));
}

RunState newest_state(const RunFolder& run, std::string& damage) {
  std::optional<RunState> newest;
  for (int slot = 0; slot < kSlots; ++slot) {
    const std::filesystem::path path = run.checkpoint(slot);
    if (!std::filesystem::exists(path)) continue;
    try {
      RunState state = parse_run_state(read_checkpoint_state(path), printable(path.string()));
      if (!newest || state.serial > newest->serial) newest = std::move(state);
    } catch (const DataError& error) {
      damage = error.what();
    }
  }
  if (newest) return std::move(*newest);
  throw damage.empty()
      ? DataError(printable(run.path().string()) +
                  ": no checkpoint to resume from, none was saved yet (train anew, with --out and --force)")
      : DataError(damage);
}

void Trainer::restore(RunState state) {
  check_same_data(state, state_.data_digest, state_.weights_digest);
  if (state.seen > static_cast<std::int64_t>(rows_.training.size())) {
    throw DataError(printable(run_.path().string()) + ": the state of the run contradicts itself");
  }
  // The optimizer is brought to its state the way it got there, so that it knows since when each parameter moves.
  enter(phase_of_epoch(options_, 0));
  if (state.phase != state_.phase) {
    optimizer_.set_steps(state.thaw_steps);
    enter(state.phase);
  }
  state_ = std::move(state);
  read_checkpoint_tensors(run_.checkpoint(static_cast<int>(state_.serial % kSlots)), tensors());
  optimizer_.set_steps(state_.optimizer_steps);
  earlier_seconds_ = state_.seconds;
  earlier_elapsed_ = state_.epoch_elapsed;
  run_.write_metrics(state_.history);
  run_.cut_log(state_.log_size);
}

}  // namespace affekt
