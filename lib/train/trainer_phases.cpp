// How a run begins, how it goes from a frozen backbone to a thawed one, and the features of the frozen one.
#include <algorithm>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "nn/calibrate.h"
#include "nn/forward.h"
#include "nn/images.h"
#include "train/trainer.h"

namespace affekt {
namespace {

std::string mebibytes(std::int64_t bytes) { return format_fixed(static_cast<double>(bytes) / (1 << 20), 0) + " MiB"; }

}  // namespace

void Trainer::begin(const StartWeights& start) {
  log(set_start_weights(network_, start, options_.seed));
  if (start.weights.folded_batch_norm) calibrate();
  take_weights_of_first();
  if (average_) average_->load(network_.export_parameters());
  enter(phase_of_epoch(options_, 0));
  write_state();  // something to go back to from the first step on
}

void Trainer::learn_from(Teachers teachers) {
  teachers_ = std::move(teachers);
  for (const TeacherSource& source : teachers_.sources()) state_.teacher_digests.push_back(source.digest);
}

void Trainer::calibrate() {
  constexpr std::size_t kEnough = 2048;
  const NodeShape& input = network_.table().input;
  // All activations of a batch are kept: what 64 faces of 48 x 48 need is the measure.
  const std::int64_t batch =
      std::max<std::int64_t>(2, std::int64_t{64} * 48 * 48 / (std::int64_t{input.height} * input.width));
  const auto before = Clock::now();
  const std::vector<std::size_t> sample =
      stratified_sample(data_, rows_.training, std::min(kEnough, rows_.training.size()), options_.seed);
  const at::Tensor images = image_tensor(data_, sample, network_.device());
  std::int64_t done = 0;
  calibrate_batch_norm(network_, [&]() -> at::Tensor {
    const std::int64_t begin = done;
    const std::int64_t count = std::min(batch, images.size(0) - begin);
    if (count <= 0) return {};
    // Half calibrated weights are nothing to go on with.
    if (requested_signal() != 0) {
      throw Interrupted("stopped before the first step, nothing is saved (train anew, with --force)");
    }
    done += count;
    return network_input(images.narrow(0, begin, count), preprocessing(), input);
  });
  log("BatchNorm is folded away in these weights: its statistics are measured on " + std::to_string(done) +
      " training faces (the network computes what it did): " +
      format_fixed(std::chrono::duration<double>(Clock::now() - before).count(), 1) + " s");
}

bool Trainer::head_alone() const {
  const Network& table = network_.table();
  return table.features > 0 && (state_.phase == Phase::frozen || options_.unfreeze.layers == 0);
}

void Trainer::enter(Phase phase) {
  const Network& table = network_.table();
  const bool thaws = phase == Phase::thawed && options_.frozen_epochs() > 0;
  state_.phase = phase;
  state_.thaw_steps = thaws ? optimizer_.steps() : 0;
  if (thaws) state_.plateau = Plateau{};
  state_.watch = LossWatch{};  // batch statistics instead of running ones may change the loss
  network_.set_trained(trained_nodes(table, options_, phase));
  optimizer_.choose(network_, rate_factors(table, options_, phase));
  sync_.reset();
  training_features_.reset();
  validation_features_.reset();
  time_left_.begin_phase();
}

void Trainer::log_groups() {
  if (network_.table().features == 0) return;
  log("from epoch " + std::to_string(state_.epoch + 1) + ": " +
      groups_text(parameter_groups(network_.table(), options_, state_.phase)));
}

void Trainer::fill_features() {
  const std::optional<std::int64_t> memory = options_.feature_cache.bytes();
  if (!memory) return;
  std::int64_t memory_left = *memory;
  if (!training_features_ && !faces_.changing()) {
    training_features_ = features_of(faces_.images(), state_.bf16, memory_left, "training");
  }
  if (!validation_features_) {
    validation_features_ = features_of(validation_images_, /*bf16=*/false, memory_left, "validation");
  }
}

FeatureCache Trainer::features_of(const at::Tensor& images, bool bf16, std::int64_t& memory_left, const char* what) {
  const auto before = Clock::now();
  log("computing the features of " + std::to_string(images.size(0)) + " " + what + " rows");
  Pass pass;
  pass.bf16 = bf16;
  const int cut = head_input(network_.table());
  const auto compute = [&](std::int64_t begin, std::int64_t count) {
    agree();
    stop_if_requested();
    return compute_rows(begin, count, [&](std::int64_t first, std::int64_t rows) {
      const at::Tensor pixels = images.narrow(0, first, rows);
      return network_.forward_between(0, network_input(pixels, preprocessing(), network_.table().input), cut, pass);
    });
  };
  FeatureCache cache = FeatureCache::fill(images.size(0), round_rows(), memory_left, run_.path(), compute);
  const double spent = std::chrono::duration<double>(Clock::now() - before).count();
  time_left_.add_features(images.size(0), spent);
  log("features of the " + std::string(what) + " rows: " + mebibytes(cache.bytes()) +
      (cache.on_disk() ? " in a file" : " in memory") + ", " + format_fixed(spent, 1) + " s");
  return cache;
}

at::Tensor Trainer::training_input(const at::Tensor& rows, const FaceBatch& batch) const {
  if (training_features_) return training_features_->rows(rows, network_.device());
  return network_input(batch.pixels, preprocessing(), network_.table().input);
}

at::Tensor Trainer::training_logits(const at::Tensor& input, const Pass& pass) const {
  if (!training_features_) return network_.forward(input, pass);
  const auto last = static_cast<int>(network_.table().nodes.size()) - 1;
  return network_.forward_between(head_input(network_.table()), input, last, pass).to(at::kFloat);
}

at::Tensor Trainer::validation_logits() {
  return compute_rows(0, validation_images_.size(0),
                      [this](std::int64_t begin, std::int64_t count) { return validation_logits(begin, count); });
}

at::Tensor Trainer::validation_logits(std::int64_t first, std::int64_t rows) {
  if (!validation_features_) {
    ForwardOptions options;
    options.progress = [&](std::size_t done) {
      if (static_cast<std::int64_t>(done) < rows) stop_if_requested();  // resuming validates first
    };
    const at::Tensor images = validation_images_.narrow(0, first, rows);
    return forward_images(judged(), preprocessing(), images, /*bf16=*/false, options);
  }
  constexpr std::int64_t kBatch = 256;
  const at::NoGradGuard no_grad;
  const int cut = head_input(network_.table());
  const auto last = static_cast<int>(network_.table().nodes.size()) - 1;
  std::vector<at::Tensor> parts;
  for (std::int64_t begin = first; begin < first + rows; begin += kBatch) {
    const std::int64_t count = std::min(kBatch, first + rows - begin);
    const at::Tensor features = validation_features_->range(begin, count, network_.device());
    parts.push_back(judged().forward_between(cut, features, last, {}).to(at::kCPU));
  }
  return at::cat(parts).contiguous();
}

}  // namespace affekt
