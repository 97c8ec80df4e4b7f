// The two executors of a model file, oneDNN's and LibTorch's: same file, same faces, same logits.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "affekt/core/random.h"
#include "affekt/data/dataset.h"
#include "affekt/infer/executor.h"
#include "affekt/model/architectures.h"
#include "affekt/nn/classifier.h"
#include "support/catch.h"
#include "support/reference_network.h"
#include "support/temp_folder.h"

using namespace affekt;

namespace {

Dataset random_faces(std::size_t n) {
  RandomStream random(17);
  Dataset data;
  data.sources.push_back({"random", 1.0, n, 0});
  for (std::size_t i = 0; i < n; ++i) {
    std::array<std::uint8_t, kFacePixels> face{};
    const double slope = random.uniform(-3, 3), level = random.uniform(0, 255);
    for (std::size_t p = 0; p < kFacePixels; ++p) {
      const double value = level + slope * static_cast<double>(p % kFaceSide) + 40 * random.normal();
      face[p] = static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0));
    }
    data.add(face.data(), Emotion::neutral, Split::private_test, 0, "face");
  }
  return data;
}

std::vector<float> executor_logits(const ModelFile& model, const Dataset& data) {
  const ModelCard& card = model.card();
  std::vector<float> input;
  for (std::size_t i = 0; i < data.size(); ++i) {
    for (std::size_t c = 0; c < static_cast<std::size_t>(card.channels); ++c) {
      for (std::size_t p = 0; p < kFacePixels; ++p) {
        const double scaled = data.face(i)[p] * card.preprocessing.scale - card.preprocessing.mean[c];
        input.push_back(static_cast<float>(scaled / card.preprocessing.std[c]));
      }
    }
  }
  ExecutorOptions options;
  options.threads = 1;  // tests share their cores
  return Executor(model, options).logits(input.data(), data.size());
}

void compare(const std::filesystem::path& file) {
  const ModelFile model = ModelFile::open(file);
  const Dataset data = random_faces(9);
  const std::vector<float> expected = Classifier(model).logits(data.pixels.data(), data.size());
  const std::vector<float> found = executor_logits(model, data);
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < data.size(); ++i) {
    double scale = 1e-3, difference = 0;
    for (std::size_t c = i * kEmotionCount; c < (i + 1) * kEmotionCount; ++c) {
      scale = std::max(scale, std::abs(double{expected[c]}));
      difference = std::max(difference, std::abs(double{found[c]} - double{expected[c]}));
    }
    INFO(file << ", face " << i << ": difference " << difference << " of logits up to " << scale);
    CHECK(difference < 1e-4 * scale);
  }
}

}  // namespace

TEST_CASE("parity: networks with random BatchNorm statistics") {
  const TempFolder folder;
  for (const std::string& name : network_names()) {
    const auto file = folder / (name + ".safetensors");
    test::write_random_model(file, name, 31);
    compare(file);
  }
}

TEST_CASE("parity: the bundled model") {
  compare(std::filesystem::path(std::getenv("AFFEKT_SOURCE")) / "share/models/default.safetensors");
}
