#include "nn/augment.h"

#include "affekt/core/random.h"
#include "affekt/data/dataset.h"
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

FaceChange warped(const Warp& warp) {
  FaceChange change;
  change.warp = warp;
  return change;
}

std::vector<FaceChange> drawn(const AugmentPolicy& policy, std::uint64_t rows) {
  std::vector<FaceChange> changes;
  for (std::uint64_t row = 0; row < rows; ++row) changes.push_back(draw_change(policy, 9, 4, row));
  return changes;
}

constexpr double kPi = 3.14159265358979323846;
constexpr double kGreyLevels = 0.01;  // Positions are fp32: interpolation may be off by a hair of a grey level.

}  // namespace

TEST_CASE("a change that does nothing gives the face back exactly") {
  const at::Tensor faces = random_faces(3);
  CHECK(at::equal(augment_faces(faces, std::vector<FaceChange>(3)), faces));
  const at::Tensor between = faces.mul(0.37);
  CHECK(at::equal(augment_faces(between, std::vector<FaceChange>(3)), between));
  // A policy without ranges draws such changes.
  CHECK(at::equal(augment_faces(faces, drawn(AugmentPolicy{}, 3)), faces));
}

TEST_CASE("a mirror is exact, also beside faces that are interpolated") {
  const at::Tensor faces = random_faces(3);
  Warp flip, turn;
  flip.flip = true;
  turn.angle = 0.3;
  const at::Tensor out = augment_faces(faces, {warped(flip), warped(turn), FaceChange{}});
  CHECK(at::equal(out[0], faces[0].flip({2})));
  CHECK(largest_difference(out[1], faces[1]) > 50);
  CHECK(at::equal(out[2], faces[2]));
}

TEST_CASE("a face is mirrored first and shifted then, to the same side as any other") {
  const at::Tensor faces = random_faces(1);
  Warp shift;
  shift.shift_x = 5 / 48.0;
  shift.shift_y = -3 / 48.0;
  Warp both = shift;
  both.flip = true;
  CHECK(at::equal(augment_faces(faces, {warped(both)}), augment_faces(faces.flip({3}), {warped(shift)})));
}

TEST_CASE("quarter turns are exact and counter-clockwise") {
  const at::Tensor faces = random_faces(2);
  for (int quarters = -3; quarters <= 4; ++quarters) {
    CAPTURE(quarters);
    Warp warp;
    warp.angle = quarters * kPi / 2;
    const at::Tensor out = augment_faces(faces, {warped(warp), warped(warp)});
    CHECK(at::equal(out, at::rot90(faces, quarters, {2, 3})));  // at::rot90 turns from the first axis to the second
  }
}

TEST_CASE("an interpolated turn goes the same way") {
  at::Tensor face = at::zeros({1, 1, 48, 48});
  face[0][0][24][40] = 255.0F;  // right of the middle
  Warp warp;
  warp.angle = kPi / 2 - 0.001;
  const at::Tensor out = augment_faces(face, {warped(warp)});
  const std::int64_t at_most = out.flatten().argmax().item<std::int64_t>();
  CHECK(at_most / 48 == 7);  // now above it
  CHECK(at_most % 48 == 24);
}

TEST_CASE("a crop of a padded face is a whole shift, and repeats the border") {
  const at::Tensor faces = random_faces(1);
  const at::Tensor padded = at::replication_pad2d(faces, {5, 5, 5, 5});
  for (const int x : {-5, 0, 3}) {
    for (const int y : {-4, 5}) {
      CAPTURE(x, y);
      Warp crop, shift;
      crop.crop_x = x;
      crop.crop_y = y;
      shift.shift_x = x / 48.0;
      shift.shift_y = y / 48.0;
      const at::Tensor out = augment_faces(faces, {warped(crop)});
      CHECK(at::equal(out, padded.narrow(2, 5 - y, 48).narrow(3, 5 - x, 48)));
      CHECK(at::equal(out, augment_faces(faces, {warped(shift)})));
    }
  }
}

TEST_CASE("a shift by a fraction of a pixel lies between its neighbours") {
  const at::Tensor faces = random_faces(1);
  Warp warp;
  warp.shift_x = 0.25 / 48;
  const at::Tensor expected = faces.narrow(3, 1, 47).mul(0.75).add(faces.narrow(3, 0, 47).mul(0.25));
  CHECK(largest_difference(augment_faces(faces, {warped(warp)}).narrow(3, 1, 47), expected) < kGreyLevels);
}

TEST_CASE("zoom above one enlarges about the middle, width and height apart") {
  at::Tensor face = at::zeros({1, 1, 48, 48});
  face.narrow(2, 16, 16).narrow(3, 16, 16).fill_(1.0);
  Warp warp;
  warp.zoom = 1.5;
  CHECK(augment_faces(face, {warped(warp)}).sum().item<double>() == Approx(16.0 * 16.0 * 1.5 * 1.5).epsilon(0.01));
  warp.stretch_x = 1.25;
  warp.stretch_y = 0.5;
  const at::Tensor out = augment_faces(face, {warped(warp)});
  CHECK(out[0][0][24].sum().item<double>() == Approx(16 * 1.5 * 1.25).epsilon(0.01));
  CHECK(out.select(3, 24).sum().item<double>() == Approx(16 * 1.5 * 0.5).epsilon(0.01));
}

TEST_CASE("shear leans upright lines and keeps the area") {
  at::Tensor face = at::zeros({1, 1, 48, 48});
  face.narrow(2, 12, 24).narrow(3, 20, 8).fill_(1.0);
  Warp warp;
  warp.shear = std::atan(0.5);
  const at::Tensor out = augment_faces(face, {warped(warp)})[0][0];
  CHECK(out.sum().item<double>() == Approx(24.0 * 8.0).epsilon(0.01));
  const at::Tensor columns = at::arange(48).to(at::kFloat);
  const auto middle = [&](std::int64_t row) { return (out[row].mul(columns).sum() / out[row].sum()).item<double>(); };
  CHECK(middle(14) - middle(33) == Approx(9.5).margin(0.1));  // 19 rows at a slope of one half
  CHECK(middle(23) + middle(24) == Approx(47.0).margin(0.1));
}

TEST_CASE("brightness adds white, contrast spreads from the middle, and both stay within the scale") {
  const at::Tensor faces = random_faces(3);
  FaceChange bright, flat, harsh;
  bright.brightness = 0.2;
  flat.contrast = 0.5;
  harsh.contrast = 1.5;
  harsh.brightness = -0.1;
  const at::Tensor out = augment_faces(faces, {bright, flat, harsh});
  CHECK(largest_difference(out[0], (faces[0] + 51).clamp(0, 255)) < kGreyLevels);
  CHECK(largest_difference(out[1], (faces[1] - 127.5) * 0.5 + 127.5) < kGreyLevels);
  CHECK(largest_difference(out[2], ((faces[2] - 127.5) * 1.5 + 127.5 - 25.5).clamp(0, 255)) < kGreyLevels);
}

TEST_CASE("an erased box has its grey level, and nothing else changes") {
  const at::Tensor faces = random_faces(2);
  FaceChange change;
  change.erased = {10, 40, 5, 8};
  change.fill = 77;
  const at::Tensor out = augment_faces(faces, {change, FaceChange{}});
  at::Tensor expected = faces.clone();
  expected[0].narrow(1, 10, 5).narrow(2, 40, 8).fill_(77);
  CHECK(at::equal(out, expected));
}

TEST_CASE("erased boxes are inside the face, and their area within its range") {
  AugmentPolicy policy;
  policy.erase = 0.5;
  int erased = 0;
  double smallest = 1, largest = 0, longest = 0;
  std::int64_t bottom = 0, right = 0;
  for (const FaceChange& change : drawn(policy, 20000)) {
    const PixelBox& box = change.erased;
    if (box.area() == 0) continue;
    ++erased;
    REQUIRE(box.top >= 0);
    REQUIRE(box.left >= 0);
    bottom = std::max(bottom, box.top + box.height);
    right = std::max(right, box.left + box.width);
    const double share = static_cast<double>(box.area()) / kFacePixels;
    smallest = std::min(smallest, share);
    largest = std::max(largest, share);
    longest = std::max(longest, static_cast<double>(box.width) / static_cast<double>(box.height));
    REQUIRE(change.fill >= 0);
    REQUIRE(change.fill <= 255);
  }
  CHECK(erased > 9500);
  CHECK(erased < 10500);
  CHECK(bottom == 48);
  CHECK(right == 48);
  CHECK(smallest >= 0.02);
  CHECK(smallest < 0.025);
  CHECK(largest <= 0.2);
  CHECK(largest > 0.195);
  CHECK(longest > 2.5);
  CHECK(longest < 4.0);  // 3 but for whole pixels
}

TEST_CASE("changed faces stay within the scale, whatever the set") {
  const at::Tensor faces = random_faces(64);
  for (const AugmentPolicy& policy : {light_augmentation(), paper_augmentation(), strong_augmentation()}) {
    const at::Tensor out = augment_faces(faces, drawn(policy, 64));
    CHECK(out.min().item<double>() >= -1e-3);
    CHECK(out.max().item<double>() <= 255 + 1e-3);
    CHECK(largest_difference(out, faces) > 50);
    CHECK(out.sizes() == faces.sizes());
  }
}

TEST_CASE("a change depends on seed, epoch and row, and on nothing else") {
  const AugmentPolicy policy = strong_augmentation();
  const at::Tensor face = random_faces(1);
  const auto changed = [&](std::uint64_t seed, std::uint64_t epoch, std::uint64_t row) {
    return augment_faces(face, {draw_change(policy, seed, epoch, row)});
  };
  const at::Tensor once = changed(1, 2, 3);
  CHECK(at::equal(changed(1, 2, 3), once));
  CHECK_FALSE(at::equal(changed(2, 2, 3), once));
  CHECK_FALSE(at::equal(changed(1, 3, 3), once));
  CHECK_FALSE(at::equal(changed(1, 2, 4), once));
}

TEST_CASE("one range does not move the draws of another, and light is what it always was") {
  AugmentPolicy more = strong_augmentation();
  const AugmentPolicy light = light_augmentation();
  more.flip = light.flip;
  more.rotation = light.rotation;
  more.shift = light.shift;
  more.zoom = light.zoom;
  const FaceChange a = draw_change(light, 42, 3, 1000);
  const FaceChange b = draw_change(more, 42, 3, 1000);
  CHECK(a.warp.angle == b.warp.angle);
  CHECK(a.warp.zoom == b.warp.zoom);
  CHECK(a.warp.shift_y == b.warp.shift_y);
  CHECK(b.contrast != 1);
  // Runs of earlier versions go on as they began.
  CHECK(a.warp.flip);
  CHECK(a.warp.angle == Approx(0.025702151254171069).epsilon(1e-12));
  CHECK(a.warp.zoom == Approx(0.90896578331304856).epsilon(1e-12));
  CHECK(a.warp.shift_x == Approx(0.082322304281848141).epsilon(1e-12));
  CHECK(a.warp.shift_y == Approx(-0.0076207757106105944).epsilon(1e-12));
}

TEST_CASE("drawn changes fill their ranges and do not leave them") {
  AugmentPolicy policy = strong_augmentation();
  policy.shift = 0.1;
  constexpr double kDegree = kPi / 180;
  struct Range {
    double low = 1e9, high = -1e9;
    void add(double value) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
    bool fills(double least, double most) const {
      const double hair = 0.02 * (most - least);
      return low >= least && high <= most && low < least + hair && high > most - hair;
    }
  };
  int flips = 0;
  Range zoom, angle, shift, wide, high, lean, crop, light, contrast;
  for (const FaceChange& change : drawn(policy, 4000)) {
    const Warp& warp = change.warp;
    flips += warp.flip ? 1 : 0;
    zoom.add(warp.zoom);
    angle.add(warp.angle / kDegree);
    shift.add(warp.shift_x);
    shift.add(warp.shift_y);
    wide.add(warp.stretch_x);
    high.add(warp.stretch_y);
    lean.add(warp.shear / kDegree);
    crop.add(warp.crop_x);
    crop.add(warp.crop_y);
    light.add(change.brightness);
    contrast.add(change.contrast);
  }
  CHECK(flips > 1900);
  CHECK(flips < 2100);
  CHECK(zoom.fills(0.8, 1.2));
  CHECK(angle.fills(-15.0 - 1e-9, 15.0 + 1e-9));
  CHECK(shift.fills(-0.1, 0.1));
  CHECK(wide.fills(0.9, 1.1));
  CHECK(high.fills(0.9, 1.1));
  CHECK(lean.fills(-10.0 - 1e-9, 10.0 + 1e-9));
  CHECK(crop.low == -5);
  CHECK(crop.high == 5);
  CHECK(light.fills(-0.2, 0.2));
  CHECK(contrast.fills(0.7, 1.3));
}

TEST_CASE("the same faces come out whatever the batch they are in") {
  const at::Tensor faces = random_faces(6);
  const std::vector<FaceChange> changes = drawn(strong_augmentation(), 6);
  const at::Tensor together = augment_faces(faces, changes);
  const at::Tensor apart = augment_faces(faces.narrow(0, 4, 2), {changes[4], changes[5]});
  CHECK(at::equal(together.narrow(0, 4, 2), apart));
}
