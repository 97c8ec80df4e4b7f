// What training itself asks the table of options.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "affekt/train/train_options.h"

namespace affekt {

/// Names and JSON texts of the options that all ranks of a run have in common.
std::vector<std::pair<std::string, std::string>> common_option_texts(const TrainOptions& options);

/// Paths without their folders, for a model's card: those of whoever trained it do not concern anybody.
TrainOptions without_folders(TrainOptions options);

}  // namespace affekt
