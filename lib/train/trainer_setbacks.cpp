// What a run does when its loss diverges or a file cannot be written: it says so and goes on.
#include <cmath>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "train/rank_job.h"
#include "train/trainer.h"

namespace affekt {

double RunState::rate_factor() const { return std::ldexp(1.0, -setbacks); }

void Trainer::watch_loss(std::int64_t seen) {
  constexpr std::int64_t kLookEvery = 16;  // Reading a value from a GPU waits for it.
  if (!network_.device().is_cpu() && (state_.step + 1) % kLookEvery != 0) return;
  const double sum = sums_[0].item<double>();
  const std::int64_t rows = seen - state_.watched_rows;
  const double loss = (sum - state_.watched_sum) / static_cast<double>(rows);
  const bool diverges = state_.watch.diverges(loss, rows);
  state_.watched_sum = sum;
  state_.watched_rows = seen;
  if (!diverges) return;
  const std::string where =
      " in epoch " + std::to_string(state_.epoch + 1) + ", step " + std::to_string(state_.step + 1);
  if (!std::isfinite(loss)) throw Diverged{"the loss is not finite" + where};
  throw Diverged{"the loss rose to " + format_fixed(state_.watch.mean, 2) + " after " +
                 format_fixed(state_.watch.lowest, 2) + where};
}

void Trainer::go_back(const Diverged& diverged) {
  constexpr int kMost = 3;
  const int setbacks = state_.setbacks + 1;
  if (setbacks > kMost) {
    throw DataError(diverged.what +
                    ", for the fourth time and at an eighth of the rate (train anew with a lower --lr; " +
                    "--warmup-epochs and --clip-grad 1 help)");
  }
  const int best_epoch = state_.best_epoch;
  const Score best = state_.best;
  optimizer_.discard_gradients();
  std::string damage;
  reload(state_of_run(run_, ranks_, damage, /*calm_first=*/true));
  state_.setbacks = setbacks;
  if (best_epoch > state_.best_epoch) {  // best.safetensors has it
    state_.best_epoch = best_epoch;
    state_.best = best;
  }
  warn(diverged.what + ": back to " + saved_text() + ", with half the learning rate, now x " +
       format_shortest(state_.rate_factor()) + " (" + std::to_string(setbacks) + " of " + std::to_string(kMost) +
       " times)");
  save_checkpoint();
}

bool Trainer::is_finite() const {
  for (const auto& entry : network_.entries()) {
    if (!at::isfinite(entry.tensor.detach()).all().item<bool>()) return false;
  }
  return true;
}

void Trainer::log(const std::string& line) {
  run_.log(line);
  if (observer_.log) observer_.log(line);
}

void Trainer::warn(const std::string& line) {
  run_.log("warning: " + line);
  if (observer_.warning) {
    observer_.warning(line);
  } else if (observer_.log) {
    observer_.log("warning: " + line);
  }
}

void Trainer::complain(const std::string& what, const std::string& why) {
  if (unwritten_.insert(what).second) warn(what + ": " + why);  // a full disk is full for many checkpoints
}

}  // namespace affekt
