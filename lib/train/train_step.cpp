#include "train/train_step.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <vector>

#include "affekt/core/text.h"
#include "nn/images.h"
#include "train/divergence.h"
#include "train/loss.h"
#include "train/phases.h"
#include "train/schedule.h"

namespace affekt {
namespace {

std::unique_ptr<GradientSync> sync_of(Collective& ranks, const TorchNetwork& network) {
  std::vector<at::Tensor> trained;
  for (const auto& entry : network.entries()) {
    if (entry.tensor.requires_grad()) trained.push_back(entry.tensor);
  }
  return ranks.sync_gradients(trained);
}

std::uint64_t dropout_seed(std::uint64_t seed, int rank) {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15ULL;  // rank 0 draws what a process alone draws
  return seed + kOdd * static_cast<std::uint64_t>(rank);
}

}  // namespace

TrainStep::TrainStep(const TrainSetup& setup, TrainState& state, Agreement& agreement,
                     const std::optional<FeatureCache>& features)
    : setup_(setup),
      state_(state),
      agreement_(agreement),
      features_(features),
      sync_(sync_of(setup.ranks, state.network)) {}

void TrainStep::take(const at::Tensor& order) {
  const TrainOptions& options = setup_.options;
  RunState& run = state_.run;
  const std::int64_t round = setup_.round_rows();
  // The position is that of the rows, not of the steps: a resumed run may take them in larger or smaller portions.
  const std::int64_t count = state_.rows_of_next_step();
  for (std::int64_t done = 0; done < count; done += round) {
    const std::int64_t size = std::min(round, count - done);
    const RowShare mine = share_of_rows(size, setup_.ranks.rank(), setup_.ranks.size(), 2);
    // A rank without rows takes part all the same, with two that count nothing.
    const RowShare used = mine.count > 0 ? mine : RowShare{0, 2};
    Part part;
    part.rows = {run.seen + done + used.begin, used.count};
    part.share = static_cast<double>(mine.count) / static_cast<double>(count);
    part.part = done / round;
    part.last = done + size == count;
    add_gradient(order, part);
  }
  watch_loss(run.seen + count);
  state_.optimizer.clip(options.clip_grad);
  // The middle of the step: neither the first step of a warm-up nor the last of a cosine trains with a rate of zero.
  const double middle = static_cast<double>(run.seen) + 0.5 * static_cast<double>(count);
  const double epochs_done = run.epoch + middle / static_cast<double>(order.size(0));
  run.seen += count;
  run.rate = options.effective_lr() * schedule_factor(options, epochs_done) * run.plateau.factor * run.rate_factor();
  state_.optimizer.step(run.rate);
  state_.update_average();
}

void TrainStep::agree() {
  agreement_.begin();
  agreement_.end(state_.sums);
}

void TrainStep::add_gradient(const at::Tensor& order, const Part& part) {
  using Clock = std::chrono::steady_clock;
  const RunState& run = state_.run;
  const auto before = Clock::now();
  const bool with_pixels = !features_ || !setup_.teachers.empty();
  const FaceBatch batch = setup_.faces.batch(order, part.rows.begin, part.rows.count, run.epoch, with_pixels);
  const at::Tensor in = input(order.narrow(0, part.rows.begin, part.rows.count), batch.pixels);
  state_.run.epoch_data_seconds += std::chrono::duration<double>(Clock::now() - before).count();
  Pass pass;
  pass.training = true;
  pass.bf16 = run.bf16;
  pass.seed = dropout_seed(setup_.options.seed, setup_.ranks.rank());
  pass.step = static_cast<std::uint64_t>(state_.optimizer.steps() * setup_.options.accumulate + part.part);
  const at::Tensor out = logits(in, pass);
  const at::Tensor loss = setup_.teachers.blend(weighted_cross_entropy(out, batch.targets, batch.weights), out,
                                                batch.pixels, batch.weights, run.bf16);
  if (part.share > 0) add_to_sums(loss, out, batch.labels);
  // What has to be agreed on travels while the gradients are computed.
  if (part.last) agreement_.begin();
  sync_->backward(loss.mul(part.share), part.last);
  if (part.last) agreement_.end(state_.sums);
}

at::Tensor TrainStep::input(const at::Tensor& rows, const at::Tensor& pixels) const {
  if (features_) return features_->rows(rows, setup_.device);
  return network_input(pixels, state_.run.start.preprocessing, state_.network.table().input);
}

at::Tensor TrainStep::logits(const at::Tensor& input, const Pass& pass) const {
  if (!features_) return state_.network.forward(input, pass);
  const Network& table = state_.network.table();
  const auto last = static_cast<int>(table.nodes.size()) - 1;
  return state_.network.forward_between(head_input(table), input, last, pass).to(at::kFloat);
}

void TrainStep::add_to_sums(const at::Tensor& loss, const at::Tensor& logits, const at::Tensor& labels) {
  const at::NoGradGuard no_grad;
  const at::Tensor sums = agreement_.sums_of_rank(state_.sums);
  sums[0].add_(loss.detach().to(at::kDouble), static_cast<double>(labels.size(0)));
  sums[1].add_(logits.argmax(1).eq(labels).sum().to(at::kDouble));
}

void TrainStep::watch_loss(std::int64_t seen) {
  constexpr std::int64_t kLookEvery = 16;  // Reading a value from a GPU waits for it.
  RunState& run = state_.run;
  if (!setup_.device.is_cpu() && (run.step + 1) % kLookEvery != 0) return;
  const double sum = state_.sums[0].item<double>();
  const std::int64_t rows = seen - run.watched_rows;
  const double loss = (sum - run.watched_sum) / static_cast<double>(rows);
  const bool diverges = run.watch.diverges(loss, rows);
  run.watched_sum = sum;
  run.watched_rows = seen;
  if (!diverges) return;
  const std::string where = " in epoch " + std::to_string(run.epoch + 1) + ", step " + std::to_string(run.step + 1);
  if (!std::isfinite(loss)) throw Diverged{"the loss is not finite" + where};
  throw Diverged{"the loss rose to " + format_fixed(run.watch.mean, 2) + " after " + format_fixed(run.watch.lowest, 2) +
                 where};
}

}  // namespace affekt
