// Private: products of matrices in registers, for one instruction set at a time. A row's result does not depend on the
// rows beside it: every sum is made in the order of the inputs.
#if defined(AFFEKT_INFER_MATRIX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef AFFEKT_INFER_MATRIX_INL_H_
#undef AFFEKT_INFER_MATRIX_INL_H_
#else
#define AFFEKT_INFER_MATRIX_INL_H_
#endif

#include <hwy/highway.h>

#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace affekt {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <int kBlock>
using Tag = hn::CappedTag<float, kBlock>;
template <int kBlock>
using Vector = hn::Vec<Tag<kBlock>>;

/// Rows of a matrix product whose sums stay in registers, beside two vectors of weights and one of an input.
#if HWY_TARGET <= HWY_AVX3
constexpr int kRows = 14;
#elif HWY_TARGET <= HWY_AVX2
constexpr int kRows = 6;
#else
constexpr int kRows = 2;
#endif

/// A block is sixteen channels where a vector has sixteen lanes.
constexpr int kLargestBlock = HWY_TARGET <= HWY_AVX3 ? 16 : 8;

/// Inputs whose products are summed in a row. Then that sum is added to those before: with one sum over all, rounding
/// would cost a Winograd convolution of 64 channels twice as much.
constexpr std::int64_t kInputsTogether = 32;

/// (count rows, inputs) x (inputs, chunk). The rows of an input block lie side by side.
/// @param step  floats from a block of inputs to the next
/// @param more  adds to what is in `out`
template <int kBlock, int kCount>
HWY_ATTR void MultiplyRows(const float* rows, std::int64_t step, std::int64_t blocks, const float* weights, bool more,
                           float* out) {
  constexpr std::int64_t kChunk = std::int64_t{2} * kBlock;
  const Tag<kBlock> tag;
  constexpr auto kLanes = static_cast<std::int64_t>(hn::MaxLanes(Tag<kBlock>()));
  constexpr std::int64_t kVectors = kChunk / kLanes;
  using V = Vector<kBlock>;
  for (std::int64_t first = 0; first < blocks; first += kInputsTogether / kBlock) {
    const std::int64_t end = HWY_MIN(blocks, first + kInputsTogether / kBlock);
    V sums[kCount][kVectors];
    for (std::int64_t r = 0; r < kCount; ++r) {
      for (std::int64_t c = 0; c < kVectors; ++c) sums[r][c] = hn::Zero(tag);
    }
    for (std::int64_t b = first; b < end; ++b, rows += step) {
      for (std::int64_t lane = 0; lane < kBlock; ++lane, weights += kChunk) {
        V w[kVectors];
#pragma GCC unroll 8
        for (std::int64_t c = 0; c < kVectors; ++c) w[c] = hn::LoadU(tag, weights + c * kLanes);
#pragma GCC unroll 16
        for (std::int64_t r = 0; r < kCount; ++r) {
          const V x = hn::Set(tag, rows[r * kBlock + lane]);
#pragma GCC unroll 8
          for (std::int64_t c = 0; c < kVectors; ++c) sums[r][c] = hn::MulAdd(x, w[c], sums[r][c]);
        }
      }
    }
    const bool add = more || first > 0;
    for (std::int64_t r = 0; r < kCount; ++r) {
      for (std::int64_t c = 0; c < kVectors; ++c) {
        float* to = out + r * kChunk + c * kLanes;
        hn::StoreU(add ? hn::Add(hn::LoadU(tag, to), sums[r][c]) : sums[r][c], tag, to);
      }
    }
  }
}

template <int kBlock, int kCount = kRows>
HWY_ATTR void MultiplyBlock(std::int64_t count, const float* rows, std::int64_t step, std::int64_t blocks,
                            const float* weights, bool more, float* out) {
  if (count == kCount) {
    MultiplyRows<kBlock, kCount>(rows, step, blocks, weights, more, out);
  } else if constexpr (kCount > 1) {
    MultiplyBlock<kBlock, kCount - 1>(count, rows, step, blocks, weights, more, out);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace affekt
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
