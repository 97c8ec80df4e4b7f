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

std::vector<Mix> drawn(const TrainOptions& options, std::uint64_t count) {
  std::vector<Mix> out;
  for (std::uint64_t row = 0; row < count; ++row) out.push_back(draw_mix(options, 3, row));
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

TEST_CASE("a mixture depends on seed, epoch and row alone, and is blended or pasted by chance") {
  TrainOptions options = mixing(0.4, 1.0);
  const Mix once = draw_mix(options, 3, 7);
  CHECK(draw_mix(options, 3, 7).share == once.share);
  CHECK(draw_mix(options, 4, 7).share != once.share);
  CHECK(draw_mix(options, 3, 8).share != once.share);
  options.seed = 1;
  CHECK(draw_mix(options, 3, 7).share != once.share);
  int pasted = 0;
  for (const Mix& mix : drawn(options, 5000)) {
    pasted += mix.pasted ? 1 : 0;
  }
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

TEST_CASE("a face is mixed the same way wherever batches begin, and accuracy counts the heavier label") {
  const Dataset data = squares(70);
  const std::vector<std::size_t> rows = data.rows_of(Split::train);
  TrainOptions options = mixing(0.4, 1.0);
  options.augment = AugmentKind::strong;
  options.label_smoothing = 0.1;
  options.class_weights = ClassWeights::balanced;
  const FaceBatches faces(data, rows, options, at::kCPU);
  CHECK(faces.changing());
  const at::Tensor order = epoch_order(rows.size(), options.seed, 2);
  const FaceBatch together = faces.batch(order, 60, 10, 2, true);  // to the last: it is mixed with the first
  for (const std::int64_t cut : {1, 4, 9}) {
    const FaceBatch head = faces.batch(order, 60, cut, 2, true);
    const FaceBatch tail = faces.batch(order, 60 + cut, 10 - cut, 2, true);
    CHECK(at::equal(together.pixels, at::cat({head.pixels, tail.pixels})));
    CHECK(at::equal(together.targets, at::cat({head.targets, tail.targets})));
    CHECK(at::equal(together.weights, at::cat({head.weights, tail.weights})));
    CHECK(at::equal(together.labels, at::cat({head.labels, tail.labels})));
  }
  CHECK(largest_difference(together.targets.sum(1), at::ones({10})) < 1e-6);
  options.class_weights = ClassWeights::none;
  const FaceBatch batch = FaceBatches(data, rows, options, at::kCPU).batch(order, 0, 70, 0, false);
  CHECK_FALSE(batch.pixels.defined());
  CHECK(at::equal(batch.labels, batch.targets.argmax(1)));
  CHECK(largest_difference(batch.weights, at::ones({70})) < 1e-6);
}

TEST_CASE("the face a face is mixed with is the next of the epoch's order, as it is augmented in its own turn") {
  const Dataset data = squares(70);
  const std::vector<std::size_t> rows = data.rows_of(Split::train);
  TrainOptions options = mixing(1.0, 0);
  options.augment = AugmentKind::light;
  const at::Tensor order = epoch_order(rows.size(), options.seed, 5);
  const auto* position = order.data_ptr<std::int64_t>();
  const FaceBatch mixed = FaceBatches(data, rows, options, at::kCPU).batch(order, 66, 4, 5, true);
  TrainOptions alone = options;
  alone.mixup = 0;
  const FaceBatches plain(data, rows, alone, at::kCPU);
  const at::Tensor own = plain.batch(order, 66, 4, 5, true).pixels;
  const at::Tensor next = at::cat({own.narrow(0, 1, 3), plain.batch(order, 0, 1, 5, true).pixels});
  for (std::int64_t i = 0; i < 4; ++i) {
    const double share = draw_mix(options, 5, rows[static_cast<std::size_t>(position[66 + i])]).share;
    CHECK(largest_difference(mixed.pixels[i], own[i] * share + next[i] * (1 - share)) < 1e-3);
  }
}

TEST_CASE("without mixing and augmentation a batch is the faces themselves") {
  const Dataset data = squares(70);
  const FaceBatches faces(data, data.rows_of(Split::train), mixing(0, 0), at::kCPU);
  CHECK_FALSE(faces.changing());
  const FaceBatch batch = faces.batch(at::arange(70, at::kLong), 4, 2, 1, true);
  CHECK(at::equal(batch.pixels, faces.images().narrow(0, 4, 2).to(at::kFloat)));
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
