#include "train/train_state.h"

#include <algorithm>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/model/architectures.h"
#include "affekt/nn/compute.h"
#include "train/checkpoint.h"

namespace affekt {
namespace {

void check_same_run(const RunState& now, const RunState& saved) {
  check_same_data(saved, now.data_digest, now.weights_digest);
  if (saved.teacher_digests == now.teacher_digests) return;
  throw UsageError("teacher: not the teachers this run was started with (digests " + join(now.teacher_digests, ", ") +
                   "; the run has " + printable(join(saved.teacher_digests, ", "), 80) + ")");
}

}  // namespace

bool computes_in_bf16(const TrainSetup& setup, const Network& table) {
  return effective_precision(setup.options.compute.precision, table, setup.device_text) == Precision::bf16;
}

Layout training_layout(const TrainSetup& setup, const Network& table) {
  const TrainOptions& options = setup.options;
  const Precision precision = effective_precision(options.compute.precision, table, setup.device_text);
  return effective_layout(options.layout, precision, table, setup.device_text);
}

std::string arithmetic_text(bool bf16, Layout layout) {
  return (bf16 ? "bf16" : "fp32") + std::string(layout == Layout::blocked ? " in the blocked layout" : "");
}

TrainState::TrainState(const TrainSetup& setup, TorchNetwork ready)
    : network(std::move(ready)),
      optimizer(network, setup.options.optimizer, setup.options.weight_decay),
      sums(at::zeros({2}, at::TensorOptions().dtype(at::kDouble).device(setup.device))),
      setup_(setup) {
  if (setup.options.ema > 0) average.emplace(network.table(), network.device(), network.layout());
  run.bf16 = computes_in_bf16(setup, network.table());
  run.blocked = network.layout() == Layout::blocked;
  run.data_digest = setup.data.digest();
  run.weights_digest = weights_digest(setup.data, setup.rows, setup.options);
  for (const TeacherSource& source : setup.teachers.sources()) run.teacher_digests.push_back(source.digest);
}

TrainState::TrainState(const TrainSetup& setup, TorchNetwork ready, const StartInfo& start)
    : TrainState(setup, std::move(ready)) {
  run.start = start;
  if (average) average->load(network.export_parameters());
  enter(phase_of_epoch(setup.options, 0));
}

TrainState::TrainState(const TrainSetup& setup, const RunState& saved, const std::filesystem::path& checkpoint)
    : TrainState(setup,
                 TorchNetwork(make_network(setup.options.model, network_options(setup.options, saved.start.variant)),
                              setup.device, saved.blocked ? Layout::blocked : Layout::channels_last)) {
  check_same_run(run, saved);
  if (saved.seen > setup.training_rows()) {
    throw DataError(printable(setup.options.resume) + ": the state of the run contradicts itself");
  }
  restore(saved, checkpoint);
  earlier_seconds_ = run.seconds;
}

std::vector<NamedTensor> TrainState::tensors() const {
  std::vector<NamedTensor> out;
  for (const auto& entry : network.entries()) out.push_back({"model." + entry.spec.name, entry.tensor.detach()});
  if (average) {
    for (const auto& entry : average->entries()) out.push_back({"average." + entry.spec.name, entry.tensor});
  }
  for (NamedTensor& named : optimizer.state()) out.push_back(std::move(named));
  out.push_back({"epoch_sums", sums});
  return out;
}

bool TrainState::is_finite() const {
  const auto& entries = network.entries();
  return std::all_of(entries.begin(), entries.end(), [](const TorchNetwork::Entry& entry) {
    return at::isfinite(entry.tensor.detach()).all().item<bool>();
  });
}

void TrainState::enter(Phase phase) {
  const TrainOptions& options = setup_.options;
  const bool thaws = phase == Phase::thawed && options.frozen_epochs() > 0;
  run.phase = phase;
  run.thaw_steps = thaws ? optimizer.steps() : 0;
  if (thaws) run.plateau = Plateau{};
  run.watch = LossWatch{};  // batch statistics instead of running ones may change the loss
  network.set_trained(trained_nodes(network.table(), options, phase));
  optimizer.choose(network, rate_factors(network.table(), options, phase));
}

void TrainState::restore(const RunState& saved, const std::filesystem::path& checkpoint) {
  // The optimizer is brought to its state the way it got there, so that it knows since when each parameter moves.
  optimizer.set_steps(0);
  enter(phase_of_epoch(setup_.options, 0));
  if (saved.phase != run.phase) {
    optimizer.set_steps(saved.thaw_steps);
    enter(saved.phase);
  }
  run = saved;
  const std::vector<NamedTensor> named = tensors();
  if (setup_.ranks.is_first()) read_checkpoint_tensors(checkpoint, named);
  std::vector<at::Tensor> restored;
  restored.reserve(named.size());
  for (const NamedTensor& one : named) restored.push_back(one.tensor);
  setup_.ranks.broadcast_from_first(restored);
  optimizer.set_steps(run.optimizer_steps);
  earlier_elapsed_ = run.epoch_elapsed;
}

void TrainState::take_weights_of_first() const {
  std::vector<at::Tensor> weights;
  for (const auto& entry : network.entries()) weights.push_back(entry.tensor);
  if (average) {
    for (const auto& entry : average->entries()) weights.push_back(entry.tensor);
  }
  setup_.ranks.broadcast_from_first(weights);
}

void TrainState::update_average() {
  if (!average) return;
  const at::NoGradGuard no_grad;
  // Early on the average must not hang on to the first, random weights.
  const auto t = static_cast<double>(optimizer.steps());
  const double decay = std::min(setup_.options.ema, (1 + t) / (10 + t));
  const auto& now = network.entries();
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (!network.is_trained(now[i].spec.node)) continue;
    at::Tensor mean = average->entries()[i].tensor;
    mean.lerp_(now[i].tensor.detach(), 1 - decay);
  }
}

void TrainState::begin_epoch() {
  sums.zero_();
  run.seen = 0;
  run.watched_sum = 0;
  run.watched_rows = 0;
  run.epoch_seconds = 0;
  run.epoch_data_seconds = 0;
  run.epoch_elapsed = 0;
}

void TrainState::begin_clock() {
  earlier_elapsed_ = run.epoch_elapsed;
  epoch_start_ = Clock::now();
}

void TrainState::note_time() {
  run.seconds = seconds();
  run.epoch_elapsed = epoch_elapsed();
  run.optimizer_steps = optimizer.steps();
}

double TrainState::seconds() const { return earlier_seconds_ + setup_.seconds(); }

double TrainState::epoch_elapsed() const {
  return earlier_elapsed_ + std::chrono::duration<double>(Clock::now() - epoch_start_).count();
}

std::int64_t TrainState::steps_left() const {
  const std::int64_t size = setup_.step_rows();
  return rows_left() / size + (rows_left() % size >= 2 ? 1 : 0);
}

std::int64_t TrainState::rows_of_next_step() const {
  const std::int64_t rows = std::min(setup_.step_rows(), rows_left());
  // A last batch of one row is left out: BatchNorm has no variance for it. The order changes every epoch.
  return rows % setup_.round_rows() == 1 ? rows - 1 : rows;
}

}  // namespace affekt
