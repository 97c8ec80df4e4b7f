// Judging a model on labelled faces from a program that does not link LibTorch.
#pragma once

#include <cstddef>

#include "affekt/core/export.h"
#include "affekt/data/dataset.h"
#include "affekt/model/model_file.h"

namespace affekt {

/// How a model did on the rows of a split.
struct Judgement {
  EvalSplit split = EvalSplit::private_test;
  std::size_t samples = 0;       ///< Rows judged.
  double accuracy = 0;           ///< Fraction.
  double macro_f1 = 0;           ///< As in ClassificationReport.
  double log_loss = 0;           ///< Nats.
  double images_per_second = 0;  ///< Forward passes only, fp32.
};

/// Loads libaffekt_learn when first called, about half a second.
/// @param threads  0 = all cores.
/// @throws UsageError  this build has no libaffekt_learn, or the split has no rows.
/// @throws DataError   the model's self-tests fail.
AFFEKT_API Judgement judge_model(ModelFile model, const Dataset& data, EvalSplit split, int threads);

}  // namespace affekt
