// Private: what our convolutions know of one. Values are in oneDNN's blocked layout: (images, channels / block, height,
// width, block).
#pragma once

#include <cstdint>

#include "affekt/model/network.h"

namespace affekt {

struct ConvolutionShape {
  std::int64_t block = 16;                                ///< Channels side by side: 8 or 16.
  std::int64_t inputs = 0, outputs = 0;                   ///< Channels: multiples of block, and of 2 block.
  std::int64_t height = 0, width = 0, top = 0, left = 0;  ///< Of the input, and its padding.
  std::int64_t out_height = 0, out_width = 0;

  ConvolutionShape(const Node& convolution, const NodeShape& in, const NodeShape& out,
                   std::int64_t channels_side_by_side)
      : block(channels_side_by_side),
        inputs(in.channels),
        outputs(out.channels),
        height(in.height),
        width(in.width),
        top(convolution.padding.top),
        left(convolution.padding.left),
        out_height(out.height),
        out_width(out.width) {}

  std::int64_t chunk() const { return 2 * block; }  ///< Outputs that are computed together.
  bool fills_blocks() const { return inputs % block == 0 && outputs % chunk() == 0; }
};

}  // namespace affekt
