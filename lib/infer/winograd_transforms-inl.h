// Private: the transforms of a Winograd convolution in one dimension, for one instruction set at a time: F(4, 3) with
// the points 0, 1, -1, 2, -2 and infinity (Lavin & Gray, CVPR 2016), F(3, 3) without the last but one.
#if defined(AFFEKT_INFER_WINOGRAD_TRANSFORMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef AFFEKT_INFER_WINOGRAD_TRANSFORMS_INL_H_
#undef AFFEKT_INFER_WINOGRAD_TRANSFORMS_INL_H_
#else
#define AFFEKT_INFER_WINOGRAD_TRANSFORMS_INL_H_
#endif

#include <hwy/highway.h>

#include "infer/winograd_points.h"

HWY_BEFORE_NAMESPACE();
namespace affekt {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class Tag>
HWY_ATTR HWY_INLINE hn::Vec<Tag> Constant(Tag tag, double value) {
  return hn::Set(tag, static_cast<float>(value));
}

/// y = B^T x: values. Row p of B^T is the product of (x - q) over the other points q.
template <int kTile, class Tag, class V>
HWY_ATTR HWY_INLINE void InputTransform(Tag tag, const V (&x)[kTile + 2], V (&y)[kTile + 2]) {
  if constexpr (kTile == 4) {
    constexpr double kA2 = kNear4 * kNear4, kB2 = kFar4 * kFar4;
    const V a = Constant(tag, kNear4), b = Constant(tag, kFar4), a2 = Constant(tag, kA2), b2 = Constant(tag, kB2);
    const V both = Constant(tag, kA2 + kB2), product = Constant(tag, kA2 * kB2);
    const V near_even = hn::NegMulAdd(b2, x[2], x[4]), near_odd = hn::NegMulAdd(b2, x[1], x[3]);
    const V far_even = hn::NegMulAdd(a2, x[2], x[4]), far_odd = hn::NegMulAdd(a2, x[1], x[3]);
    y[0] = hn::MulAdd(product, x[0], hn::NegMulAdd(both, x[2], x[4]));
    y[1] = hn::MulAdd(a, near_odd, near_even);
    y[2] = hn::NegMulAdd(a, near_odd, near_even);
    y[3] = hn::MulAdd(b, far_odd, far_even);
    y[4] = hn::NegMulAdd(b, far_odd, far_even);
    y[5] = hn::MulAdd(product, x[1], hn::NegMulAdd(both, x[3], x[5]));
  } else {
    const V a = Constant(tag, kNear3), b = Constant(tag, kFar3), a2 = Constant(tag, kNear3 * kNear3);
    const V odd = hn::NegMulAdd(b, x[1], x[2]), even = hn::NegMulAdd(b, x[2], x[3]);
    y[0] = hn::NegMulAdd(a2, hn::NegMulAdd(b, x[0], x[1]), even);
    y[1] = hn::MulAdd(a, odd, even);
    y[2] = hn::NegMulAdd(a, odd, even);
    y[3] = hn::NegMulAdd(a2, x[1], x[3]);
    y[4] = hn::NegMulAdd(a2, odd, hn::NegMulAdd(b, x[3], x[4]));
  }
}

/// y = A^T x: products. Row k of A^T has the points' powers of k.
template <int kTile, class Tag, class V>
HWY_ATTR HWY_INLINE void OutputTransform(Tag tag, const V (&x)[kTile + 2], V (&y)[kTile]) {
  const V sum = hn::Add(x[1], x[2]), difference = hn::Sub(x[1], x[2]);
  if constexpr (kTile == 4) {
    constexpr double kA = kNear4, kB = kFar4;
    const V far_sum = hn::Add(x[3], x[4]), far_difference = hn::Sub(x[3], x[4]);
    y[0] = hn::Add(hn::Add(x[0], sum), far_sum);
    y[1] = hn::MulAdd(Constant(tag, kA), difference, hn::Mul(Constant(tag, kB), far_difference));
    y[2] = hn::MulAdd(Constant(tag, kA * kA), sum, hn::Mul(Constant(tag, kB * kB), far_sum));
    y[3] = hn::MulAdd(Constant(tag, kA * kA * kA), difference,
                      hn::MulAdd(Constant(tag, kB * kB * kB), far_difference, x[5]));
  } else {
    constexpr double kA = kNear3, kB = kFar3;
    y[0] = hn::Add(hn::Add(x[0], sum), x[3]);
    y[1] = hn::MulAdd(Constant(tag, kA), difference, hn::Mul(Constant(tag, kB), x[3]));
    y[2] = hn::MulAdd(Constant(tag, kA * kA), sum, hn::MulAdd(Constant(tag, kB * kB), x[3], x[4]));
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace affekt
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
