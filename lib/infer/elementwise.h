// Private: chains of element-wise operations over a stored value, through Highway: what does not ride on a convolution
// or a dense layer.
//
// oneDNN has primitives for the same (binary, eltwise), but binary primitives with per-channel post-ops run in its
// reference implementation from version 2.6 on (ten times slower than the convolutions around them), and where they
// are compiled for processors without AVX-512 they compute wrongly, and write past the end, when the channels do not
// fill the last vector.
#pragma once

#include <cstdint>
#include <vector>

namespace affekt {

/// How a value lies in memory: (images, groups, spatial, inner) floats, channel = group * inner + lane. Channels
/// first is inner = 1, channels last groups = 1, oneDNN's blocked layouts inner = 8 or 16, where lanes behind the last
/// channel are zero and stay so.
struct ElementwiseShape {
  std::int64_t images = 0, channels = 0, groups = 0, spatial = 0, inner = 0;
};

struct ElementwiseOp {
  enum class Kind : std::uint8_t {
    relu,
    swish,        ///< x / (1 + exp(-x))
    sigmoid,      ///< 1 / (1 + exp(-x))
    scale_shift,  ///< x * first + second of the channel: (groups, inner) each.
    gate,         ///< x * first of the image and channel: (images, groups, inner).
    add,          ///< x + first of the same place: as large as the value.
  };
  Kind kind = Kind::relu;
  const float* first = nullptr;
  const float* second = nullptr;
};

/// Everything is applied to `source` in order and stored in `target`, which may be the same memory. Runs on the OpenMP
/// threads of the calling thread where there is enough to do; the bits do not depend on their number.
void apply_elementwise(const std::vector<ElementwiseOp>& chain, const ElementwiseShape& shape, const float* source,
                       float* target);

}  // namespace affekt
