// affekt-train --dry-run: what a training would take.
#pragma once

#include "affekt/train/estimate.h"
#include "common/cli.h"

namespace affekt::cli {

/// Measures and reports; nothing is written.
void estimate(Io& io, const Tool& tool, const Dataset& data, const TrainOptions& options,
              const TrainObserver& observer);

}  // namespace affekt::cli
