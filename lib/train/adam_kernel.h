// One step of Adam or AdamW in a single pass over memory, for tensors of the CPU.
#pragma once

#include <cstddef>

#include "affekt/core/export.h"

namespace affekt {

struct AFFEKT_API AdamStep {
  float rate = 0;        ///< Learning rate / (1 - beta1^t).
  float root_scale = 1;  ///< 1 / sqrt(1 - beta2^t).
  float l2 = 0;          ///< Adam: of the parameter, added to the gradient.
  float keep = 1;        ///< AdamW: 1 - learning rate * weight decay.
  float beta1 = 0.9F, beta2 = 0.999F, epsilon = 1e-8F;
};

/// Moves n parameters and their moments. Each value depends on its own inputs alone, not on how a tensor is cut.
/// Source: Kingma & Ba, ICLR 2015; Loshchilov & Hutter, ICLR 2019.
AFFEKT_API void adam_update(float* parameter, float* mean, float* variance, const float* gradient, std::size_t n,
                            const AdamStep& step);

}  // namespace affekt
