// Mixing: what is drawn, what it does to pixels, targets and weights.
#include "train/mix.h"

#include "affekt/data/dataset.h"
#include "support/catch.h"
#include "train/face_batches.h"
#include "train/loss.h"
#include "train/small_run.h"

using namespace affekt;
using namespace affekt::test;

namespace {

TrainOptions mixing(double mixup, double cutmix) {
  TrainOptions options;
  options.mixup = mixup;
  options.cutmix = cutmix;
  options.augment = AugmentKind::none;
  return options;
}

at::Tensor positions(const std::vector<std::int64_t>& values) {
  at::Tensor out = at::empty({static_cast<std::int64_t>(values.size())}, at::kLong);
  std::copy(values.begin(), values.end(), out.data_ptr<std::int64_t>());
  return out;
}

std::vector<Mix> drawn(const TrainOptions& options, std::uint64_t count) {
  std::vector<Mix> out;
  for (std::uint64_t row = 0; row < count; ++row) out.push_back(draw_mix(options, 50, 3, row));
  return out;
}

double largest_difference(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

}  // namespace

TEST_CASE("Beta(a, a) has its mean and its variance, for small a, too") {
  for (const double a : {0.001, 0.2, 1.0, 5.0, 100.0}) {
    CAPTURE(a);
    RandomStream random(11);
    constexpr int kCount = 40000;
    double sum = 0, squares = 0;
    for (int i = 0; i < kCount; ++i) {
      const double x = draw_beta(a, random);
      REQUIRE(x >= 0);
      REQUIRE(x <= 1);
      sum += x;
      squares += (x - 0.5) * (x - 0.5);
    }
    const double variance = 1 / (4 * (2 * a + 1));
    CHECK(sum / kCount == Approx(0.5).margin(4 * std::sqrt(variance / kCount)));
    CHECK(squares / kCount == Approx(variance).epsilon(0.03));
  }
}

TEST_CASE("a mixture depends on seed, epoch and row alone, and partners are spread over all rows") {
  TrainOptions options = mixing(0.4, 1.0);
  const Mix once = draw_mix(options, 50, 3, 7);
  CHECK(draw_mix(options, 50, 3, 7).share == once.share);
  CHECK(draw_mix(options, 50, 4, 7).share != once.share);
  CHECK(draw_mix(options, 50, 3, 8).share != once.share);
  options.seed = 1;
  CHECK(draw_mix(options, 50, 3, 7).share != once.share);
  std::vector<int> times(50);
  int pasted = 0;
  for (const Mix& mix : drawn(options, 5000)) {
    ++times.at(static_cast<std::size_t>(mix.partner));
    pasted += mix.pasted ? 1 : 0;
  }
  CHECK(*std::min_element(times.begin(), times.end()) > 60);
  CHECK(*std::max_element(times.begin(), times.end()) < 140);
  CHECK(pasted > 2350);
  CHECK(pasted < 2650);
  for (const Mix& mix : drawn(mixing(0.4, 0), 100)) CHECK_FALSE(mix.pasted);
  for (const Mix& mix : drawn(mixing(0, 0.4), 100)) CHECK(mix.pasted);
}

TEST_CASE("boxes of cutmix lie inside the face, and the share is that of the pixels left") {
  int cut_off = 0, whole = 0;
  for (const Mix& mix : drawn(mixing(0, 1.0), 3000)) {
    REQUIRE(mix.box.top >= 0);
    REQUIRE(mix.box.left >= 0);
    REQUIRE(mix.box.height >= 0);
    REQUIRE(mix.box.width >= 0);
    REQUIRE(mix.box.top + mix.box.height <= kFaceSide);
    REQUIRE(mix.box.left + mix.box.width <= kFaceSide);
    CHECK(mix.share == Approx(1.0 - static_cast<double>(mix.box.area()) / kFacePixels));
    (mix.box.height == mix.box.width ? whole : cut_off)++;
  }
  CHECK(cut_off > 300);
  CHECK(whole > 300);
}

TEST_CASE("mixup blends two faces, cutmix pastes a box") {
  const at::Tensor faces = at::full({3, 1, 48, 48}, 100.0F);
  const at::Tensor partners = at::full({3, 1, 48, 48}, 200.0F);
  Mix blended, pasted, alone;
  blended.share = 0.75;
  pasted.pasted = true;
  pasted.box = {40, 0, 8, 10};
  const at::Tensor out = mix_faces(faces, partners, {blended, pasted, alone});
  CHECK(largest_difference(out[0], at::full({1, 48, 48}, 125.0F)) < 1e-4);
  at::Tensor expected = faces[1].clone();
  expected.narrow(1, 40, 8).narrow(2, 0, 10).fill_(200);
  CHECK(at::equal(out[1], expected));
  CHECK(at::equal(out[2], faces[2]));
}

TEST_CASE("the loss of a mixture is the mixture of the losses, and its targets sum to one") {
  at::manual_seed(3);
  const at::Tensor logits = at::randn({6, 7});
  const MixedTargets a = {at::softmax(at::randn({6, 7}), 1), at::rand({6}) + 0.1};
  const MixedTargets b = {at::softmax(at::randn({6, 7}), 1), at::rand({6}) + 0.1};
  const at::Tensor shares = at::linspace(0, 1, 6);
  const MixedTargets mixed = mix_targets(a, b, shares);
  CHECK(largest_difference(mixed.targets.sum(1), at::ones({6})) < 1e-6);
  CHECK(largest_difference(mixed.weights, shares * a.weights + (1 - shares) * b.weights) < 1e-6);
  const at::Tensor apart = weighted_cross_entropy(logits, a.targets, a.weights * shares) +
                           weighted_cross_entropy(logits, b.targets, b.weights * (1 - shares));
  CHECK(weighted_cross_entropy(logits, mixed.targets, mixed.weights).item<double>() ==
        Approx(apart.item<double>()).epsilon(1e-5));
}

TEST_CASE("a batch is mixed the same way whatever its other rows are, and accuracy counts the heavier label") {
  const Dataset data = squares();
  const std::vector<std::size_t> rows = data.rows_of(Split::train);
  TrainOptions options = mixing(0.4, 1.0);
  options.augment = AugmentKind::strong;
  options.label_smoothing = 0.1;
  options.class_weights = ClassWeights::balanced;
  const FaceBatches faces(data, rows, options, at::kCPU);
  CHECK(faces.changing());
  const FaceBatch together = faces.batch(positions({5, 60, 3, 44}), 2, true);
  const FaceBatch apart = faces.batch(positions({3, 44}), 2, true);
  CHECK(at::equal(together.pixels.narrow(0, 2, 2), apart.pixels));
  CHECK(at::equal(together.targets.narrow(0, 2, 2), apart.targets));
  CHECK(at::equal(together.weights.narrow(0, 2, 2), apart.weights));
  CHECK(largest_difference(together.targets.sum(1), at::ones({4})) < 1e-6);
  std::vector<std::int64_t> all;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(rows.size()); ++i) all.push_back(i);
  options.class_weights = ClassWeights::none;
  const FaceBatch batch = FaceBatches(data, rows, options, at::kCPU).batch(positions(all), 0, false);
  CHECK_FALSE(batch.pixels.defined());
  CHECK(at::equal(batch.labels, batch.targets.argmax(1)));
  CHECK(largest_difference(batch.weights, at::ones({70})) < 1e-6);
}

TEST_CASE("without mixing and augmentation a batch is the faces themselves") {
  const Dataset data = squares();
  const FaceBatches faces(data, data.rows_of(Split::train), mixing(0, 0), at::kCPU);
  CHECK_FALSE(faces.changing());
  const FaceBatch batch = faces.batch(positions({4, 9}), 1, true);
  CHECK(at::equal(batch.pixels, faces.images().index_select(0, positions({4, 9})).to(at::kFloat)));
  CHECK(batch.targets[0][4].item<float>() == 1.0F);
}

TEST_CASE("soft labels are mixed with hard ones by their weight") {
  Dataset data = squares(7, 7);
  data.soft_labels.assign(data.size() * kEmotionCount, 1.0F / 7);
  const auto target = [&](double weight) { return row_targets(data, {0}, 0, weight); };
  CHECK(target(1)[0] == Approx(1.0 / 7));
  CHECK(target(0)[0] == Approx(1.0));
  CHECK(target(0)[1] == Approx(0.0));
  CHECK(target(0.25)[0] == Approx(0.75 + 0.25 / 7));
  CHECK(target(0.25)[6] == Approx(0.25 / 7));
}
