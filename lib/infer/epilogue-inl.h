// Private: bias, and what follows, for one instruction set at a time.
#if defined(AFFEKT_INFER_EPILOGUE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef AFFEKT_INFER_EPILOGUE_INL_H_
#undef AFFEKT_INFER_EPILOGUE_INL_H_
#else
#define AFFEKT_INFER_EPILOGUE_INL_H_
#endif

#include <hwy/highway.h>

#include <cstdint>

#include "infer/activation-inl.h"
#include "infer/epilogue.h"
#include "infer/matrix-inl.h"

HWY_BEFORE_NAMESPACE();
namespace affekt {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Vectors of one block of channels, side by side in a row of the target.
/// @param at     where the first is stored
/// @param count  of them that are stored
template <int kCount, int kBlock>
HWY_ATTR HWY_INLINE void Finish(const Epilogue& what, std::int64_t channel, std::int64_t at,
                                Vector<kBlock> (&row)[kCount], std::int64_t count) {
  const Tag<kBlock> tag;
  const auto bias = hn::LoadU(tag, what.bias + channel);
  for (std::int64_t x = 0; x < kCount; ++x) row[x] = hn::Add(row[x], bias);
  for (const ElementwiseOp& op : *what.chain) {
    if (op.kind == ElementwiseOp::Kind::scale_shift) {
      const auto scale = hn::LoadU(tag, op.first + channel), shift = hn::LoadU(tag, op.second + channel);
      for (std::int64_t x = 0; x < kCount; ++x) row[x] = hn::MulAdd(row[x], scale, shift);
    } else if (op.kind == ElementwiseOp::Kind::add) {
      for (std::int64_t x = 0; x < kCount; ++x) {
        if (x < count) row[x] = hn::Add(row[x], hn::LoadU(tag, op.first + at + x * kBlock));
      }
    } else {
      for (std::int64_t x = 0; x < kCount; ++x) row[x] = Activated(tag, op.kind, row[x]);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace affekt
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
