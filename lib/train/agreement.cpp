#include "train/agreement.h"

#include <csignal>

namespace affekt {

Agreement::Agreement(const TrainSetup& setup)
    : setup_(setup), rank_sums_(at::zeros({2}, at::TensorOptions().dtype(at::kDouble).device(setup.device))) {}

at::Tensor Agreement::sums_of_rank(const at::Tensor& totals) const { return alone() ? totals : rank_sums_; }

void Agreement::begin() {
  if (alone()) return;
  const at::Tensor sums = rank_sums_.to(at::kCPU).clone();
  rank_sums_.zero_();
  const bool stop = stop_wished();
  const bool terminate = stop && setup_.observer.stop_signal && setup_.observer.stop_signal() == SIGTERM;
  // The clocks of the others are left out of it.
  const bool time_up = setup_.ranks.is_first() && clock_has_run_out();
  pending_ = setup_.ranks.begin_sum(
      {sums[0].item<double>(), sums[1].item<double>(), stop ? 1.0 : 0.0, terminate ? 1.0 : 0.0, time_up ? 1.0 : 0.0});
}

void Agreement::end(const at::Tensor& totals) {
  if (alone()) return;
  const std::vector<double> sums = pending_->wait();
  pending_.reset();
  totals[0].add_(sums[0]);
  totals[1].add_(sums[1]);
  if (sums[2] > 0) agreed_signal_ = sums[3] > 0 ? SIGTERM : SIGINT;
  agreed_time_up_ = sums[4] > 0;
}

int Agreement::signal() const {
  if (!alone()) return agreed_signal_;
  return stop_wished() ? SIGINT : 0;
}

bool Agreement::time_up() const { return alone() ? clock_has_run_out() : agreed_time_up_; }

bool Agreement::stop_wished() const { return setup_.observer.stop_requested && setup_.observer.stop_requested(); }

bool Agreement::clock_has_run_out() const {
  const double limit = setup_.options.max_time.seconds();
  return limit > 0 && setup_.seconds() >= limit;
}

}  // namespace affekt
