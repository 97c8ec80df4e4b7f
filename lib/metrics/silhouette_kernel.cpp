#include "metrics/silhouette_kernel.h"

#include <array>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/silhouette_kernel.cpp"
#include <hwy/foreach_target.h>
// Highway wants this order.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace affekt {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Lanes never mix, so vectors of any width give the same bits.
HWY_ATTR double SumOfDistances(const float* data, const float* weights, std::size_t begin, std::size_t end,
                               std::size_t d, const float* point) {
  const hn::CappedTag<float, kSilhouetteLanes> tag;
  HWY_ALIGN std::array<float, kSilhouetteLanes> lanes;
  for (std::size_t lane = 0; lane < kSilhouetteLanes; lane += hn::Lanes(tag)) {
    auto total = hn::Zero(tag);
    for (std::size_t b = begin; b < end; ++b) {
      const float* x = data + b * d * kSilhouetteLanes + lane;
      auto squared = hn::Zero(tag);
      for (std::size_t j = 0; j < d; ++j) {
        const auto difference = hn::Sub(hn::LoadU(tag, x + j * kSilhouetteLanes), hn::Set(tag, point[j]));
        squared = hn::Add(squared, hn::Mul(difference, difference));
      }
      const auto weight = hn::LoadU(tag, weights + b * kSilhouetteLanes + lane);
      total = hn::Add(total, hn::Mul(hn::Sqrt(squared), weight));
    }
    hn::Store(total, tag, lanes.data() + lane);
  }
  double sum = 0;
  for (const float lane : lanes) sum += double{lane};
  return sum;
}

}  // namespace HWY_NAMESPACE
}  // namespace affekt
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace affekt {

HWY_EXPORT(SumOfDistances);

double sum_of_distances(const float* data, const float* weights, std::size_t begin, std::size_t end, std::size_t d,
                        const float* point) {
  return HWY_DYNAMIC_DISPATCH(SumOfDistances)(data, weights, begin, end, d, point);
}

}  // namespace affekt
#endif  // HWY_ONCE
