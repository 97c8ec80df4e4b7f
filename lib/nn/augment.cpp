#include "nn/augment.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "affekt/core/random.h"
#include "affekt/data/dataset.h"

namespace affekt {
namespace {

constexpr std::uint64_t kAugmentStream = 0x6175670000000000ULL;
constexpr double kDegree = 3.14159265358979323846 / 180.0;
constexpr double kWhite = 255.0;

/// Rows of a matrix that maps output to input positions, both in -1..1 over the picture.
using Inverse = std::array<double, 6>;

Inverse inverse_of(const Warp& warp, double side) {
  // Forward: y = Z * R(angle) * S * F * x + t, so x = F * S^-1 * R(-angle) * Z^-1 * (y - t), Z the factors of width and
  // height. The vertical axis points down, which turns a counter-clockwise angle into a clockwise one.
  const double zoom_x = warp.zoom * warp.stretch_x;
  const double zoom_y = warp.zoom * warp.stretch_y;
  const double lean = std::tan(warp.shear);
  const double tx = 2.0 * warp.shift_x + 2.0 * warp.crop_x / side;
  const double ty = 2.0 * warp.shift_y + 2.0 * warp.crop_y / side;
  const double c = std::cos(warp.angle);
  const double s = std::sin(warp.angle);
  const double mirror = warp.flip ? -1.0 : 1.0;
  const double yx = s / zoom_x;
  const double yy = c / zoom_y;
  const double xx = c / zoom_x + lean * yx;
  const double xy = -s / zoom_y + lean * yy;
  return {mirror * xx, mirror * xy, mirror * (-xx * tx - xy * ty), yx, yy, -yx * tx - yy * ty};
}

/// True if every pixel goes to the place of a pixel: mirrors, quarter turns and whole shifts, and nothing else.
bool keeps_pixels(const Inverse& inverse, double side) {
  constexpr double kHair = 1e-9;
  const auto whole = [](double x) { return std::abs(x - std::round(x)) < kHair; };
  const auto one_axis = [&whole](double a, double b) {
    return whole(a) && whole(b) && std::round(std::abs(a) + std::abs(b)) == 1.0;  // NOLINT: whole numbers
  };
  const bool two_axes = std::round(std::abs(inverse[0])) == std::round(std::abs(inverse[4]));  // NOLINT: whole numbers
  return two_axes && one_axis(inverse[0], inverse[1]) && one_axis(inverse[3], inverse[4]) &&
         whole(inverse[2] * side / 2) && whole(inverse[5] * side / 2);
}

PixelBox draw_box(const AugmentPolicy& policy, RandomStream& random) {
  constexpr double kLongest = 3.0;
  const auto area = static_cast<double>(kFacePixels);
  const double share = random.uniform(policy.erase_smallest, policy.erase_largest) * area;
  const double ratio = std::exp(random.uniform(-std::log(kLongest), std::log(kLongest)));
  // Whole rows and columns whose product stays within the range.
  const auto fitted = [](double length, double shortest, double longest) {
    const double least = std::ceil(shortest);
    return static_cast<std::int64_t>(std::clamp(std::round(length), least, std::max(least, std::floor(longest))));
  };
  PixelBox box;
  box.height = fitted(std::sqrt(share * ratio), 1, kFaceSide);
  const auto rows = static_cast<double>(box.height);
  box.width = fitted(share / rows, policy.erase_smallest * area / rows,
                     std::min<double>(policy.erase_largest * area / rows, kFaceSide));
  box.top = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(kFaceSide - box.height + 1)));
  box.left = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(kFaceSide - box.width + 1)));
  return box;
}

/// Middles of the pixels along one axis, in -1..1 over the picture.
at::Tensor middles(std::int64_t side, const at::Tensor& like) {
  return at::arange(side, like.options()).mul_(2).add_(1).div_(static_cast<double>(side)).sub_(1);
}

/// Where each output pixel comes from: (n, side, side, 2). Elementwise, so that a face's places do not depend on the
/// batch it is in, and laid out as all x, all y of a face, which the sampler reads fastest.
at::Tensor sampling_grid(const at::Tensor& pixels, const std::vector<Inverse>& inverses) {
  at::Tensor theta = at::empty({static_cast<std::int64_t>(inverses.size()), 2, 3}, at::kFloat);
  float* out = theta.data_ptr<float>();
  for (const Inverse& inverse : inverses) {
    out = std::transform(inverse.begin(), inverse.end(), out, [](double x) { return static_cast<float>(x); });
  }
  theta = theta.to(pixels.device()).unsqueeze(3);
  const auto column = [&theta](std::int64_t i) { return theta.narrow(2, i, 1); };  // (n, 2, 1, 1)
  const at::Tensor across = column(0).mul(middles(pixels.size(3), theta)).add_(column(2));
  const at::Tensor down = column(1).mul(middles(pixels.size(2), theta).unsqueeze(1));
  return across.add(down).permute({0, 2, 3, 1});
}

/// `nearest` copies pixels, else they are interpolated.
at::Tensor sample(const at::Tensor& pixels, const std::vector<Inverse>& inverses, bool nearest) {
  constexpr std::int64_t kBilinear = 0;
  constexpr std::int64_t kNearest = 1;
  constexpr std::int64_t kBorder = 1;
  return at::grid_sampler(pixels, sampling_grid(pixels, inverses), nearest ? kNearest : kBilinear, kBorder, false);
}

at::Tensor index_tensor(const std::vector<std::int64_t>& values, at::Device device) {
  at::Tensor out = at::empty({static_cast<std::int64_t>(values.size())}, at::kLong);
  std::copy(values.begin(), values.end(), out.data_ptr<std::int64_t>());
  return out.to(device);
}

at::Tensor warp_faces(const at::Tensor& pixels, const std::vector<FaceChange>& changes) {
  const auto side = static_cast<double>(pixels.size(3));
  std::vector<Inverse> inverses;
  std::vector<Inverse> kept;
  std::vector<std::int64_t> kept_rows;
  for (const FaceChange& change : changes) {
    inverses.push_back(inverse_of(change.warp, side));
    if (!keeps_pixels(inverses.back(), side)) continue;
    kept.push_back(inverses.back());
    kept_rows.push_back(static_cast<std::int64_t>(inverses.size()) - 1);
  }
  if (kept.size() == changes.size()) return sample(pixels, kept, /*nearest=*/true);
  at::Tensor out = sample(pixels, inverses, /*nearest=*/false);
  if (kept.empty()) return out;
  const at::Tensor rows = index_tensor(kept_rows, pixels.device());
  return out.index_copy_(0, rows, sample(pixels.index_select(0, rows), kept, /*nearest=*/true));
}

/// One number a face, to be multiplied with pixels.
template <typename Value>
at::Tensor per_face(const std::vector<FaceChange>& changes, at::Device device, const Value& value) {
  at::Tensor out = at::empty({static_cast<std::int64_t>(changes.size()), 1, 1, 1}, at::kFloat);
  float* values = out.data_ptr<float>();
  for (const FaceChange& change : changes) *values++ = static_cast<float>(value(change));
  return out.to(device);
}

at::Tensor change_light(const at::Tensor& pixels, const std::vector<FaceChange>& changes) {
  const at::Tensor factor = per_face(changes, pixels.device(), [](const FaceChange& c) { return c.contrast; });
  const at::Tensor added =
      per_face(changes, pixels.device(), [](const FaceChange& c) { return c.brightness * kWhite; });
  // (x - middle) * factor + middle + added, in a form that gives x itself for a factor of 1 and nothing added. The
  // middle is that of the scale: a face's own mean would be summed in another order in another batch.
  const at::Tensor constant = factor.neg().add(1).mul(kWhite / 2).add(added);
  return pixels.mul(factor).add_(constant).clamp_(0, kWhite);
}

}  // namespace

AugmentPolicy light_augmentation() {
  AugmentPolicy policy;
  policy.flip = 0.5;
  policy.rotation = 10.0;
  policy.shift = 0.1;
  policy.zoom = 0.15;
  return policy;
}

AugmentPolicy paper_augmentation() {
  AugmentPolicy policy = light_augmentation();
  policy.zoom = 0.2;
  return policy;
}

AugmentPolicy strong_augmentation() {
  AugmentPolicy policy;
  policy.flip = 0.5;
  policy.rotation = 15.0;
  policy.zoom = 0.2;
  policy.stretch = 0.1;
  policy.shear = 10.0;
  policy.crop = 5;
  policy.brightness = 0.2;
  policy.contrast = 0.3;
  policy.erase = 0.5;
  return policy;
}

FaceChange draw_change(const AugmentPolicy& policy, std::uint64_t seed, std::uint64_t epoch, std::uint64_t row) {
  RandomStream random(seed, kAugmentStream ^ (epoch << 34) ^ row);
  FaceChange change;
  Warp& warp = change.warp;
  // New draws go to the end: the earlier ones then stay what they were.
  warp.flip = random.uniform() < policy.flip;
  warp.angle = random.uniform(-policy.rotation, policy.rotation) * kDegree;
  warp.zoom = random.uniform(1.0 - policy.zoom, 1.0 + policy.zoom);
  warp.shift_x = random.uniform(-policy.shift, policy.shift);
  warp.shift_y = random.uniform(-policy.shift, policy.shift);
  warp.stretch_x = random.uniform(1.0 - policy.stretch, 1.0 + policy.stretch);
  warp.stretch_y = random.uniform(1.0 - policy.stretch, 1.0 + policy.stretch);
  warp.shear = random.uniform(-policy.shear, policy.shear) * kDegree;
  const auto places = static_cast<double>(2 * policy.crop + 1);
  warp.crop_x = static_cast<int>(random.uniform() * places) - policy.crop;
  warp.crop_y = static_cast<int>(random.uniform() * places) - policy.crop;
  change.brightness = random.uniform(-policy.brightness, policy.brightness);
  change.contrast = random.uniform(1.0 - policy.contrast, 1.0 + policy.contrast);
  change.fill = static_cast<int>(random.uniform() * (kWhite + 1));
  if (random.uniform() < policy.erase) change.erased = draw_box(policy, random);
  return change;
}

at::Tensor augment_faces(const at::Tensor& pixels, const std::vector<FaceChange>& changes) {
  const at::NoGradGuard no_grad;
  at::Tensor out = warp_faces(pixels, changes);
  const auto any = [&changes](const auto& of) { return std::any_of(changes.begin(), changes.end(), of); };
  // NOLINTNEXTLINE(clang-diagnostic-float-equal): a range of nothing draws just these.
  if (any([](const FaceChange& c) { return c.brightness != 0 || c.contrast != 1; })) out = change_light(out, changes);
  if (any([](const FaceChange& c) { return c.erased.area() > 0; })) {
    std::vector<PixelBox> boxes;
    boxes.reserve(changes.size());
    for (const FaceChange& change : changes) boxes.push_back(change.erased);
    const at::Tensor fill = per_face(changes, pixels.device(), [](const FaceChange& c) { return c.fill; });
    out = at::lerp(out, fill, box_masks(boxes, pixels.size(2), pixels.size(3), pixels.device()));
  }
  return out;
}

at::Tensor box_masks(const std::vector<PixelBox>& boxes, std::int64_t height, std::int64_t width, at::Device device) {
  const auto n = static_cast<std::int64_t>(boxes.size());
  at::Tensor rows = at::zeros({n, 1, height, 1}, at::kFloat);
  at::Tensor columns = at::zeros({n, 1, 1, width}, at::kFloat);
  for (std::int64_t i = 0; i < n; ++i) {
    const PixelBox& box = boxes[static_cast<std::size_t>(i)];
    if (box.area() == 0) continue;
    std::fill_n(rows.data_ptr<float>() + i * height + box.top, box.height, 1.0F);
    std::fill_n(columns.data_ptr<float>() + i * width + box.left, box.width, 1.0F);
  }
  return rows.to(device).mul(columns.to(device));
}

}  // namespace affekt
