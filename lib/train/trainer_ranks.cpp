// The part of training that several ranks do together. Every function here that talks to the others is called by all of
// them at the same point: what decides over a call is the same on all ranks.
#include <cmath>
#include <csignal>

#include "train/rank_group.h"
#include "train/trainer.h"

namespace affekt {

RowShare share_of_rows(std::int64_t total, int rank, int size, std::int64_t least) {
  const std::int64_t sharing =
      std::max<std::int64_t>(1, std::min<std::int64_t>(size, total / std::max<std::int64_t>(1, least)));
  if (rank >= sharing) return {total, 0};
  const std::int64_t begin = total * rank / sharing;
  return {begin, total * (rank + 1) / sharing - begin};
}

std::uint64_t Trainer::dropout_seed() const {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15ULL;  // rank 0 draws what a process alone draws
  return options_.seed + kOdd * static_cast<std::uint64_t>(rank());
}

int Trainer::requested_signal() const {
  if (ranks_ != nullptr) return agreed_.signal;
  return observer_.stop_requested && observer_.stop_requested() ? SIGINT : 0;
}

void Trainer::backward(const at::Tensor& loss, bool last) {
  if (ranks_ == nullptr) {
    loss.backward();
    return;
  }
  if (!sync_) {
    std::vector<at::Tensor> trained;
    for (const auto& entry : network_.entries()) {
      if (entry.tensor.requires_grad()) trained.push_back(entry.tensor);
    }
    sync_ = std::make_unique<GradientSync>(*ranks_, trained);
  }
  if (!last) {
    sync_->backward(loss, /*share=*/false);
    return;
  }
  // What has to be agreed on travels while the gradients are computed.
  BackgroundSum sum(*ranks_);
  sum.begin(own_wishes());
  sync_->backward(loss);
  take_agreement(sum.end());
}

void Trainer::agree() {
  if (ranks_ == nullptr) return;
  BackgroundSum sum(*ranks_);
  sum.begin(own_wishes());
  take_agreement(sum.end());
}

std::vector<double> Trainer::own_wishes() {
  const at::Tensor sums = step_sums_.to(at::kCPU).clone();
  step_sums_.zero_();
  const bool stop = observer_.stop_requested && observer_.stop_requested();
  const bool terminate = stop && observer_.stop_signal && observer_.stop_signal() == SIGTERM;
  // The clocks of the others are left out of it.
  const bool time_up = ranks_->is_first() && own_time_is_up();
  return {sums[0].item<double>(), sums[1].item<double>(), stop ? 1.0 : 0.0, terminate ? 1.0 : 0.0, time_up ? 1.0 : 0.0};
}

void Trainer::take_agreement(const std::vector<double>& sums) {
  sums_[0].add_(sums[0]);
  sums_[1].add_(sums[1]);
  if (sums[2] > 0) agreed_.signal = sums[3] > 0 ? SIGTERM : SIGINT;
  agreed_.time_up = sums[4] > 0;
}

void Trainer::take_weights_of_first() {
  if (ranks_ == nullptr) return;
  std::vector<at::Tensor> tensors;
  for (const auto& entry : network_.entries()) tensors.push_back(entry.tensor);
  if (average_) {
    for (const auto& entry : average_->entries()) tensors.push_back(entry.tensor);
  }
  broadcast_from_first(*ranks_, tensors);
}

Score Trainer::score_of_first(const Score& score) const {
  if (ranks_ == nullptr) return score;
  const at::Tensor values = at::zeros({2}, at::kDouble);
  values[0] = score.loss;
  values[1] = score.accuracy;
  broadcast_from_first(*ranks_, {values});
  Score first = score;
  first.loss = values[0].item<double>();
  first.accuracy = values[1].item<double>();
  return first;
}

at::Tensor Trainer::compute_rows(std::int64_t begin, std::int64_t count,
                                 const std::function<at::Tensor(std::int64_t, std::int64_t)>& compute) const {
  if (ranks_ == nullptr) return compute(begin, count);
  std::vector<std::int64_t> counts;
  counts.reserve(static_cast<std::size_t>(world()));
  for (int r = 0; r < world(); ++r) counts.push_back(share_of_rows(count, r, world(), 1).count);
  const RowShare mine = share_of_rows(count, rank(), world(), 1);
  // Without a row of its own a rank still has to know the shape of one.
  const at::Tensor rows = mine.count > 0 ? compute(begin + mine.begin, mine.count) : compute(begin, 1).narrow(0, 0, 0);
  return gather_rows(*ranks_, rows, counts);
}

}  // namespace affekt
