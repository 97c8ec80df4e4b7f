// The forward pass over many rows, in evaluation mode.
#pragma once

#include <functional>

#include "affekt/core/export.h"
#include "affekt/model/model_file.h"
#include "affekt/nn/classifier.h"
#include "nn/torch.h"
#include "nn/torch_network.h"

namespace affekt {

/// Logits (n, classes), fp32 on the CPU, for `images` (n, 1, h, w) u8 on any device. `view`, if set, turns the float
/// pixels (0..255) of a batch into those to be classified: a flip, a crop (test-time augmentation).
AFFEKT_API at::Tensor forward_images(const TorchNetwork& network, const Preprocessing& preprocessing,
                                     const at::Tensor& images, bool bf16, const ForwardOptions& options,
                                     const std::function<at::Tensor(const at::Tensor&)>& view = {});

}  // namespace affekt
