// The two executors on the pretrainable networks: odd sizes, all heads and variants, large batches, and the whole way
// from a grey face, resizing included.
#include <algorithm>
#include <cmath>

#include "affekt/core/random.h"
#include "affekt/data/dataset.h"
#include "affekt/infer/executor.h"
#include "affekt/model/architectures.h"
#include "affekt/nn/classifier.h"
#include "parity/both_executors.h"
#include "support/catch.h"
#include "support/reference_network.h"
#include "support/temp_folder.h"

using namespace affekt;
using namespace affekt::test;

namespace {

constexpr double kTolerance = 1e-4;  // relative to the largest logit

void compare(const Network& network, const ParameterMap& parameters, std::size_t pictures) {
  const auto input = random_values(pictures * static_cast<std::size_t>(network.input.count()), 29);
  const auto expected = torch_outputs(network, parameters, input);
  const auto found = onednn_outputs(network, parameters, input);
  INFO(network.name << " " << network.input.height << "x" << network.input.width << ", " << pictures
                    << " pictures, logits up to " << largest_value(expected));
  CHECK(largest_difference(found, expected) <= kTolerance * largest_value(expected));
}

void compare(const std::string& name, const NetworkOptions& options, std::size_t pictures) {
  const Network network = make_network(name, options);
  compare(network, random_parameters(network, 23), pictures);
}

NetworkOptions sized(int height, int width, const std::string& variant = "", const std::string& head = "gap") {
  NetworkOptions options;
  options.image_size = height;
  options.image_width = width;
  options.variant = variant;
  options.head = head;
  return options;
}

}  // namespace

TEST_CASE("parity: networks with random BatchNorm statistics at even, odd and oblong sizes") {
  for (const char* name : {"vgg16", "resnet50v2", "efficientnet-b0"}) {
    const ParameterMap parameters = random_parameters(make_network(name), 23);  // the same for every size
    compare(make_network(name, sized(49, 49)), parameters, 2);
    compare(make_network(name, sized(75, 61)), parameters, 1);
    compare(make_network(name, sized(32, 33)), parameters, 3);
  }
  compare("resnet50v2", sized(49, 49, "", "flatten-64"), 1);
  compare("resnet50v2", sized(49, 48, "timm"), 2);
  compare("efficientnet-b0", sized(49, 48, "torchvision"), 2);
  compare("efficientnet-b0", sized(96, 96, "", "top"), 1);
}

TEST_CASE("parity: a full batch") { compare("efficientnet-b0", sized(48, 48), 64); }

TEST_CASE("parity: from a grey face to probabilities at other sizes than the face's") {
  const TempFolder folder;
  RandomStream random(3);
  Dataset data;
  data.sources.push_back({"random", 1.0, 5, 0});
  for (std::size_t i = 0; i < 5; ++i) {
    std::array<std::uint8_t, kFacePixels> face{};
    for (std::uint8_t& pixel : face) pixel = static_cast<std::uint8_t>(random.below(256));
    data.add(face.data(), Emotion::neutral, Split::private_test, 0, "face");
  }
  for (const int size : {33, 96}) {
    const Network network = make_network("efficientnet-b0", sized(size, size, "torchvision", "gap"));
    ModelCard card;
    card.architecture = "efficientnet-b0";
    card.head = "gap";
    card.variant = "torchvision";
    card.image_size = size;
    card.channels = 3;
    card.classes = emotion_names();
    card.preprocessing = make_preprocessing("imagenet");
    card.license = "Apache-2.0";
    const ParameterMap parameters = random_parameters(network, 41);
    SelfTest self_test;
    self_test.input = random_values(static_cast<std::size_t>(network.input.count()), 7);
    self_test.logits = torch_outputs(network, parameters, self_test.input);
    const auto path = folder / "model.safetensors";
    write_model(path, card, parameters, {self_test}, DType::f32);

    const ModelFile model = ModelFile::open(path);
    CHECK(model.network().features == network.features);
    const std::vector<float> logits = Classifier(model).logits(data.pixels.data(), data.size());
    const auto probabilities = Executor(model).probabilities(data.pixels.data(), data.size());
    for (std::size_t i = 0; i < data.size(); ++i) {
      double sum = 0;
      for (std::size_t c = 0; c < kEmotionCount; ++c) sum += std::exp(double{logits[i * kEmotionCount + c]});
      for (std::size_t c = 0; c < kEmotionCount; ++c) {
        INFO("size " << size << ", face " << i << ", class " << c);
        CHECK(std::abs(probabilities[i][c] - std::exp(double{logits[i * kEmotionCount + c]}) / sum) < 1e-4);
      }
    }
  }
}
