#include "train/loss.h"

#include <cmath>

namespace affekt {

std::vector<float> row_weights(const Dataset& data, const std::vector<std::size_t>& rows, ClassWeights class_weights) {
  const auto counts = data.class_counts(rows);
  std::vector<double> weights;
  double sum = 0;
  for (const std::size_t row : rows) {
    double weight = data.sources.empty() ? 1.0 : data.sources[data.source[row]].weight;
    if (class_weights == ClassWeights::balanced) weight /= static_cast<double>(counts[data.labels[row]]);
    weights.push_back(weight);
    sum += weight;
  }
  const double scale = sum > 0 ? static_cast<double>(rows.size()) / sum : 1.0;
  std::vector<float> out;
  out.reserve(weights.size());
  for (const double weight : weights) out.push_back(static_cast<float>(weight * scale));
  return out;
}

std::vector<float> row_targets(const Dataset& data, const std::vector<std::size_t>& rows, double smoothing,
                               double soft_weight) {
  std::vector<float> out;
  out.reserve(rows.size() * kEmotionCount);
  for (const std::size_t row : rows) {
    for (std::size_t c = 0; c < kEmotionCount; ++c) {
      const double hard = data.labels[row] == c ? 1.0 : 0.0;
      const double soft =
          data.soft_labels.empty() ? hard : static_cast<double>(data.soft_labels[row * kEmotionCount + c]);
      const double target = soft_weight * soft + (1 - soft_weight) * hard;
      out.push_back(static_cast<float>((1 - smoothing) * target + smoothing / static_cast<double>(kEmotionCount)));
    }
  }
  return out;
}

at::Tensor weighted_cross_entropy(const at::Tensor& logits, const at::Tensor& targets, const at::Tensor& weights) {
  const at::Tensor losses = at::log_softmax(logits, 1).mul(targets).sum(1).neg();
  return losses.mul(weights).mean();
}

Score score_logits(const at::Tensor& logits, const Dataset& data, const std::vector<std::size_t>& rows) {
  Score score;
  if (rows.empty()) return score;
  const at::Tensor values = logits.to(at::kCPU).contiguous();
  const float* row_values = values.data_ptr<float>();
  std::size_t correct = 0;
  for (const std::size_t row : rows) {
    std::size_t best = 0;
    double sum = 0;
    for (std::size_t c = 1; c < kEmotionCount; ++c) {
      if (row_values[c] > row_values[best]) best = c;
    }
    const double largest = row_values[best];
    for (std::size_t c = 0; c < kEmotionCount; ++c) sum += std::exp(static_cast<double>(row_values[c]) - largest);
    score.loss += largest + std::log(sum) - static_cast<double>(row_values[data.labels[row]]);
    if (best == data.labels[row]) ++correct;
    row_values += kEmotionCount;
  }
  const auto n = static_cast<double>(rows.size());
  score.accuracy = static_cast<double>(correct) / n;
  score.loss /= n;
  return score;
}

}  // namespace affekt
