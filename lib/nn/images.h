// Grey u8 faces as tensors, and how they become network input.
#pragma once

#include <cstddef>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/data/dataset.h"
#include "affekt/model/model_file.h"
#include "nn/torch.h"

namespace affekt {

/// Pixels of `rows`, (n, 1, 48, 48) u8 in one block on `device`.
AFFEKT_API at::Tensor image_tensor(const Dataset& data, const std::vector<std::size_t>& rows, at::Device device);

/// Grey pixels 0..255, (n, 1, h, w) u8 or float, to network input (n, channels, h, w): float, channels-last.
AFFEKT_API at::Tensor preprocess(const at::Tensor& pixels, const Preprocessing& preprocessing, int channels);

/// The same for a network that takes `input`: where its sides are others, the pixels are resized first, bilinear
/// between pixel centres (no corner alignment, no smoothing), as infer/ does it.
AFFEKT_API at::Tensor network_input(const at::Tensor& pixels, const Preprocessing& preprocessing,
                                    const NodeShape& input);

}  // namespace affekt
