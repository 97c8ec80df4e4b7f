#include "train/mix.h"

#include <algorithm>
#include <cmath>

#include "affekt/data/dataset.h"

namespace affekt {
namespace {

constexpr std::uint64_t kMixStream = 0x6d69780000000000ULL;

/// Natural logarithm of a number from Gamma(a, 1). Marsaglia & Tsang, ACM TOMS 2000; for a < 1 with their boost, whose
/// power of a uniform number is kept as a logarithm: for a small a it is below the smallest double.
double draw_log_gamma(double a, RandomStream& random) {
  double boost = 0;
  if (a < 1) {
    boost = std::log1p(-random.uniform()) / a;
    a += 1;
  }
  const double d = a - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double x = random.normal();
    const double v = std::pow(1.0 + c * x, 3);
    if (v <= 0) continue;
    if (std::log1p(-random.uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return std::log(d * v) + boost;
  }
}

/// The box of cutmix for a drawn share of the face, cut off at the border.
PixelBox draw_box(double share, RandomStream& random) {
  const auto side = static_cast<std::int64_t>(std::lround(kFaceSide * std::sqrt(1.0 - share)));
  const auto span = [&](std::int64_t& begin, std::int64_t& length) {
    const auto middle = static_cast<std::int64_t>(random.below(kFaceSide));
    begin = std::clamp<std::int64_t>(middle - side / 2, 0, kFaceSide);
    length = std::clamp<std::int64_t>(middle - side / 2 + side, 0, kFaceSide) - begin;
  };
  PixelBox box;
  span(box.top, box.height);
  span(box.left, box.width);
  return box;
}

}  // namespace

double draw_beta(double a, RandomStream& random) {
  const double x = draw_log_gamma(a, random);
  const double y = draw_log_gamma(a, random);
  return 1.0 / (1.0 + std::exp(y - x));
}

Mix draw_mix(const TrainOptions& options, std::uint64_t epoch, std::uint64_t row) {
  RandomStream random(options.seed, kMixStream ^ (epoch << 34) ^ row);
  Mix mix;
  const bool coin = random.uniform() < 0.5;
  mix.pasted = options.cutmix > 0 && (options.mixup <= 0 || coin);
  mix.share = draw_beta(mix.pasted ? options.cutmix : options.mixup, random);
  if (mix.pasted) {
    mix.box = draw_box(mix.share, random);
    mix.share = 1.0 - static_cast<double>(mix.box.area()) / static_cast<double>(kFacePixels);
  }
  return mix;
}

at::Tensor mix_faces(const at::Tensor& faces, const at::Tensor& partners, const std::vector<Mix>& mixes) {
  const at::NoGradGuard no_grad;
  // How much of each pixel is the partner's: the same number all over the face, or 1 in the box and 0 around it.
  at::Tensor blended = at::empty({faces.size(0), 1, 1, 1}, at::kFloat);
  std::vector<PixelBox> boxes;
  float* out = blended.data_ptr<float>();
  bool any_box = false;
  for (const Mix& mix : mixes) {
    *out++ = mix.pasted ? 0.0F : static_cast<float>(1.0 - mix.share);
    boxes.push_back(mix.pasted ? mix.box : PixelBox{});
    any_box = any_box || boxes.back().area() > 0;
  }
  blended = blended.to(faces.device());
  if (any_box) blended = box_masks(boxes, faces.size(2), faces.size(3), faces.device()).add_(blended);
  return at::lerp(faces, partners, blended);
}

MixedTargets mix_targets(const MixedTargets& faces, const MixedTargets& partners, const at::Tensor& shares) {
  const at::Tensor own = faces.weights.mul(shares);
  const at::Tensor others = partners.weights.mul(shares.neg().add(1));
  MixedTargets out;
  out.weights = own.add(others);
  const at::Tensor part = own.div(out.weights).unsqueeze(1);
  out.targets = faces.targets.mul(part).add(partners.targets.mul(part.neg().add(1)));
  return out;
}

}  // namespace affekt
