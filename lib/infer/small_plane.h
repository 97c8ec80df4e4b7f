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
#include "infer/convolution_shape.h"
#include "infer/epilogue.h"

namespace affekt {

struct SmallPlaneShape : ConvolutionShape {
  using ConvolutionShape::ConvolutionShape;
  std::int64_t kernel = 3, stride = 1;

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
