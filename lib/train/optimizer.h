// SGD, Adam and AdamW over the parameters of a network, with a state that can be named and saved.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/train/train_options.h"
#include "nn/torch_network.h"

namespace affekt {

struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};

class AFFEKT_API Optimizer {
 public:
  /// For all trainable parameters, at the rate itself. They must require gradients; their tensors are shared, not
  /// copied.
  Optimizer(const TorchNetwork& network, OptimizerKind kind, double weight_decay);

  /// From now on moves the parameters whose factor is above 0, each at `learning_rate` times its factor, one factor an
  /// entry of the network. Moments of those that moved before are kept; the others begin without, and Adam counts
  /// their steps from here.
  void choose(const TorchNetwork& network, const std::vector<double>& rate_factors);

  /// L2 norm of the whole gradient, scaled down to `limit` if it is larger; limit 0 only measures nothing.
  void clip(double limit);
  void discard_gradients();
  /// One step with the gradients of the parameters, which are then dropped.
  void step(double learning_rate);

  std::int64_t steps() const { return steps_; }
  void set_steps(std::int64_t steps) { steps_ = steps; }
  /// Moments under "momentum.NAME", or "mean.NAME" and "variance.NAME"; copy into them to restore.
  std::vector<NamedTensor> state() const;

 private:
  struct Slot {
    std::string name;
    at::Tensor parameter, first, second;
    double decay = 0;             ///< 0 for biases and norms.
    double factor = 1;            ///< Of the learning rate.
    std::int64_t first_step = 0;  ///< Steps taken before this parameter began to move.
  };
  Slot make_slot(const TorchNetwork::Entry& entry) const;
  void step_by_tensors(Slot& slot, at::Tensor gradient, double rate) const;
  void step_sgd(Slot& slot, const at::Tensor& gradient, double rate) const;
  void step_adam(Slot& slot, const at::Tensor& gradient, double rate) const;
  /// The same in one pass over memory, for tensors of the CPU that lie side by side.
  void step_adam_at_once(Slot& slot, const at::Tensor& gradient, double rate) const;

  OptimizerKind kind_;
  double weight_decay_;
  std::int64_t steps_ = 0;
  std::vector<Slot> slots_;
};

}  // namespace affekt
