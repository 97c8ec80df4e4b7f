// Private: the vector code of a Winograd convolution (Lavin & Gray, CVPR 2016, arXiv:1509.09308), for one instruction
// set at a time.
//
// A 3 x 3 convolution of stride 1 is computed in tiles of m x m results. Of the (m + 2) x (m + 2) values a tile reads,
// and of the filter, a linear transform is taken; at each of the (m + 2)^2 places the transformed channels are
// multiplied like matrices; a transform back gives the tile: (m + 2)^2 multiplications instead of 9 m^2.
#pragma once

#include <cstddef>
#include <cstdint>

#include "infer/epilogue.h"

namespace affekt {

/// Values are in oneDNN's blocked layout: (images, channels / block, height, width, block).
struct WinogradShape {
  int tile = 4;                                           ///< m: 3 or 4.
  std::int64_t block = 16;                                ///< Channels side by side: 8 or 16.
  std::int64_t inputs = 0, outputs = 0;                   ///< Channels: multiples of block, and of 2 block.
  std::int64_t height = 0, width = 0, top = 0, left = 0;  ///< Of the input, and its padding.
  std::int64_t out_height = 0, out_width = 0;

  std::int64_t places() const { return std::int64_t{tile + 2} * (tile + 2); }
  std::int64_t tiles_down() const { return (out_height + tile - 1) / tile; }
  std::int64_t tiles_across() const { return (out_width + tile - 1) / tile; }
  std::int64_t chunk() const { return 2 * block; }  ///< Outputs that are computed together.
};

/// Tiles first, first + 1, ... of all images in order. Their transformed values lie as (places, inputs / block,
/// capacity, block).
struct WinogradTiles {
  std::int64_t first = 0, count = 0, capacity = 0;
};

/// Tiles that winograd_output() computes at once with the present instruction set: best in multiples of it.
std::int64_t winograd_rows();
/// Largest block that kernels of the present instruction set take: 8 or 16.
std::int64_t winograd_largest_block();

/// Transforms tiles [begin, end) of the group, for one block of input channels.
void winograd_input(const WinogradShape& shape, const WinogradTiles& tiles, std::int64_t channel_block,
                    std::int64_t begin, std::int64_t end, const float* source, float* transformed);

/// Computes tiles [begin, end) of the group, for one chunk of output channels.
/// @param weights   (outputs / chunk, places, inputs, chunk)
/// @param products  room for (places, end - begin, chunk) values
void winograd_output(const WinogradShape& shape, const WinogradTiles& tiles, std::int64_t chunk, std::int64_t begin,
                     std::int64_t end, const float* transformed, const float* weights, const Epilogue& what,
                     float* products, float* target);

}  // namespace affekt
