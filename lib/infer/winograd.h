// Private: 3 x 3 convolutions of stride 1 by Winograd's minimal filtering, on oneDNN's blocked layouts and OpenMP's
// threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "affekt/model/network.h"
#include "infer/aligned_buffer.h"
#include "infer/winograd_kernels.h"

namespace affekt {

/// The shape to compute a convolution with, or none where the library's direct convolution is to do it: it is no 3 x 3
/// convolution of stride 1, its channels do not fill the blocks, or it is too small to pay. Never a matter of the
/// batch, so that a picture gets the same bits in any.
std::optional<WinogradShape> winograd_shape(const Node& convolution, const NodeShape& in, const NodeShape& out,
                                            std::int64_t block);

/// Filters (outputs, inputs, 3, 3) transformed in double precision, for winograd_output().
AlignedBuffer transform_filters(const WinogradShape& shape, const std::vector<float>& filters);

/// One convolution at one batch size. The bits of a result depend on nothing but its own picture.
class WinogradConvolution {
 public:
  WinogradConvolution(const WinogradShape& shape, std::int64_t images, int threads);

  /// What run() needs at `scratch`, in floats.
  std::size_t scratch_count() const { return static_cast<std::size_t>(threads_) * per_thread_; }

  /// @param target  may not be `source`; an operand `add` of the chain may be `target`.
  void run(const float* source, const float* filters, const Epilogue& what, float* scratch, float* target) const;

 private:
  WinogradTiles group(std::int64_t number) const;

  WinogradShape shape_;
  std::int64_t tiles_, groups_, rows_;  ///< rows_: what the kernels do at once
  std::int64_t capacity_;               ///< tiles of the largest group
  int threads_;
  std::size_t transformed_count_, per_thread_;
};

}  // namespace affekt
