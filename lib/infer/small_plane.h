// Private: convolutions whose results have few positions, as the last stages of networks on 48 x 48 pixels: 3 x 3, 2
// x 2. A position's results in all pictures are one product of matrices for each cell of the filter that lies on the
// plane, not on its padding; the filters are read once, at the memory's speed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "affekt/model/network.h"
#include "infer/aligned_buffer.h"
#include "infer/epilogue.h"

namespace affekt {

/// Values are in oneDNN's blocked layout: (images, channels / block, height, width, block).
struct SmallPlaneShape {
  std::int64_t block = 16;               ///< Channels side by side: 8 or 16.
  std::int64_t inputs = 0, outputs = 0;  ///< Channels: multiples of block, and of 2 block.
  std::int64_t height = 0, width = 0, out_height = 0, out_width = 0;
  std::int64_t kernel = 3, stride = 1, top = 0, left = 0;  ///< top, left: padding.

  std::int64_t chunk() const { return 2 * block; }  ///< Outputs that are computed together.
  /// Positions of a picture that are rows of one product: all, where each result is of its own position alone.
  std::int64_t together() const { return kernel == 1 && stride == 1 ? out_height * out_width : 1; }
};

/// None where the library is to do it. Never a matter of the batch.
std::optional<SmallPlaneShape> small_plane_shape(const Node& convolution, const NodeShape& in, const NodeShape& out,
                                                 std::int64_t block);

/// Filters (outputs, inputs, kernel, kernel) as (outputs / chunk, kernel, kernel, inputs, chunk).
AlignedBuffer pack_filters(const SmallPlaneShape& shape, const std::vector<float>& filters);

/// Floats that convolve_small_plane() needs at `scratch`.
std::size_t small_plane_scratch(const SmallPlaneShape& shape, std::int64_t images);

/// @param target  may not be `source`; an operand `add` of the chain may be `target`.
void convolve_small_plane(const SmallPlaneShape& shape, std::int64_t images, const float* source, const float* filters,
                          const Epilogue& what, float* scratch, float* target);

}  // namespace affekt
