// One model, or several as an ensemble, over a split of labelled faces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/data/dataset.h"
#include "affekt/metrics/classification.h"
#include "affekt/model/engine.h"
#include "affekt/model/model_file.h"

namespace affekt {

/// Views of a face whose probabilities are averaged.
/// flip: the face and its mirror image. tencrop: the four corners and the centre, 44 x 44 scaled back to 48 x 48, each
/// with its mirror image.
enum class TestTimeAugmentation : std::uint8_t { none, flip, tencrop };
AFFEKT_API const std::vector<std::pair<std::string, TestTimeAugmentation>>& tta_names();

struct AFFEKT_API EvalOptions {
  EvalSplit split = EvalSplit::private_test;
  TestTimeAugmentation tta = TestTimeAugmentation::none;
  int batch_size = 256;  ///< Rows in one pass, 1 to 65536; changes speed and memory only.
  EngineKind engine = EngineKind::automatic;
  ComputeOptions compute;
  std::function<void(std::size_t done, std::size_t total)> progress;  ///< Passes over single rows; may be empty.
  std::function<bool()> stop_requested;                               ///< true throws Interrupted; may be empty.

  void validate() const;  ///< Throws UsageError naming the first bad field and its range.
};

struct EvalResult {
  ClassificationReport report;
  std::vector<std::size_t> rows;              ///< The rows of the data set that were judged, ascending.
  EngineKind engine = EngineKind::automatic;  ///< What the models ran on: onednn or torch.
  std::vector<double> probabilities;          ///< (rows, 7): mean over models and views of the softmax.
  /// Whether the next two mean anything: Training rows are in the data and are not themselves judged.
  bool leaks_known = false;
  std::size_t leaked = 0;              ///< Judged rows whose very pixels also occur in Training.
  double accuracy_without_leaked = 0;  ///< NaN if unknown, or if all rows are leaked.
  double seconds = 0;                  ///< Spent in forward passes over all models and views.
  double images_per_second = 0;        ///< Judged rows / seconds.
};

/// @param models  at least one; probabilities are averaged with equal weights.
/// @throws UsageError  a bad option, no model, no such engine or device here, or no rows in the split.
/// @throws DataError   self-tests that fail. @throws Interrupted.
/// Never opens a data path. Memory: the weights, one batch of faces and its activations.
AFFEKT_API EvalResult evaluate(const std::vector<ModelFile>& models, const Dataset& data,
                               const EvalOptions& options = {});

}  // namespace affekt
