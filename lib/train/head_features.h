// What the head reads while it is trained alone: the features of the frozen backbone, computed once.
#pragma once

#include <functional>
#include <optional>

#include "train/feature_cache.h"
#include "train/run_record.h"
#include "train/time_left.h"
#include "train/train_state.h"

namespace affekt {

struct HeadFeatures {
  std::optional<FeatureCache> training;  ///< Only if faces look the same in every epoch.
  std::optional<FeatureCache> validation;

  /// True if the head alone is trained in the phase that the run is in.
  static bool of_use(const TrainSetup& setup, const TrainState& state);
  /// Computes those that are missing, as far as options.feature_cache says so. Collective.
  /// @param between  Called before each batch; may throw.
  void fill(const TrainSetup& setup, const TrainState& state, RunRecord& record, TimeLeft& time,
            const std::function<void()>& between);
};

/// Logits of the validation rows, with the weights that are judged. Collective.
/// @param between  Called after each batch but the last; may throw.
at::Tensor validation_logits(const TrainSetup& setup, const TrainState& state, const HeadFeatures& features,
                             const std::function<void()>& between);

}  // namespace affekt
