// Which rows of a data set do what in a training.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "affekt/data/dataset.h"
#include "affekt/train/train_options.h"

namespace affekt {

struct TrainRows {
  std::vector<std::size_t> training, validation;
  std::string selection;  ///< The validation rows in words.
};

/// @throws UsageError  no rows to train on, or to select with.
TrainRows choose_rows(const Dataset& data, const TrainOptions& options);

/// Digest of the weights that the training rows have in the loss.
std::string weights_digest(const Dataset& data, const TrainRows& rows, const TrainOptions& options);

}  // namespace affekt
