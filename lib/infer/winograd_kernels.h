// Private: the vector code of a Winograd convolution (Lavin & Gray, CVPR 2016, arXiv:1509.09308), for one instruction
// set at a time.
//
// A 3 x 3 convolution of stride 1 is computed in tiles of m x m results. Of the (m + 2) x (m + 2) values a tile reads,
// and of the filter, a linear transform is taken; at each of the (m + 2)^2 elements the transformed channels are
// multiplied like matrices; a transform back gives the tile: (m + 2)^2 multiplications instead of 9 m^2.
#pragma once

#include <cstddef>
#include <cstdint>

#include "infer/convolution_shape.h"
#include "infer/epilogue.h"

namespace affekt {

struct WinogradShape : ConvolutionShape {
  using ConvolutionShape::ConvolutionShape;
  int tile = 4;  ///< m: 3 or 4.

  std::int64_t elements() const { return std::int64_t{tile + 2} * (tile + 2); }  ///< Of a transformed tile.
  std::int64_t tiles_down() const { return (out_height + tile - 1) / tile; }
  std::int64_t tiles_across() const { return (out_width + tile - 1) / tile; }
};

/// Tiles first, first + 1, ... of all images in order. Their transformed values lie as (elements, inputs / block,
/// capacity, block).
struct WinogradTiles {
  std::int64_t first = 0, count = 0, capacity = 0;
};

/// Transforms tiles [begin, end) of the group, for one block of input channels.
void winograd_input(const WinogradShape& shape, const WinogradTiles& tiles, std::int64_t channel_block,
                    std::int64_t begin, std::int64_t end, const float* source, float* transformed);

/// Computes tiles [begin, end) of the group, for one chunk of output channels.
/// @param weights   (outputs / chunk, elements, inputs, chunk)
/// @param products  room for (elements, end - begin, chunk) values
void winograd_output(const WinogradShape& shape, const WinogradTiles& tiles, std::int64_t chunk, std::int64_t begin,
                     std::int64_t end, const float* transformed, const float* weights, const Epilogue& what,
                     float* products, float* target);

}  // namespace affekt
