#include "nn/augment.h"

#include "affekt/core/random.h"
#include "support/catch.h"

using namespace affekt;

namespace {

at::Tensor random_faces(std::int64_t n) {
  RandomStream random(7);
  at::Tensor faces = at::empty({n, 1, 48, 48}, at::kFloat);
  float* out = faces.data_ptr<float>();
  for (std::int64_t i = 0; i < faces.numel(); ++i) out[i] = static_cast<float>(random.below(256));
  return faces;
}

double largest_difference(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

constexpr double kGreyLevels = 0.01;  // Positions are fp32: interpolation may be off by a hair of a grey level.

}  // namespace

TEST_CASE("a warp that does nothing gives the face back") {
  const at::Tensor faces = random_faces(3);
  CHECK(largest_difference(warp_faces(faces, std::vector<Warp>(3)), faces) < kGreyLevels);
}

TEST_CASE("a flip mirrors left and right, and only that") {
  const at::Tensor faces = random_faces(2);
  Warp flip;
  flip.flip = true;
  const at::Tensor out = warp_faces(faces, {flip, Warp{}});
  CHECK(largest_difference(out[0], faces[0].flip({2})) < kGreyLevels);
  CHECK(largest_difference(out[1], faces[1]) < kGreyLevels);
}

TEST_CASE("a shift moves right and down and repeats the border") {
  const at::Tensor faces = random_faces(1);
  Warp warp;
  warp.shift_x = 3.0 / 48;
  warp.shift_y = 2.0 / 48;
  const at::Tensor out = warp_faces(faces, {warp});
  const auto inside = [](const at::Tensor& x, std::int64_t top, std::int64_t left) {
    return x.narrow(2, top, 46).narrow(3, left, 45);
  };
  CHECK(largest_difference(inside(out, 2, 3), inside(faces, 0, 0)) < kGreyLevels);
  CHECK(largest_difference(out.narrow(2, 2, 46).narrow(3, 0, 1), faces.narrow(2, 0, 46).narrow(3, 0, 1)) < kGreyLevels);
}

TEST_CASE("a quarter turn is counter-clockwise") {
  at::Tensor face = at::zeros({1, 1, 48, 48});
  face[0][0][24][40] = 255.0F;  // right of the middle
  Warp warp;
  warp.angle = 3.14159265358979323846 / 2;
  const at::Tensor out = warp_faces(face, {warp});
  const std::int64_t at_most = out.flatten().argmax().item<std::int64_t>();
  CHECK(at_most / 48 == 7);  // now above it
  CHECK(at_most % 48 == 24);
}

TEST_CASE("zoom above one enlarges about the middle") {
  at::Tensor face = at::zeros({1, 1, 48, 48});
  face.narrow(2, 16, 16).narrow(3, 16, 16).fill_(1.0);
  Warp warp;
  warp.zoom = 1.5;
  const double area = warp_faces(face, {warp}).sum().item<double>();
  CHECK(area == Approx(16.0 * 16.0 * 1.5 * 1.5).epsilon(0.01));
}

TEST_CASE("warped faces stay between the darkest and the brightest pixel") {
  const at::Tensor faces = random_faces(32);
  std::vector<Warp> warps;
  for (std::uint64_t row = 0; row < 32; ++row) warps.push_back(draw_warp(light_augmentation(), 1, 0, row));
  const at::Tensor out = warp_faces(faces, warps);
  CHECK(out.min().item<double>() >= faces.min().item<double>() - 1e-3);
  CHECK(out.max().item<double>() <= faces.max().item<double>() + 1e-3);
  CHECK(largest_difference(out, faces) > 50);
}

TEST_CASE("a warp depends on seed, epoch and row, and on nothing else") {
  const AugmentPolicy policy = light_augmentation();
  const Warp once = draw_warp(policy, 1, 2, 3);
  const Warp again = draw_warp(policy, 1, 2, 3);
  CHECK(once.angle == again.angle);
  CHECK(once.shift_x == again.shift_x);
  CHECK(draw_warp(policy, 2, 2, 3).angle != once.angle);
  CHECK(draw_warp(policy, 1, 3, 3).angle != once.angle);
  CHECK(draw_warp(policy, 1, 2, 4).angle != once.angle);
}

TEST_CASE("drawn warps fill their ranges and do not leave them") {
  const AugmentPolicy policy = light_augmentation();
  constexpr double kDegree = 3.14159265358979323846 / 180;
  int flips = 0;
  double low = 1, high = 1, angle = 0, shift = 0;
  for (std::uint64_t row = 0; row < 2000; ++row) {
    const Warp warp = draw_warp(policy, 5, 1, row);
    flips += warp.flip ? 1 : 0;
    low = std::min(low, warp.zoom);
    high = std::max(high, warp.zoom);
    angle = std::max(angle, std::abs(warp.angle) / kDegree);
    shift = std::max({shift, std::abs(warp.shift_x), std::abs(warp.shift_y)});
  }
  CHECK(flips > 900);
  CHECK(flips < 1100);
  CHECK(low >= 0.85);
  CHECK(low < 0.86);
  CHECK(high <= 1.15);
  CHECK(high > 1.14);
  CHECK(angle <= 10);
  CHECK(angle > 9.8);
  CHECK(shift <= 0.1);
  CHECK(shift > 0.098);
}

TEST_CASE("the same faces come out whatever the batch they are in") {
  const at::Tensor faces = random_faces(6);
  std::vector<Warp> warps;
  for (std::uint64_t row = 0; row < 6; ++row) warps.push_back(draw_warp(light_augmentation(), 9, 4, row));
  const at::Tensor together = warp_faces(faces, warps);
  const at::Tensor apart = warp_faces(faces.narrow(0, 4, 2), {warps[4], warps[5]});
  CHECK(at::equal(together.narrow(0, 4, 2), apart));
}
