// Finished runs and model files side by side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/core/table.h"
#include "affekt/data/dataset.h"
#include "affekt/report/chart.h"

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

/// NaN (numbers) and -1 (counts) where the run or the model's card does not say.
struct ComparisonRow {
  std::string name;                ///< As the user named it.
  std::string model;               ///< Architecture.
  std::int64_t parameters = 0;     ///< As Keras counts.
  std::int64_t multiply_adds = 0;  ///< For one face.
  std::int64_t bytes = 0;          ///< Size of the model file.
  std::int64_t epochs_run = -1;
  double train_accuracy = std::numeric_limits<double>::quiet_NaN();       ///< Fraction, of the saved weights.
  double validation_accuracy = std::numeric_limits<double>::quiet_NaN();  ///< Fraction.
  double private_accuracy = std::numeric_limits<double>::quiet_NaN();     ///< Fraction.
  double images_per_second = std::numeric_limits<double>::quiet_NaN();    ///< Of the training passes.
  double seconds = std::numeric_limits<double>::quiet_NaN();              ///< Of the whole training.
  double seconds_per_epoch = std::numeric_limits<double>::quiet_NaN();    ///< Median over metrics.csv.
  std::optional<Judgement> judged;                                        ///< On data given to the comparison.
  ChartSeries curve;  ///< Validation accuracy by epoch, from the run's metrics.csv; empty for a file.
};

/// What an input of a comparison stands for: of the folder of a training with several seeds, its runs; else itself.
AFFEKT_API std::vector<std::string> runs_to_compare(const std::string& run_or_model);

/// Reads a run folder (best.safetensors, summary.json and metrics.csv; the last two may be missing while it still
/// runs), a model file, or "default". What the summary does not say is taken from the model's card.
/// @throws IoError   there is no such run or model. @throws DataError  a damaged file, naming it.
AFFEKT_API ComparisonRow read_comparison_row(const std::string& run_or_model);

/// For people: accuracies in percent, bytes in MB, "n/a" for what is unknown. Columns of `judged` only if a row has it.
AFFEKT_API Table comparison_table(const std::vector<ComparisonRow>& rows);
/// For programs: the names and units of ComparisonRow, empty cells for what is unknown.
AFFEKT_API std::string comparison_csv(const std::vector<ComparisonRow>& rows);
/// Validation accuracy of the runs by epoch as an SVG picture; "" if no row has a curve.
AFFEKT_API std::string comparison_curves(const std::vector<ComparisonRow>& rows);
/// A page with the table, accuracy over cost, and the runs' curves.
AFFEKT_API std::string comparison_page(const std::vector<ComparisonRow>& rows);

}  // namespace affekt
