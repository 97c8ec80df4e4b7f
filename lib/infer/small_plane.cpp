#include "infer/small_plane.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "infer/small_plane.cpp"
#include <hwy/foreach_target.h>
// Highway wants this order.
#include <hwy/highway.h>

#include "infer/epilogue-inl.h"
#include "infer/matrix-inl.h"
#include "infer/matrix.h"

HWY_BEFORE_NAMESPACE();
namespace affekt {
namespace HWY_NAMESPACE {

/// Rows [begin, end), at most kRows, of one chunk of outputs. A row is a picture, or a position of one.
/// @param rows  (height * width / together, inputs / block, all, block)
template <int kBlock>
HWY_ATTR void PlaneOf(const SmallPlaneShape& shape, std::int64_t all, std::int64_t chunk, std::int64_t begin,
                      std::int64_t end, const float* rows, const float* filters, const Epilogue& what, float* target) {
  constexpr std::int64_t kChunk = std::int64_t{2} * kBlock;
  const Tag<kBlock> tag;
  const std::int64_t blocks = shape.inputs / kBlock, step = all * kBlock, count = end - begin;
  const std::int64_t positions = shape.out_height * shape.out_width, together = shape.together();
  const float* matrices = filters + chunk * shape.kernel * shape.kernel * shape.inputs * kChunk;
  float sums[kRows * kChunk];
  for (std::int64_t p = 0; p < positions / together; ++p) {
    const std::int64_t top = p / shape.out_width * shape.stride - shape.top;
    const std::int64_t left = p % shape.out_width * shape.stride - shape.left;
    std::fill(sums, sums + count * kChunk, 0.0F);
    for (std::int64_t cell = 0; cell < shape.kernel * shape.kernel; ++cell) {
      const std::int64_t y = top + cell / shape.kernel, x = left + cell % shape.kernel;
      if (y < 0 || y >= shape.height || x < 0 || x >= shape.width) continue;
      MultiplyBlock<kBlock>(count, rows + (y * shape.width + x) * blocks * step + begin * kBlock, step, blocks,
                            matrices + cell * shape.inputs * kChunk, true, sums);
    }
    for (std::int64_t r = 0; r < count; ++r) {
      const std::int64_t image = (begin + r) / together, position = p + (begin + r) % together;
      for (std::int64_t c = 0; c < kChunk; c += static_cast<std::int64_t>(hn::Lanes(tag))) {
        const std::int64_t channel = chunk * kChunk + c, plane = channel / kBlock, lane = channel % kBlock;
        const std::int64_t at = ((image * (shape.outputs / kBlock) + plane) * positions + position) * kBlock + lane;
        Vector<kBlock> result[1] = {hn::LoadU(tag, sums + r * kChunk + c)};
        Finish<1, kBlock>(what, channel, at, result, 1);
        hn::StoreU(result[0], tag, target + at);
      }
    }
  }
}

HWY_ATTR void Plane(const SmallPlaneShape& shape, std::int64_t all, std::int64_t chunk, std::int64_t begin,
                    std::int64_t end, const float* rows, const float* filters, const Epilogue& what, float* target) {
  const auto work = shape.block == 8 ? PlaneOf<8> : PlaneOf<kLargestBlock>;
  work(shape, all, chunk, begin, end, rows, filters, what, target);
}

}  // namespace HWY_NAMESPACE
}  // namespace affekt
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace affekt {

HWY_EXPORT(Plane);

std::optional<SmallPlaneShape> small_plane_shape(const Node& convolution, const NodeShape& in, const NodeShape& out,
                                                 std::int64_t block) {
  constexpr std::int64_t kMostPositions = 9;
  SmallPlaneShape shape(convolution, in, out, block);
  shape.kernel = convolution.kernel;
  shape.stride = convolution.stride;
  const bool fits =
      convolution.groups == 1 && shape.fills_blocks() && shape.out_height * shape.out_width <= kMostPositions;
  if (!fits) return std::nullopt;
  return shape;
}

AlignedBuffer pack_filters(const SmallPlaneShape& shape, const std::vector<float>& filters) {
  AlignedBuffer result(filters.size());
  const std::int64_t cells = shape.kernel * shape.kernel, chunk = shape.chunk();
#pragma omp parallel for
  for (std::int64_t o = 0; o < shape.outputs; ++o) {
    const float* from = filters.data() + o * shape.inputs * cells;
    float* to = result.data() + o / chunk * cells * shape.inputs * chunk + o % chunk;
    for (std::int64_t i = 0; i < shape.inputs; ++i) {
      for (std::int64_t cell = 0; cell < cells; ++cell) to[(cell * shape.inputs + i) * chunk] = *from++;
    }
  }
  return result;
}

std::size_t small_plane_scratch(const SmallPlaneShape& shape, std::int64_t images) {
  return static_cast<std::size_t>(images * shape.inputs * shape.height * shape.width);
}

void convolve_small_plane(const SmallPlaneShape& shape, std::int64_t images, const float* source, const float* filters,
                          const Epilogue& what, float* scratch, float* target) {
  const std::int64_t blocks = shape.inputs / shape.block, positions = shape.height * shape.width;
  const std::int64_t together = shape.together(), rows = images * together;
  const std::int64_t at_once = kernel_rows(), parts = (rows + at_once - 1) / at_once;
  const std::int64_t units = shape.outputs / shape.chunk() * parts;
#pragma omp parallel
  {
#pragma omp for
    for (std::int64_t image = 0; image < images; ++image) {  // the same block of all rows side by side
      const float* from = source + image * blocks * positions * shape.block;
      for (std::int64_t i = 0; i < blocks * positions; ++i, from += shape.block) {
        const std::int64_t block = i / positions, position = i % positions;
        const std::int64_t row = image * together + position % together, product = together > 1 ? 0 : position;
        std::copy_n(from, shape.block, scratch + ((product * blocks + block) * rows + row) * shape.block);
      }
    }
#pragma omp for
    for (std::int64_t unit = 0; unit < units; ++unit) {
      const std::int64_t part = unit % parts;
      HWY_DYNAMIC_DISPATCH(Plane)
      (shape, rows, unit / parts, rows * part / parts, rows * (part + 1) / parts, scratch, filters, what, target);
    }
  }
}

}  // namespace affekt
#endif
