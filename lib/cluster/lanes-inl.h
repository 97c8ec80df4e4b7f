// Private: vector code that the kernels of k-means and of its start share, for one instruction set at a time.
//
// Lanes never mix inside these loops, so vectors of 4, 8 or 16 floats give the same bits. A square is added with one
// rounding (fused multiply-add); CPUs without that instruction compute the same in double precision, slower.
#if defined(AFFEKT_CLUSTER_LANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef AFFEKT_CLUSTER_LANES_INL_H_
#undef AFFEKT_CLUSTER_LANES_INL_H_
#else
#define AFFEKT_CLUSTER_LANES_INL_H_
#endif

#include <hwy/highway.h>

#include <limits>

#include "cluster/points.h"

HWY_BEFORE_NAMESPACE();
namespace affekt {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, kLanes>;
using Ints = hn::Rebind<std::int32_t, Floats>;
using V = hn::Vec<Floats>;
using VI = hn::Vec<Ints>;

constexpr std::size_t kTile = 16;  // blocks whose sums stay in float before they go to double

using Doubles = hn::CappedTag<double, kLanes>;
using Halves = hn::Rebind<float, Doubles>;  // as many floats as a vector has doubles

#if HWY_TARGET == HWY_SSE2 || HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_EMU128 || \
    HWY_TARGET == HWY_SCALAR
// x * x + sum, rounded once. The product is exact in double; the sum is rounded to odd, so that rounding it again to
// single precision gives what one rounding gives (Boldo and Melquiond, IEEE Trans. Comput. 57(4), 2008). sum >= 0.
HWY_ATTR HWY_INLINE V fused_square(V x, V sum) {
  const Floats tag;
  const Doubles wide;
  const Halves narrow;
  const hn::RebindToUnsigned<Doubles> bits;
  HWY_ALIGN float xs[kLanes], sums[kLanes];
  hn::Store(x, tag, xs);
  hn::Store(sum, tag, sums);
  for (std::size_t i = 0; i < hn::Lanes(tag); i += hn::Lanes(wide)) {
    const auto root = hn::PromoteTo(wide, hn::Load(narrow, xs + i));
    const auto square = hn::Mul(root, root), old = hn::PromoteTo(wide, hn::Load(narrow, sums + i));
    const auto total = hn::Add(square, old);
    const auto part = hn::Sub(total, square);  // Knuth's two-sum: `rest` is what rounding took
    const auto rest = hn::Add(hn::Sub(square, hn::Sub(total, part)), hn::Sub(old, part));
    const auto one = hn::Set(bits, 1), whole = hn::BitCast(bits, total);
    const auto finite = hn::Lt(total, hn::Set(wide, std::numeric_limits<double>::infinity()));
    const auto even = hn::And(finite, hn::RebindMask(wide, hn::Eq(hn::And(whole, one), hn::Zero(bits))));
    const auto up = hn::And(even, hn::Gt(rest, hn::Zero(wide))), down = hn::And(even, hn::Lt(rest, hn::Zero(wide)));
    const auto odd = hn::Sub(hn::Add(whole, hn::IfThenElseZero(hn::RebindMask(bits, up), one)),
                             hn::IfThenElseZero(hn::RebindMask(bits, down), one));
    hn::Store(hn::DemoteTo(narrow, hn::BitCast(wide, odd)), narrow, sums + i);
  }
  return hn::Load(tag, sums);
}
#else
HWY_ATTR HWY_INLINE V fused_square(V x, V sum) { return hn::MulAdd(x, x, sum); }
#endif

HWY_ATTR HWY_INLINE V add_square(V sum, V x, V center) { return fused_square(hn::Sub(x, center), sum); }

// Squared distances of one vector of rows to four centroids, d values apart.
struct Four {
  V a, b, c, e;
};

HWY_ATTR HWY_INLINE void add_four(Floats tag, Four& sum, V x, const float* centers, std::size_t d) {
  sum.a = add_square(sum.a, x, hn::Set(tag, centers[0]));
  sum.b = add_square(sum.b, x, hn::Set(tag, centers[d]));
  sum.c = add_square(sum.c, x, hn::Set(tag, centers[2 * d]));
  sum.e = add_square(sum.e, x, hn::Set(tag, centers[3 * d]));
}

HWY_ATTR HWY_INLINE Four four_distances(Floats tag, const float* x, const float* centers, std::size_t d) {
  Four sum{hn::Zero(tag), hn::Zero(tag), hn::Zero(tag), hn::Zero(tag)};
  for (std::size_t j = 0; j < d; ++j) add_four(tag, sum, hn::LoadU(tag, x + j * kLanes), centers + j, d);
  return sum;
}

// Adds floats to as many doubles; `count` is a multiple of the vectors' lanes.
HWY_ATTR HWY_INLINE void add_wide(const float* values, std::size_t count, double* lanes) {
  const Doubles wide;
  for (std::size_t lane = 0; lane < count; lane += hn::Lanes(wide)) {
    const auto more = hn::PromoteTo(wide, hn::Load(Halves(), values + lane));
    hn::StoreU(hn::Add(hn::LoadU(wide, lanes + lane), more), wide, lanes + lane);
  }
}

HWY_ATTR HWY_INLINE void add_lanes(V values, double* lanes) {
  const Floats tag;
  HWY_ALIGN float parts[kLanes];
  hn::Store(values, tag, parts);
  add_wide(parts, hn::Lanes(tag), lanes);
}

}  // namespace HWY_NAMESPACE
}  // namespace affekt
HWY_AFTER_NAMESPACE();

#endif  // AFFEKT_CLUSTER_LANES_INL_H_
