// When the learning rate changes and when training ends: pure functions of what has been seen.
#pragma once

#include "affekt/core/export.h"
#include "affekt/train/train_options.h"

namespace affekt {

/// Factor of the learning rate for a step. `epochs_done` counts the step itself, as a fraction: after the first of 100
/// steps it is 0.01. Plateau's own factor is not in it. While the backbone is frozen, the rate stays after its warm-up;
/// when it thaws, warm-up and schedule begin and have the epochs that are left.
AFFEKT_API double schedule_factor(const TrainOptions& options, double epochs_done);

/// Keras' ReduceLROnPlateau on the validation accuracy: x 0.2 after 2 epochs in a row without a rise of 1e-4.
struct AFFEKT_API Plateau {
  double factor = 1;
  double best = -1;
  int waited = 0;

  void observe(double validation_accuracy);
};

/// True if `epoch` (from 1) is `patience` epochs after the best one; patience 0 = never.
AFFEKT_API bool stop_early(int epoch, int best_epoch, int patience);

}  // namespace affekt
