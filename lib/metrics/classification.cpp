#include "affekt/metrics/classification.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "affekt/core/error.h"

namespace affekt {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

double ratio(double numerator, double denominator) { return denominator > 0 ? numerator / denominator : kUndefined; }

void check_row(std::size_t row, std::uint8_t label, const double* p) {
  const auto fail = [row](const std::string& what) { throw DataError("row " + std::to_string(row) + ": " + what); };
  if (label >= kEmotionCount) fail("label " + std::to_string(label) + " is not 0 to 6");
  double sum = 0;
  for (std::size_t c = 0; c < kEmotionCount; ++c) {
    if (!(p[c] >= 0 && std::isfinite(p[c]))) fail("a probability is negative or not a number");
    sum += p[c];
  }
  constexpr double kSumTolerance = 1e-3;
  if (std::abs(sum - 1) > kSumTolerance) fail("the probabilities sum to " + std::to_string(sum) + ", expected 1");
}

/// How many classes are likelier than the truth, ties going to the first class.
std::size_t rank_of(std::size_t truth, const double* p) {
  std::size_t rank = 0;
  for (std::size_t c = 0; c < kEmotionCount; ++c) {
    if (p[c] > p[truth] || (p[c] == p[truth] && c < truth)) ++rank;
  }
  return rank;
}

/// Expected calibration error: |accuracy - confidence| of each bin, weighted by its rows.
class Calibration {
 public:
  void add(double confidence, bool correct) {
    const auto bin = static_cast<std::size_t>(std::ceil(std::min(confidence, 1.0) * kBins)) - 1;  // (low, high]
    confidence_[bin] += confidence;
    correct_[bin] += correct ? 1 : 0;
  }
  double error(std::size_t n) const {
    double sum = 0;
    for (std::size_t b = 0; b < kBins; ++b) sum += std::abs(correct_[b] - confidence_[b]);
    return ratio(sum, static_cast<double>(n));
  }

 private:
  static constexpr std::size_t kBins = 15;
  std::array<double, kBins> confidence_{}, correct_{};
};

double mean_of_defined(const std::array<ClassScore, kEmotionCount>& scores, double ClassScore::*field) {
  double sum = 0;
  double n = 0;
  for (const ClassScore& score : scores) {
    if (std::isnan(score.*field)) continue;
    sum += score.*field;
    ++n;
  }
  return ratio(sum, n);
}

void score_classes(ClassificationReport& report) {
  for (std::size_t c = 0; c < kEmotionCount; ++c) {
    std::size_t predicted = 0;
    std::size_t support = 0;
    for (std::size_t other = 0; other < kEmotionCount; ++other) {
      predicted += report.confusion[other][c];
      support += report.confusion[c][other];
    }
    const auto hits = static_cast<double>(report.confusion[c][c]);
    ClassScore& score = report.per_class[c];
    score.name = emotion_names()[c];
    score.precision = ratio(hits, static_cast<double>(predicted));
    score.recall = ratio(hits, static_cast<double>(support));
    score.f1 = ratio(2 * hits, static_cast<double>(predicted + support));
    score.support = support;
  }
}

}  // namespace

std::size_t likeliest_class(const double* probabilities) {
  return static_cast<std::size_t>(std::max_element(probabilities, probabilities + kEmotionCount) - probabilities);
}

ClassificationReport classification_report(const std::vector<std::uint8_t>& labels,
                                           const std::vector<double>& probabilities) {
  if (probabilities.size() != labels.size() * kEmotionCount) {
    throw UsageError("expected 7 probabilities for each of " + std::to_string(labels.size()) + " rows, found " +
                     std::to_string(probabilities.size()));
  }
  constexpr double kSmallest = 1e-15;
  ClassificationReport report;
  report.samples = labels.size();
  Calibration calibration;
  double hits = 0;
  double top2 = 0;
  double loss = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const double* p = probabilities.data() + i * kEmotionCount;
    check_row(i, labels[i], p);
    const std::size_t truth = labels[i];
    const std::size_t prediction = likeliest_class(p);
    ++report.confusion[truth][prediction];
    const std::size_t rank = rank_of(truth, p);
    hits += rank == 0 ? 1 : 0;
    top2 += rank <= 1 ? 1 : 0;
    loss -= std::log(std::clamp(p[truth], kSmallest, 1.0));
    calibration.add(p[prediction], rank == 0);
  }
  const auto n = static_cast<double>(labels.size());
  score_classes(report);
  report.accuracy = ratio(hits, n);
  report.top2_accuracy = ratio(top2, n);
  report.log_loss = ratio(loss, n);
  report.ece = calibration.error(labels.size());
  report.balanced_accuracy = mean_of_defined(report.per_class, &ClassScore::recall);
  report.macro_f1 = mean_of_defined(report.per_class, &ClassScore::f1);
  return report;
}

std::array<std::array<double, kEmotionCount>, kEmotionCount> normalised_confusion(const ClassificationReport& report) {
  std::array<std::array<double, kEmotionCount>, kEmotionCount> shares{};
  for (std::size_t truth = 0; truth < kEmotionCount; ++truth) {
    const auto support = static_cast<double>(report.per_class[truth].support);
    for (std::size_t c = 0; c < kEmotionCount; ++c) {
      shares[truth][c] = ratio(static_cast<double>(report.confusion[truth][c]), support);
    }
  }
  return shares;
}

}  // namespace affekt
