#include "train/adam_kernel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "train/adam_kernel.cpp"
#include <hwy/foreach_target.h>
// Highway wants this order.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace affekt {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// The values at i, one vector of `tag`.
template <class Tag>
HWY_ATTR void AdamAt(Tag tag, float* parameter, float* mean, float* variance, const float* gradient, std::size_t i,
                     const AdamStep& step) {
  auto p = hn::LoadU(tag, parameter + i);
  const auto g = hn::MulAdd(p, hn::Set(tag, step.l2), hn::LoadU(tag, gradient + i));
  const auto m =
      hn::MulAdd(hn::Set(tag, step.beta1), hn::LoadU(tag, mean + i), hn::Mul(hn::Set(tag, 1 - step.beta1), g));
  const auto v = hn::MulAdd(hn::Set(tag, step.beta2), hn::LoadU(tag, variance + i),
                            hn::Mul(hn::Mul(hn::Set(tag, 1 - step.beta2), g), g));
  const auto root = hn::MulAdd(hn::Sqrt(v), hn::Set(tag, step.root_scale), hn::Set(tag, step.epsilon));
  p = hn::NegMulAdd(hn::Set(tag, step.rate), hn::Div(m, root), hn::Mul(p, hn::Set(tag, step.keep)));
  hn::StoreU(p, tag, parameter + i);
  hn::StoreU(m, tag, mean + i);
  hn::StoreU(v, tag, variance + i);
}

HWY_ATTR void AdamUpdate(float* parameter, float* mean, float* variance, const float* gradient, std::size_t n,
                         const AdamStep& step) {
  const hn::ScalableTag<float> tag;
  std::size_t i = 0;
  for (; i + hn::Lanes(tag) <= n; i += hn::Lanes(tag)) AdamAt(tag, parameter, mean, variance, gradient, i, step);
  for (; i < n; ++i) AdamAt(hn::CappedTag<float, 1>(), parameter, mean, variance, gradient, i, step);
}

}  // namespace HWY_NAMESPACE
}  // namespace affekt
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace affekt {

HWY_EXPORT(AdamUpdate);

void adam_update(float* parameter, float* mean, float* variance, const float* gradient, std::size_t n,
                 const AdamStep& step) {
  HWY_DYNAMIC_DISPATCH(AdamUpdate)(parameter, mean, variance, gradient, n, step);
}

}  // namespace affekt
#endif
