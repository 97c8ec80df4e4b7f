// affekt-train --seeds: the words around several runs of one recipe.
#pragma once

#include "affekt/train/seed_runs.h"
#include "common/cli.h"

namespace affekt::cli {

/// Trains and reports.
void train_seeds(Io& io, const Tool& tool, const Dataset& data, const TrainOptions& options,
                 const TrainObserver& observer);

}  // namespace affekt::cli
