#include "nn/augment.h"

#include <cmath>

#include "affekt/core/random.h"

namespace affekt {
namespace {

constexpr std::uint64_t kAugmentStream = 0x6175670000000000ULL;
constexpr double kDegree = 3.14159265358979323846 / 180.0;

/// Rows of the matrix that maps output to input positions, both in -1..1 over the picture.
void write_inverse(const Warp& warp, float* out) {
  // Forward: y = zoom * R(angle) * F * x + t, so x = F * R(-angle) * (y - t) / zoom. The vertical axis points down,
  // which turns a counter-clockwise angle into a clockwise one.
  const double c = std::cos(warp.angle) / warp.zoom;
  const double s = std::sin(warp.angle) / warp.zoom;
  const double tx = 2.0 * warp.shift_x;
  const double ty = 2.0 * warp.shift_y;
  const double mirror = warp.flip ? -1.0 : 1.0;
  const double a[6] = {mirror * c, -mirror * s, mirror * (-c * tx + s * ty), s, c, -s * tx - c * ty};
  for (int i = 0; i < 6; ++i) out[i] = static_cast<float>(a[i]);
}

}  // namespace

AugmentPolicy light_augmentation() { return {0.5, 10.0, 0.1, 0.15}; }
AugmentPolicy paper_augmentation() { return {0.5, 10.0, 0.1, 0.2}; }

Warp draw_warp(const AugmentPolicy& policy, std::uint64_t seed, std::uint64_t epoch, std::uint64_t row) {
  RandomStream random(seed, kAugmentStream ^ (epoch << 34) ^ row);
  Warp warp;
  warp.flip = random.uniform() < policy.flip;
  warp.angle = random.uniform(-policy.rotation, policy.rotation) * kDegree;
  warp.zoom = random.uniform(1.0 - policy.zoom, 1.0 + policy.zoom);
  warp.shift_x = random.uniform(-policy.shift, policy.shift);
  warp.shift_y = random.uniform(-policy.shift, policy.shift);
  return warp;
}

at::Tensor warp_faces(const at::Tensor& pixels, const std::vector<Warp>& warps) {
  const at::NoGradGuard no_grad;
  const auto n = static_cast<std::int64_t>(warps.size());
  at::Tensor theta = at::empty({n, 2, 3}, at::kFloat);
  float* out = theta.data_ptr<float>();
  for (const Warp& warp : warps) {
    write_inverse(warp, out);
    out += 6;
  }
  const at::Tensor grid = at::affine_grid_generator(theta.to(pixels.device()), pixels.sizes(), false);
  constexpr std::int64_t kBilinear = 0;
  constexpr std::int64_t kBorder = 1;
  return at::grid_sampler(pixels, grid, kBilinear, kBorder, false);
}

}  // namespace affekt
