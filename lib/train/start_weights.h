// The weights a run starts from.
#pragma once

#include <string>

#include "affekt/core/export.h"
#include "affekt/model/architectures.h"
#include "affekt/model/model_file.h"
#include "affekt/nn/pretrained.h"
#include "affekt/train/train_job.h"
#include "affekt/train/train_options.h"
#include "nn/torch_network.h"

namespace affekt {

/// What the first weights decide for the whole run: kept in its checkpoints, so that resuming needs no other file.
struct StartInfo {
  PretrainedSource source;
  std::string variant;  ///< For NetworkOptions.
  Preprocessing preprocessing;
};

struct StartWeights {
  StartInfo info;
  PretrainedWeights weights;  ///< Empty for random ones.
};

AFFEKT_API NetworkOptions network_options(const TrainOptions& options, const std::string& variant);

/// Reads options.pretrained. `options.preprocess` goes before the weights' own preprocessing, and that before the
/// network's.
/// @throws IoError, DataError, UsageError as resolve_pretrained() and read_pretrained() do.
AFFEKT_API StartWeights read_start_weights(const TrainOptions& options);

/// Sets all parameters: at random from `seed`, then those that `weights` have. Of the head these are taken only if the
/// file has the same head for the same classes.
/// @returns a line for the log. @throws DataError  a parameter of the backbone is missing or has another size.
AFFEKT_API std::string set_start_weights(TorchNetwork& network, const StartWeights& start, std::uint64_t seed);

}  // namespace affekt
