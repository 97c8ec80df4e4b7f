// What the network is trained towards: targets and weights of the training rows, and the weighted cross-entropy.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/data/dataset.h"
#include "affekt/train/train_options.h"
#include "nn/torch.h"

namespace affekt {

/// Weight of every row: class weight times the weight of its source, scaled to a mean of 1 so that the learning rate
/// keeps its meaning.
AFFEKT_API std::vector<float> row_weights(const Dataset& data, const std::vector<std::size_t>& rows,
                                          ClassWeights class_weights);

/// Target distribution of every row, (rows, 7) row-major: one-hot, or the soft labels of the data set if it has them,
/// mixed with
/// the uniform distribution by `smoothing`. `soft_weight` is the share of the soft labels, the rest is one-hot.
AFFEKT_API std::vector<float> row_targets(const Dataset& data, const std::vector<std::size_t>& rows, double smoothing,
                                          double soft_weight = 1);

/// Mean over the rows of weight * cross-entropy(target, softmax(logits)). All fp32: logits and targets (n, 7),
/// weights (n).
AFFEKT_API at::Tensor weighted_cross_entropy(const at::Tensor& logits, const at::Tensor& targets,
                                             const at::Tensor& weights);

struct Score {
  double accuracy = 0, loss = 0;
};

/// Accuracy and plain cross-entropy of logits (n, 7) on the CPU against the hard labels of `rows`.
AFFEKT_API Score score_logits(const at::Tensor& logits, const Dataset& data, const std::vector<std::size_t>& rows);

}  // namespace affekt
