// Private: the transforms of a Winograd convolution in one dimension, for one instruction set at a time: F(4, 3) with
// the points 0, 1, -1, 2, -2 and infinity (Lavin & Gray, CVPR 2016), F(3, 3) without the last but one.
#if defined(AFFEKT_INFER_WINOGRAD_TRANSFORMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef AFFEKT_INFER_WINOGRAD_TRANSFORMS_INL_H_
#undef AFFEKT_INFER_WINOGRAD_TRANSFORMS_INL_H_
#else
#define AFFEKT_INFER_WINOGRAD_TRANSFORMS_INL_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace affekt {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// y = B^T x: values.
template <int kTile, class Tag, class V>
HWY_ATTR HWY_INLINE void InputTransform(Tag tag, const V (&x)[kTile + 2], V (&y)[kTile + 2]) {
  const V two = hn::Set(tag, 2.0F);
  if constexpr (kTile == 4) {
    const V four = hn::Set(tag, 4.0F), five = hn::Set(tag, 5.0F);
    const V even = hn::NegMulAdd(four, x[2], x[4]), odd = hn::NegMulAdd(four, x[1], x[3]);
    const V far = hn::Sub(x[4], x[2]), step = hn::Sub(x[3], x[1]);
    y[0] = hn::MulAdd(four, x[0], hn::NegMulAdd(five, x[2], x[4]));
    y[1] = hn::Add(even, odd);
    y[2] = hn::Sub(even, odd);
    y[3] = hn::MulAdd(two, step, far);
    y[4] = hn::NegMulAdd(two, step, far);
    y[5] = hn::MulAdd(four, x[1], hn::NegMulAdd(five, x[3], x[5]));
  } else {
    const V rise = hn::Sub(x[3], x[1]);
    y[0] = hn::MulAdd(two, hn::Sub(x[0], x[2]), rise);
    y[1] = hn::NegMulAdd(two, x[1], hn::Sub(x[3], x[2]));
    y[2] = hn::MulAdd(two, x[1], hn::NegMulAdd(hn::Set(tag, 3.0F), x[2], x[3]));
    y[3] = rise;
    y[4] = hn::NegMulAdd(two, rise, hn::Sub(x[4], x[2]));
  }
}

/// y = A^T x: products.
template <int kTile, class Tag, class V>
HWY_ATTR HWY_INLINE void OutputTransform(Tag tag, const V (&x)[kTile + 2], V (&y)[kTile]) {
  const V sum = hn::Add(x[1], x[2]), difference = hn::Sub(x[1], x[2]);
  const V two = hn::Set(tag, 2.0F), four = hn::Set(tag, 4.0F);
  if constexpr (kTile == 4) {
    const V far_sum = hn::Add(x[3], x[4]), far_difference = hn::Sub(x[3], x[4]);
    y[0] = hn::Add(hn::Add(x[0], sum), far_sum);
    y[1] = hn::MulAdd(two, far_difference, difference);
    y[2] = hn::MulAdd(four, far_sum, sum);
    y[3] = hn::Add(hn::MulAdd(hn::Set(tag, 8.0F), far_difference, difference), x[5]);
  } else {
    y[0] = hn::Add(hn::Add(x[0], sum), x[3]);
    y[1] = hn::MulAdd(two, x[3], difference);
    y[2] = hn::Add(hn::MulAdd(four, x[3], sum), x[4]);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace affekt
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
