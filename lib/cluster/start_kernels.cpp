#include <algorithm>
#include <array>
#include <vector>

#include "cluster/kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cluster/start_kernels.cpp"
#include <hwy/foreach_target.h>
// Highway wants this order.
#include <hwy/highway.h>

#include "cluster/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace affekt {
namespace HWY_NAMESPACE {

HWY_ATTR double LowerNearest(const Points& points, std::size_t begin, std::size_t end, const float* center,
                             float* nearest) {
  const Floats tag;
  const std::size_t d = points.d;
  std::array<double, kLanes> lanes{};
  for (std::size_t b = begin; b < end; ++b) {
    for (std::size_t lane = 0; lane < kLanes; lane += hn::Lanes(tag)) {
      const float* x = points.data.data() + b * d * kLanes + lane;
      V sum = hn::Zero(tag);
      for (std::size_t j = 0; j < d; ++j) {
        sum = add_square(sum, hn::LoadU(tag, x + j * kLanes), hn::Set(tag, center[j]));
      }
      float* place = nearest + b * kLanes + lane;
      sum = hn::Min(sum, hn::LoadU(tag, place));
      hn::StoreU(sum, tag, place);
      add_lanes(sum, lanes.data() + lane);
    }
  }
  double total = 0;
  for (const double lane : lanes) total += lane;
  return total;
}

HWY_ATTR void CandidateTotals(const Points& points, std::size_t begin, std::size_t end,
                              const PaddedCentroids& candidates, const float* nearest, double* totals) {
  const Floats tag;
  const std::size_t d = points.d;
  std::vector<double> lanes(4 * kLanes);
  for (std::size_t c = 0; c < candidates.padded(); c += 4) {
    const float* centers = candidates.data.data() + c * d;
    std::fill(lanes.begin(), lanes.end(), 0.0);
    for (std::size_t first = begin; first < end; first += kTile) {
      for (std::size_t lane = 0; lane < kLanes; lane += hn::Lanes(tag)) {
        V s0 = hn::Zero(tag), s1 = s0, s2 = s0, s3 = s0;
        for (std::size_t b = first; b < std::min(end, first + kTile); ++b) {
          const Four distance = four_distances(tag, points.data.data() + b * d * kLanes + lane, centers, d);
          const V old = hn::LoadU(tag, nearest + b * kLanes + lane);
          s0 = hn::Add(s0, hn::Min(old, distance.a));
          s1 = hn::Add(s1, hn::Min(old, distance.b));
          s2 = hn::Add(s2, hn::Min(old, distance.c));
          s3 = hn::Add(s3, hn::Min(old, distance.e));
        }
        add_lanes(s0, lanes.data() + lane);
        add_lanes(s1, lanes.data() + kLanes + lane);
        add_lanes(s2, lanes.data() + 2 * kLanes + lane);
        add_lanes(s3, lanes.data() + 3 * kLanes + lane);
      }
    }
    for (std::size_t i = 0; i < lanes.size(); ++i) totals[c + i / kLanes] += lanes[i];
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace affekt
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace affekt {

HWY_EXPORT(LowerNearest);
HWY_EXPORT(CandidateTotals);

double lower_nearest(const Points& points, std::size_t begin, std::size_t end, const float* center, float* nearest) {
  return HWY_DYNAMIC_DISPATCH(LowerNearest)(points, begin, end, center, nearest);
}

void candidate_totals(const Points& points, std::size_t begin, std::size_t end, const PaddedCentroids& candidates,
                      const float* nearest, double* totals) {
  HWY_DYNAMIC_DISPATCH(CandidateTotals)(points, begin, end, candidates, nearest, totals);
}

}  // namespace affekt
#endif  // HWY_ONCE
