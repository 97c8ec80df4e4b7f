// What the ranks of a run agree on while they train: the sums of a step, and whether it is time to stop.
#pragma once

#include <memory>
#include <vector>

#include "train/collective.h"
#include "train/train_setup.h"

namespace affekt {

/// Several ranks stop where all of them know it: their wishes travel with the gradients of every step. A process alone
/// asks when it wants to know, and exchanges nothing.
class Agreement {
 public:
  explicit Agreement(const TrainSetup& setup);  ///< Which outlives it.

  /// Where a rank adds up the losses and right answers of its rows, (2) fp64: `totals` itself for a process alone.
  at::Tensor sums_of_rank(const at::Tensor& totals) const;
  /// Collective: sends what this rank has added up and wishes;
  void begin();
  /// and adds what all ranks have added up to `totals`.
  void end(const at::Tensor& totals);

  int signal() const;    ///< To stop for, of any rank; 0 = none.
  bool time_up() const;  ///< By the clock of rank 0.

 private:
  bool alone() const { return setup_.ranks.size() == 1; }
  bool stop_wished() const;
  bool clock_has_run_out() const;

  const TrainSetup& setup_;
  at::Tensor rank_sums_;  ///< Of the running step.
  std::unique_ptr<BackgroundSum> pending_;
  int agreed_signal_ = 0;
  bool agreed_time_up_ = false;
};

}  // namespace affekt
