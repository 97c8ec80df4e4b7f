#include "infer/elementwise.h"

#include <algorithm>
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "infer/elementwise.cpp"
#include <hwy/foreach_target.h>
// Highway wants this order.
#include <hwy/highway.h>

#include "infer/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace affekt {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// One vector of n values from `in` to `out`, at place i.
template <class Tag>
HWY_ATTR HWY_INLINE void ActivateAt(Tag tag, ElementwiseOp::Kind kind, const float* in, float* out, std::size_t i) {
  hn::StoreU(Activated(tag, kind, hn::LoadU(tag, in + i)), tag, out + i);
}

HWY_ATTR void Activate(ElementwiseOp::Kind kind, const float* in, float* out, std::size_t n) {
  const hn::ScalableTag<float> tag;
  std::size_t i = 0;
  for (; i + hn::Lanes(tag) <= n; i += hn::Lanes(tag)) ActivateAt(tag, kind, in, out, i);
  for (; i < n; ++i) ActivateAt(hn::CappedTag<float, 1>(), kind, in, out, i);
}

template <class Tag>
HWY_ATTR HWY_INLINE void AddAt(Tag tag, const float* other, const float* in, float* out, std::size_t i) {
  hn::StoreU(hn::Add(hn::LoadU(tag, in + i), hn::LoadU(tag, other + i)), tag, out + i);
}

HWY_ATTR void Add(const float* other, const float* in, float* out, std::size_t n) {
  const hn::ScalableTag<float> tag;
  std::size_t i = 0;
  for (; i + hn::Lanes(tag) <= n; i += hn::Lanes(tag)) AddAt(tag, other, in, out, i);
  for (; i < n; ++i) AddAt(hn::CappedTag<float, 1>(), other, in, out, i);
}

/// x * scale + shift; without shifts x * scale. The operands are lane i of `scale` and `shift`.
template <class Tag>
HWY_ATTR HWY_INLINE void AffineAt(Tag tag, const float* scale, const float* shift, const float* in, float* out,
                                  std::size_t i) {
  const auto x = hn::LoadU(tag, in + i), factor = hn::LoadU(tag, scale + i);
  const auto y = shift == nullptr ? hn::Mul(x, factor) : hn::MulAdd(x, factor, hn::LoadU(tag, shift + i));
  hn::StoreU(y, tag, out + i);
}

/// `positions` rows of `inner` values, each lane with its own scale and shift.
HWY_ATTR void AffineLanes(const float* scale, const float* shift, const float* in, float* out, std::size_t positions,
                          std::size_t inner) {
  const hn::ScalableTag<float> tag;
  const hn::CappedTag<float, 8> eight;  // blocks of eight channels on wider vectors
  for (std::size_t p = 0; p < positions; ++p, in += inner, out += inner) {
    std::size_t i = 0;
    for (; i + hn::Lanes(tag) <= inner; i += hn::Lanes(tag)) AffineAt(tag, scale, shift, in, out, i);
    for (; i + hn::Lanes(eight) <= inner; i += hn::Lanes(eight)) AffineAt(eight, scale, shift, in, out, i);
    for (; i < inner; ++i) AffineAt(hn::CappedTag<float, 1>(), scale, shift, in, out, i);
  }
}

template <class Tag>
HWY_ATTR HWY_INLINE void AffinePlaneAt(Tag tag, float scale, float shift, const float* in, float* out, std::size_t i) {
  const auto x = hn::LoadU(tag, in + i);
  hn::StoreU(hn::MulAdd(x, hn::Set(tag, scale), hn::Set(tag, shift)), tag, out + i);
}

/// n values of one channel.
HWY_ATTR void AffinePlane(float scale, float shift, const float* in, float* out, std::size_t n) {
  const hn::ScalableTag<float> tag;
  std::size_t i = 0;
  for (; i + hn::Lanes(tag) <= n; i += hn::Lanes(tag)) AffinePlaneAt(tag, scale, shift, in, out, i);
  for (; i < n; ++i) AffinePlaneAt(hn::CappedTag<float, 1>(), scale, shift, in, out, i);
}

/// One operation on `positions` rows of `inner` values. `at` is their distance from the value's begin.
HWY_ATTR void ApplyOp(const ElementwiseOp& op, std::size_t at, std::size_t operand, const float* in, float* out,
                      std::size_t positions, std::size_t inner) {
  switch (op.kind) {
    case ElementwiseOp::Kind::add:
      return Add(op.first + at, in, out, positions * inner);
    case ElementwiseOp::Kind::scale_shift:
    case ElementwiseOp::Kind::gate: {
      const float* scale = op.first + operand;
      const float* shift = op.second == nullptr ? nullptr : op.second + operand;
      if (inner > 1) return AffineLanes(scale, shift, in, out, positions, inner);
      return AffinePlane(*scale, shift == nullptr ? 0.0F : *shift, in, out, positions);
    }
    default:
      return Activate(op.kind, in, out, positions * inner);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace affekt
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace affekt {

HWY_EXPORT(ApplyOp);

namespace {

/// Values of a piece of work: its passes find them in the first-level cache.
constexpr std::int64_t kTile = 4096;
/// Fewer values than this are done before a second thread has begun.
constexpr std::int64_t kValuesForThreads = 32768;

struct Piece {
  std::int64_t image, group, begin, count;  ///< begin, count: spatial positions.
};

void apply_to_piece(const std::vector<ElementwiseOp>& chain, const ElementwiseShape& shape, const Piece& piece,
                    const float* source, float* target) {
  const std::int64_t plane = piece.image * shape.groups + piece.group;
  const auto at = static_cast<std::size_t>((plane * shape.spatial + piece.begin) * shape.inner);
  const auto positions = static_cast<std::size_t>(piece.count), inner = static_cast<std::size_t>(shape.inner);
  float* out = target + at;
  const float* in = source + at;
  for (const ElementwiseOp& op : chain) {
    const std::int64_t operand = op.kind == ElementwiseOp::Kind::gate ? plane : piece.group;
    HWY_DYNAMIC_DISPATCH(ApplyOp)(op, at, static_cast<std::size_t>(operand) * inner, in, out, positions, inner);
    in = out;
  }
  // sigmoid(0) is not 0: what pads the last block has to be.
  const std::int64_t used = shape.channels - piece.group * shape.inner;
  if (used >= shape.inner) return;
  for (std::size_t p = 0; p < positions; ++p) {
    std::fill(out + p * inner + static_cast<std::size_t>(used), out + (p + 1) * inner, 0.0F);
  }
}

}  // namespace

void apply_elementwise(const std::vector<ElementwiseOp>& chain, const ElementwiseShape& shape, const float* source,
                       float* target) {
  const std::int64_t rows = std::max<std::int64_t>(1, kTile / shape.inner);
  const std::int64_t tiles = (shape.spatial + rows - 1) / rows;
  const std::int64_t pieces = shape.images * shape.groups * tiles;
  const bool many = shape.images * shape.groups * shape.spatial * shape.inner >= kValuesForThreads;
#pragma omp parallel for if (many)
  for (std::int64_t i = 0; i < pieces; ++i) {
    const std::int64_t plane = i / tiles, begin = i % tiles * rows;
    const Piece piece{plane / shape.groups, plane % shape.groups, begin, std::min(rows, shape.spatial - begin)};
    apply_to_piece(chain, shape, piece, source, target);
  }
}

}  // namespace affekt
#endif
