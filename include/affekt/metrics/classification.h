// How well a classifier did on labelled rows: numbers in, report struct out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/data/emotion.h"

namespace affekt {

/// Scores of one class; NaN where the denominator is zero.
struct ClassScore {
  std::string name;
  double precision = 0;     ///< True positives / predicted.
  double recall = 0;        ///< True positives / support.
  double f1 = 0;            ///< 2 TP / (predicted + support).
  std::size_t support = 0;  ///< Rows of this class.
};

/// Fractions 0..1 unless said otherwise; NaN where undefined (all of them without rows).
struct ClassificationReport {
  std::size_t samples = 0;
  double accuracy = 0;
  double balanced_accuracy = 0;  ///< Mean recall of the classes that occur in the truth.
  double top2_accuracy = 0;      ///< The truth is among the two likeliest classes; among equals the first class counts.
  double macro_f1 = 0;           ///< Mean F1 of the classes that occur in truth or prediction.
  double log_loss = 0;           ///< Mean of -ln p(truth), p not below 1e-15; nats.
  double ece = 0;                ///< Expected calibration error, 15 bins of equal width over the highest probability.
  std::array<std::array<std::size_t, kEmotionCount>, kEmotionCount> confusion{};  ///< [truth][prediction]
  std::array<ClassScore, kEmotionCount> per_class{};
};

/// @param labels         (n), 0..6.
/// @param probabilities  (n, 7), row-major; each row non-negative and summing to 1 within 1e-3.
/// @throws UsageError  the sizes do not agree. @throws DataError  a label or probability out of range, naming the row.
/// Definitions as scikit-learn's; calibration after Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
AFFEKT_API ClassificationReport classification_report(const std::vector<std::uint8_t>& labels,
                                                      const std::vector<double>& probabilities);

/// The prediction for one row: the likeliest class, among equals the first.
AFFEKT_API std::size_t likeliest_class(const double* probabilities);

/// Confusion matrix with each row divided by its sum; rows without samples are NaN.
AFFEKT_API std::array<std::array<double, kEmotionCount>, kEmotionCount> normalised_confusion(
    const ClassificationReport& report);

}  // namespace affekt
