#include "infer/dense.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "infer/dense.cpp"
#include <hwy/foreach_target.h>
// Highway wants this order.
#include <hwy/highway.h>

#include "infer/matrix-inl.h"
#include "infer/matrix.h"

HWY_BEFORE_NAMESPACE();
namespace affekt {
namespace HWY_NAMESPACE {

/// One chunk of outputs of up to kRows rows.
/// @param rows     (blocks, all rows, block) @param step  floats from a block to the next
/// @param present  outputs of the chunk that there are
/// @param target   (rows, outputs)
HWY_ATTR void DenseChunk(std::int64_t count, const float* rows, std::int64_t step, std::int64_t blocks,
                         const float* weights, const float* bias, std::int64_t present, std::int64_t outputs,
                         float* target) {
  constexpr std::int64_t kChunk = std::int64_t{2} * kLargestBlock;
  float sums[kRows * kChunk] = {};
  MultiplyBlock<kLargestBlock>(count, rows, step, blocks, weights, true, sums);
  for (std::int64_t r = 0; r < count; ++r) {
    for (std::int64_t o = 0; o < present; ++o) target[r * outputs + o] = sums[r * kChunk + o] + bias[o];
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace affekt
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace affekt {

HWY_EXPORT(DenseChunk);

namespace {

/// Fewer multiplications are done before a second thread has begun.
constexpr std::int64_t kWorkForThreads = 100'000;

std::int64_t pieces(std::int64_t count, std::int64_t size) { return (count + size - 1) / size; }

}  // namespace

DenseLayer::DenseLayer(std::int64_t inputs, std::int64_t outputs)
    : inputs_(inputs),
      outputs_(outputs),
      block_(kernel_block()),
      chunk_(2 * block_),
      blocks_(pieces(inputs, block_)),
      chunks_(pieces(outputs, chunk_)) {}

AlignedBuffer DenseLayer::pack(const float* weights) const {
  const std::int64_t count = blocks_ * block_ * chunk_;
  AlignedBuffer result(static_cast<std::size_t>(chunks_ * count));
#pragma omp parallel for
  for (std::int64_t chunk = 0; chunk < chunks_; ++chunk) {
    float* to = result.data() + chunk * count;
    const std::int64_t begin = chunk * chunk_, present = std::min(chunk_, outputs_ - begin);
    std::fill(to, to + count, 0.0F);
    for (std::int64_t o = 0; o < present; ++o) {
      const float* row = weights + (begin + o) * inputs_;
      for (std::int64_t i = 0; i < inputs_; ++i) to[i * chunk_ + o] = row[i];
    }
  }
  return result;
}

std::size_t DenseLayer::scratch_count(std::int64_t rows) const {
  return static_cast<std::size_t>(rows * blocks_ * block_);
}

void DenseLayer::run(const float* source, std::int64_t rows, const float* weights, const float* bias, float* scratch,
                     float* target) const {
  const std::int64_t at_once = kernel_rows(), parts = pieces(rows, at_once);
  const bool many = rows * inputs_ * outputs_ >= kWorkForThreads;
#pragma omp parallel for if (many)
  for (std::int64_t b = 0; b < blocks_; ++b) {  // the same block of all rows side by side
    const std::int64_t present = std::min(block_, inputs_ - b * block_);
    for (std::int64_t r = 0; r < rows; ++r) {
      float* to = scratch + (b * rows + r) * block_;
      std::copy_n(source + r * inputs_ + b * block_, present, to);
      std::fill(to + present, to + block_, 0.0F);
    }
  }
#pragma omp parallel for if (many)
  for (std::int64_t unit = 0; unit < chunks_ * parts; ++unit) {
    const std::int64_t chunk = unit / parts, part = unit % parts, first = chunk * chunk_;
    const std::int64_t begin = rows * part / parts, count = rows * (part + 1) / parts - begin;
    HWY_DYNAMIC_DISPATCH(DenseChunk)
    (count, scratch + begin * block_, rows * block_, blocks_, weights + chunk * blocks_ * block_ * chunk_, bias + first,
     std::min(chunk_, outputs_ - first), outputs_, target + begin * outputs_ + first);
  }
}

}  // namespace affekt
#endif
