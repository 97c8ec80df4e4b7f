#include "affekt/eval/evaluate.h"

#include <algorithm>
#include <cmath>

#include "affekt/core/error.h"
#include "support/catch.h"
#include "support/crafted_model.h"
#include "support/temp_folder.h"

using namespace affekt;

namespace {

using Face = std::vector<std::uint8_t>;

Face constant_face(int value) { return Face(kFacePixels, static_cast<std::uint8_t>(value)); }

/// Bright in the columns the crafted network looks at, dark in their mirror images.
Face striped_face() {
  Face face(kFacePixels, 0);
  for (std::size_t y = 0; y < 48; ++y) {
    for (std::size_t x = 0; x < 48; x += 8) face[y * 48 + x] = 255;
  }
  return face;
}

void add(Dataset& data, const Face& face, Emotion label, Split split) {
  if (data.sources.empty()) data.sources.push_back({"memory", 1.0, 0, 0});
  data.add(face.data(), label, split, 0, "row " + std::to_string(data.size() + 1));
}

/// happy above the brightness 0.5, sad below.
const std::array<float, 7> kSlope = {0, 0, 0, 20, -20, 0, 0};
const std::array<float, 7> kOffset = {0, 0, 0, -10, 10, 0, 0};

std::vector<EngineKind> engines_of_this_build() {
  std::vector<EngineKind> engines;
#ifdef AFFEKT_HAS_FACES
  engines.push_back(EngineKind::onednn);
#endif
#ifdef AFFEKT_HAS_LEARN
  engines.push_back(EngineKind::torch);
#endif
  return engines;
}

/// Every case runs once with each engine.
struct Fixture {
  TempFolder folder;
  std::vector<ModelFile> models;
  Dataset data;
  EvalOptions options;

  Fixture() {
    options.engine = GENERATE(from_range(engines_of_this_build()));
    options.compute.threads = 1;  // tests share their cores
  }

  void add_model(const std::array<float, 7>& slope, const std::array<float, 7>& offset) {
    const auto path = folder / ("m" + std::to_string(models.size()) + ".safetensors");
    test::write_crafted_model(path, slope, offset);
    models.push_back(ModelFile::open(path));
  }
};

}  // namespace

TEST_CASE("a known network gives known probabilities, whatever the batch") {
  Fixture f;
  f.add_model(kSlope, kOffset);
  for (int i = 0; i < 11; ++i) {
    add(f.data, constant_face(i * 25), i * 25 > 127 ? Emotion::happy : Emotion::sad, Split::private_test);
  }
  add(f.data, constant_face(255), Emotion::sad, Split::private_test);  // labelled wrongly on purpose
  EvalOptions& options = f.options;
  for (const int batch : {1, 5, 256}) {
    options.batch_size = batch;
    std::size_t last = 0;
    options.progress = [&](std::size_t done, std::size_t total) {
      CHECK(done > last);
      CHECK(total == 12);
      last = done;
    };
    const EvalResult result = evaluate(f.models, f.data, options);
    CHECK(last == 12);
    CHECK(result.report.samples == 12);
    CHECK(result.report.accuracy == Approx(11.0 / 12));
    CHECK(result.report.confusion[4][3] == 1);
    for (std::size_t i = 0; i < 11; ++i) {
      const double z = 20.0 * (static_cast<double>(i) * 25 / 255) - 10;
      const double total = std::exp(z) + std::exp(-z) + 5;
      CHECK(result.probabilities[i * 7 + 3] == Approx(std::exp(z) / total).epsilon(1e-4));
    }
    CHECK(result.images_per_second > 0);
    CHECK(result.engine == options.engine);
    CHECK_FALSE(result.leaks_known);
    CHECK(std::isnan(result.accuracy_without_leaked));
  }
}

TEST_CASE("splits choose their rows") {
  Fixture f;
  f.add_model(kSlope, kOffset);
  const Split splits[] = {Split::private_test, Split::train, Split::public_test, Split::train};
  for (std::size_t i = 0; i < 4; ++i) add(f.data, constant_face(static_cast<int>(i)), Emotion::sad, splits[i]);
  const auto rows = [&](EvalSplit split) {
    f.options.split = split;
    return evaluate(f.models, f.data, f.options).rows;
  };
  using Rows = std::vector<std::size_t>;
  CHECK(rows(EvalSplit::train) == Rows{1, 3});
  CHECK(rows(EvalSplit::public_test) == Rows{2});
  CHECK(rows(EvalSplit::private_test) == Rows{0});
  CHECK(rows(EvalSplit::test) == Rows{0, 2});
  CHECK(rows(EvalSplit::all) == Rows{0, 1, 2, 3});
}

TEST_CASE("rows whose pixels occur in Training are set apart") {
  Fixture f;
  f.add_model(kSlope, kOffset);
  add(f.data, constant_face(10), Emotion::sad, Split::train);
  add(f.data, constant_face(10), Emotion::sad, Split::private_test);   // leaked, right
  add(f.data, constant_face(250), Emotion::sad, Split::private_test);  // wrong
  add(f.data, constant_face(11), Emotion::sad, Split::private_test);   // right
  EvalOptions& options = f.options;
  EvalResult result = evaluate(f.models, f.data, options);
  CHECK(result.leaks_known);
  CHECK(result.leaked == 1);
  CHECK(result.report.accuracy == Approx(2.0 / 3));
  CHECK(result.accuracy_without_leaked == Approx(0.5));
  options.split = EvalSplit::all;
  CHECK_FALSE(evaluate(f.models, f.data, options).leaks_known);
  options.split = EvalSplit::train;
  CHECK(std::isnan(evaluate(f.models, f.data, options).accuracy_without_leaked));
}

TEST_CASE("flip averages the face and its mirror image") {
  Fixture f;
  f.add_model({0, 0, 0, 2, 0, 0, 0}, {0, 0, 0, 0, 0, -50, -50});
  add(f.data, striped_face(), Emotion::happy, Split::private_test);
  EvalOptions& options = f.options;
  const double seen = std::exp(2.0) / (std::exp(2.0) + 4);  // happy, four classes at 0, two at -50
  const double unseen = 1.0 / 5;
  CHECK(evaluate(f.models, f.data, options).probabilities[3] == Approx(seen).epsilon(1e-5));
  options.tta = TestTimeAugmentation::flip;
  CHECK(evaluate(f.models, f.data, options).probabilities[3] == Approx((seen + unseen) / 2).epsilon(1e-5));
}

TEST_CASE("an even face looks the same in all ten crops; crops differ where it is not even") {
  Fixture f;
  f.add_model({0, 0, 0, 2, 0, 0, 0}, {});
  add(f.data, constant_face(200), Emotion::happy, Split::private_test);
  add(f.data, striped_face(), Emotion::happy, Split::private_test);
  EvalOptions& options = f.options;
  const EvalResult plain = evaluate(f.models, f.data, options);
  options.tta = TestTimeAugmentation::tencrop;
  const EvalResult crops = evaluate(f.models, f.data, options);
  CHECK(crops.probabilities[3] == Approx(plain.probabilities[3]).epsilon(1e-5));
  CHECK(crops.probabilities[7 + 3] < plain.probabilities[7 + 3] - 0.02);
  // All ten views are averaged, so the mirror image of a face gets the same answer.
  Face mirrored = striped_face();
  for (std::size_t y = 0; y < 48; ++y) {
    std::reverse(mirrored.begin() + static_cast<long>(y * 48), mirrored.begin() + static_cast<long>(y * 48 + 48));
  }
  Dataset other;
  add(other, mirrored, Emotion::happy, Split::private_test);
  CHECK(evaluate(f.models, other, options).probabilities[3] == Approx(crops.probabilities[7 + 3]).epsilon(1e-5));
}

TEST_CASE("an ensemble is the mean of its members' probabilities") {
  Fixture f;
  f.add_model({}, {0, 0, 0, 3, 0, -50, -50});
  add(f.data, constant_face(9), Emotion::happy, Split::private_test);
  const double first = evaluate(f.models, f.data, f.options).probabilities[3];
  f.add_model({}, {0, 0, 0, -3, 0, -50, -50});
  const EvalResult both = evaluate(f.models, f.data, f.options);
  const double second = std::exp(-3.0) / (std::exp(-3.0) + 4);
  CHECK(both.probabilities[3] == Approx((first + second) / 2).epsilon(1e-5));
}

TEST_CASE("what cannot be judged is refused") {
  Fixture f;
  f.add_model(kSlope, kOffset);
  add(f.data, constant_face(1), Emotion::sad, Split::train);
  EvalOptions& options = f.options;
  CHECK_THROWS_WITH(evaluate(f.models, f.data, options), Catch::Matchers::ContainsSubstring("no rows in 'private'") &&
                                                             Catch::Matchers::ContainsSubstring("train 1"));
  CHECK_THROWS_AS(evaluate(f.models, f.data, options), UsageError);
  options.split = EvalSplit::train;
  CHECK_THROWS_AS(evaluate({}, f.data, options), UsageError);
  options.batch_size = 0;
  CHECK_THROWS_AS(evaluate(f.models, f.data, options), UsageError);
  options.batch_size = 1 << 20;
  CHECK_THROWS_AS(evaluate(f.models, f.data, options), UsageError);
  options.batch_size = 1;
  options.compute.device = "gpu";
  CHECK_THROWS_AS(evaluate(f.models, f.data, options), UsageError);
  options.compute.device = "cpu";
  options.stop_requested = [] { return true; };
  CHECK_THROWS_AS(evaluate(f.models, f.data, options), Interrupted);
}

TEST_CASE("a model whose self-test lies is refused") {
  Fixture f;
  const auto path = f.folder / "lie.safetensors";
  test::write_crafted_model(path, kSlope, kOffset);
  const auto lie = f.folder / "lie2.safetensors";
  test::write_lying_copy(path, lie);
  f.models.push_back(ModelFile::open(lie));
  add(f.data, constant_face(1), Emotion::sad, Split::private_test);
  CHECK_THROWS_AS(evaluate(f.models, f.data, f.options), DataError);
}

TEST_CASE("an engine is refused what it cannot do") {
  Fixture f;
  f.add_model(kSlope, kOffset);
  add(f.data, constant_face(1), Emotion::sad, Split::private_test);
  f.options.engine = EngineKind::onednn;
  f.options.compute.device = "cuda";
  CHECK_THROWS_WITH(evaluate(f.models, f.data, f.options), Catch::Matchers::ContainsSubstring("not on 'cuda'"));
  f.options.compute = {};
  f.options.compute.precision = Precision::bf16;
  CHECK_THROWS_WITH(evaluate(f.models, f.data, f.options), Catch::Matchers::ContainsSubstring("not in bf16"));
  CHECK_THROWS_AS(evaluate(f.models, f.data, f.options), UsageError);
  for (const auto& [name, kind] : engine_names()) {
    if (kind == EngineKind::automatic) continue;
    f.options = {};
    f.options.compute.threads = 1;
    f.options.engine = kind;
    INFO(name);
    const std::vector<EngineKind> built = engines_of_this_build();
    if (std::find(built.begin(), built.end(), kind) != built.end()) {
      CHECK(evaluate(f.models, f.data, f.options).engine == kind);
    } else {
      CHECK_THROWS_WITH(evaluate(f.models, f.data, f.options),
                        Catch::Matchers::ContainsSubstring(name + " is not there"));
    }
  }
}

TEST_CASE("left to itself, the CPU's engine is oneDNN, and LibTorch where it must be") {
  Fixture f;
  f.add_model(kSlope, kOffset);
  add(f.data, constant_face(1), Emotion::sad, Split::private_test);
  f.options.engine = EngineKind::automatic;
  f.options.compute.device = "cpu";
  CHECK(evaluate(f.models, f.data, f.options).engine == engines_of_this_build().front());
#ifdef AFFEKT_HAS_LEARN
  f.options.compute.device = "cuda:127";
  CHECK_THROWS_WITH(evaluate(f.models, f.data, f.options), Catch::Matchers::ContainsSubstring("LibTorch finds"));
#endif
}
