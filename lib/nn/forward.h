// The forward pass over many rows, in evaluation mode.
#pragma once

#include <cstddef>
#include <functional>

#include "affekt/core/export.h"
#include "affekt/model/model_file.h"
#include "nn/torch.h"
#include "nn/torch_network.h"

namespace affekt {

struct ForwardOptions {
  int batch_size = 256;  ///< Rows in one pass, >= 1, fewer above 96 x 96; for speed and memory only.
  std::function<void(std::size_t done)> progress;  ///< Called after each batch with the rows done; may be empty.
  std::function<bool()> stop_requested;            ///< Asked after each batch; true throws Interrupted. May be empty.
};

/// Logits (n, classes), fp32 on the CPU, for `images` (n, 1, h, w) u8 on any device.
AFFEKT_API at::Tensor forward_images(const TorchNetwork& network, const Preprocessing& preprocessing,
                                     const at::Tensor& images, bool bf16, const ForwardOptions& options);

}  // namespace affekt
