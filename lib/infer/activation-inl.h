// Private: activations of one vector, for one instruction set at a time.
#if defined(AFFEKT_INFER_ACTIVATION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef AFFEKT_INFER_ACTIVATION_INL_H_
#undef AFFEKT_INFER_ACTIVATION_INL_H_
#else
#define AFFEKT_INFER_ACTIVATION_INL_H_
#endif

// Highway wants this order.
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include "infer/elementwise.h"

HWY_BEFORE_NAMESPACE();
namespace affekt {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class Tag, class V>
HWY_ATTR HWY_INLINE V Sigmoid(Tag tag, V x) {
  // exp(88) is still finite; 1 / (1 + exp(88)) is 6e-39.
  const V power = hn::Exp(tag, hn::Min(hn::Neg(x), hn::Set(tag, 88.0F)));
  return hn::Div(hn::Set(tag, 1.0F), hn::Add(hn::Set(tag, 1.0F), power));
}

/// relu, swish or sigmoid.
template <class Tag, class V>
HWY_ATTR HWY_INLINE V Activated(Tag tag, ElementwiseOp::Kind kind, V x) {
  switch (kind) {
    case ElementwiseOp::Kind::swish:
      return hn::Mul(x, Sigmoid(tag, x));
    case ElementwiseOp::Kind::sigmoid:
      return Sigmoid(tag, x);
    default:
      return hn::Max(x, hn::Zero(tag));
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace affekt
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
