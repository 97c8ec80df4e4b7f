// Private: what is written of an epoch, in metrics.csv and in checkpoints.
#pragma once

#include "affekt/run/train_summary.h"

namespace affekt {

struct EpochColumn {
  const char* name;
  double EpochStats::*field;
  int decimals;         ///< In metrics.csv; -1: as many as tell the number.
  bool needed = false;  ///< By whoever reads metrics.csv.
};

/// Behind the epoch's number, in the order of metrics.csv.
inline constexpr EpochColumn kEpochColumns[] = {{"train_loss", &EpochStats::train_loss, -1},
                                                {"train_accuracy", &EpochStats::train_accuracy, -1},
                                                {"validation_loss", &EpochStats::validation_loss, -1},
                                                {"validation_accuracy", &EpochStats::validation_accuracy, -1, true},
                                                {"learning_rate", &EpochStats::learning_rate, -1},
                                                {"seconds", &EpochStats::seconds, 3},
                                                {"images_per_second", &EpochStats::images_per_second, 1},
                                                {"data_share", &EpochStats::data_share, 4}};

}  // namespace affekt
