// Batch statistics for networks whose BatchNorm was folded into the convolutions.
#pragma once

#include <functional>

#include "nn/torch_network.h"

namespace affekt {

/// The next batch of training pictures: (n, channels, h, w) fp32, preprocessed, on the network's device; an undefined
/// tensor ends them.
using BatchSource = std::function<at::Tensor()>;

/// Gives every BatchNorm of the backbone (of the whole network where it has none) the mean and variance of its input
/// over `batches` and changes its weight and bias so that the evaluated function stays what it was. Published networks
/// whose BatchNorm was folded away (weight 1, mean 0, variance constant) can be fine-tuned with batch statistics only
/// after that: without, the first training pass divides by deviations the weights were never made for.
///
/// One evaluation pass: since the function does not change, all nodes are measured in it. The statistics are exact over
/// the given pictures and summed in double. Memory: all activations of one batch (EfficientNet-B0: about 100 MB for a
/// picture of 224 x 224, 5 MB for one of 48 x 48).
/// @throws UsageError  no batch at all.
/// @throws DataError   an activation is not finite.
AFFEKT_API void calibrate_batch_norm(TorchNetwork& network, const BatchSource& batches);

}  // namespace affekt
