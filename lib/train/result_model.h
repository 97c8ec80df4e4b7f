// The model file that a run leaves: its best weights, and the card that says what they are.
#pragma once

#include <filesystem>
#include <vector>

#include "affekt/model/model_file.h"
#include "train/train_setup.h"
#include "train/train_state.h"

namespace affekt {

struct ResultModel {
  ModelCard card;
  ParameterMap parameters;  ///< Rounded to `dtype`.
  std::vector<SelfTest> self_tests;
  DType dtype = DType::f32;

  /// @throws IoError.
  void write(const std::filesystem::path& path) const;
};

/// The card of the best weights so far.
ModelCard result_card(const TrainSetup& setup, const TrainState& state);

/// The weights as they are judged now.
ResultModel result_model(const TrainSetup& setup, const TrainState& state);

}  // namespace affekt
