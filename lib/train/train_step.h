// One step of training: batches -> loss -> gradient -> update of the weights.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "train/agreement.h"
#include "train/feature_cache.h"
#include "train/train_state.h"

namespace affekt {

/// The steps of one phase: it is made when the state has entered the phase.
class TrainStep {
 public:
  /// @param features  Of the training rows, if there are any: read instead of computing the backbone.
  /// All of them outlive it.
  TrainStep(const TrainSetup& setup, TrainState& state, Agreement& agreement,
            const std::optional<FeatureCache>& features);

  /// Collective: trains on the next rows of the epoch.
  /// @param order  The epoch_order() of the running epoch. @throws Diverged.
  void take(const at::Tensor& order);
  /// Collective: agrees without a step.
  void agree();

 private:
  /// The batch `part` of a step.
  struct Part {
    RowShare rows;     ///< Of the order.
    double share = 0;  ///< Of the rows of the step; 0 = they only keep the other ranks company.
    std::int64_t part = 0;
    bool last = false;
  };
  void add_gradient(const at::Tensor& order, const Part& part);
  at::Tensor input(const at::Tensor& rows, const at::Tensor& pixels) const;
  at::Tensor logits(const at::Tensor& input, const Pass& pass) const;
  void add_to_sums(const at::Tensor& loss, const at::Tensor& logits, const at::Tensor& labels);
  /// Looks at the mean loss of the rows up to `seen`. @throws Diverged.
  void watch_loss(std::int64_t seen);

  const TrainSetup& setup_;
  TrainState& state_;
  Agreement& agreement_;
  const std::optional<FeatureCache>& features_;
  std::unique_ptr<GradientSync> sync_;
};

}  // namespace affekt
