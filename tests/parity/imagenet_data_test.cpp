// Both executors against what the original networks give: EfficientNet-B0 with its ImageNet weights, ResNet50V2 and
// VGG16 as Keras' own graphs compute them with made-up weights, and the first blocks of VGG16 with the real ones.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "affekt/core/safetensors.h"
#include "affekt/core/simd.h"
#include "affekt/model/architectures.h"
#include "parity/both_executors.h"
#include "support/catch.h"

using namespace affekt;
using namespace affekt::test;

namespace {

SafetensorsFile open_data(const std::string& name) {
  return SafetensorsFile::open(std::filesystem::path(std::getenv("AFFEKT_TEST_DATA")) / name);
}

std::vector<float> floats(const SafetensorsFile& file, const std::string& name) { return to_float(file.at(name)); }

std::vector<double> doubles(const SafetensorsFile& file, const std::string& name) {
  const TensorView& tensor = file.at(name);
  REQUIRE(tensor.dtype == DType::f64);
  std::vector<double> out(static_cast<std::size_t>(tensor.count()));
  std::memcpy(out.data(), tensor.data, tensor.bytes);
  return out;
}

/// Tensors whose names in the file are ours already.
ParameterMap same_names(const SafetensorsFile& file, const Network& network) {
  ParameterMap parameters;
  for (const ParameterSpec& spec : parameter_specs(network)) {
    REQUIRE(file.at(spec.name).shape == spec.shape);
    parameters[spec.name] = floats(file, spec.name);
  }
  return parameters;
}

Network b0(int height, int width, const std::string& variant = "keras") {
  NetworkOptions options;
  options.image_size = height;
  options.image_width = width;
  options.head = "top";
  options.classes = 1000;
  options.variant = variant;
  return make_network("efficientnet-b0", options);
}

Network backbone(const std::string& name, int size) {
  NetworkOptions options;
  options.image_size = size;
  const Network network = make_network(name, options);
  return up_to(network, network.features);
}

/// The rule of the structure references: a made-up value for every element of parameter number `row`.
std::vector<float> made_up(const ParameterSpec& spec, std::size_t row) {
  std::int64_t count = 1;
  for (const std::int64_t extent : spec.shape) count *= extent;
  const std::string kind = spec.name.substr(spec.name.rfind('.'));
  const bool kernel = spec.shape.size() > 1;
  const double spread = std::sqrt(3.0 * static_cast<double>(spec.shape[0]) / static_cast<double>(count));
  std::vector<float> out;
  for (std::int64_t k = 0; k < count; ++k) {
    const auto key = static_cast<std::int64_t>(row + 1) * 104729 + k * 7919;
    const double v = static_cast<double>(key % 2003) / 1001.0 - 1.0;
    double value = 0.1 * v;
    if (kind == ".weight") value = kernel ? v * spread : 1 + 0.1 * v;
    if (kind == ".running_var") value = 1 + 0.5 * v;
    out.push_back(static_cast<float>(value));
  }
  return out;
}

ParameterMap made_up_parameters(const Network& network) {
  ParameterMap parameters;
  std::size_t row = 0;
  for (const ParameterSpec& spec : parameter_specs(network)) parameters[spec.name] = made_up(spec, row++);
  return parameters;
}

std::ptrdiff_t top_class(const std::vector<float>& logits) {
  return std::max_element(logits.begin(), logits.end()) - logits.begin();
}

/// The reference picture as (3, side, side), preprocessed; `blue_first` reverses the channels.
std::vector<float> synthetic_picture(int side, const Preprocessing& how, bool blue_first) {
  std::vector<float> out;
  for (int channel = 0; channel < 3; ++channel) {
    const int c = blue_first ? 2 - channel : channel;
    const auto i = static_cast<std::size_t>(channel);
    for (int h = 0; h < side; ++h) {
      for (int w = 0; w < side; ++w) {
        const int pixel = (7 * h + 13 * w + 101 * c + 5 * ((h * w) % 31)) % 256;
        out.push_back(static_cast<float>((pixel * how.scale - how.mean[i]) / how.std[i]));
      }
    }
  }
  return out;
}

const char* const kPictures[] = {"synthetic224", "synthetic96", "synthetic75x101", "panda", "car", "fish"};

constexpr double kTolerance = 1e-4;
/// Of features before pooling, which reach 50: half of it is the reference's own rounding.
constexpr double kFeatureTolerance = 5e-4;
/// Of the largest value. A number in bf16 is within 2^-9 of its value, and some 80 roundings follow each other;
/// measured are 0.6 % (photos, VGG16) to 3.5 % (an odd-sized noise picture).
constexpr double kBf16Tolerance = 0.05;

/// EfficientNet-B0 with its weights and the reference's pictures.
struct ImageNetCase {
  SafetensorsFile reference = open_data("parity/efficientnet_b0_reference.safetensors");
  ParameterMap parameters = same_names(open_data("weights/efficientnet_b0_imagenet.safetensors"), b0(224, 224));

  std::vector<float> input(const std::string& name) const { return floats(reference, name + ".input"); }
  std::vector<double> logits(const std::string& name) const { return doubles(reference, name + ".logits_f64"); }
  Network network(const std::string& name, const std::string& variant = "keras") const {
    const auto& shape = reference.at(name + ".input").shape;
    return b0(static_cast<int>(shape[2]), static_cast<int>(shape[3]), variant);
  }
};

/// Every executor's outputs for `input` are within `tolerance` of `expected`.
template <typename T>
void check_outputs(const Network& network, const ParameterMap& parameters, const std::vector<float>& input,
                   const std::vector<T>& expected, double tolerance) {
  for (const auto& [executor, values] : both_outputs(network, parameters, input)) {
    INFO(executor << ", values up to " << largest_value(values));
    CHECK(largest_difference(values, expected) <= tolerance);
  }
}

}  // namespace

TEST_CASE("parity: EfficientNet-B0 with ImageNet weights gives the reference's features and logits") {
  const ImageNetCase imagenet;
  for (const std::string name : kPictures) {
    CAPTURE(name);
    const Network network = imagenet.network(name);
    const std::vector<float> input = imagenet.input(name);
    check_outputs(network, imagenet.parameters, input, imagenet.logits(name), kTolerance);
    check_outputs(up_to(network, network.features), imagenet.parameters, input,
                  floats(imagenet.reference, name + ".features"), kFeatureTolerance);
    check_outputs(up_to(network, network.features + 1), imagenet.parameters, input,
                  floats(imagenet.reference, name + ".pooled"), kTolerance);
  }
}

TEST_CASE("parity: every stage of EfficientNet-B0 gives what the reference's stage gives") {
  const ImageNetCase imagenet;
  const SafetensorsFile stages = open_data("parity/efficientnet_b0_reference_stages.safetensors");
  for (const std::string name : {"synthetic96", "panda"}) {
    const Network network = imagenet.network(name);
    for (int stage = 0; stage < 8; ++stage) {
      const std::string next = stage == 7 ? "features.8.0" : "features." + std::to_string(stage + 1) + ".0.block.0.0";
      const int end = network.nodes[static_cast<std::size_t>(node_named(network, next))].inputs[0];
      const std::string tensor = name + (stage == 0 ? ".stem" : ".stage" + std::to_string(stage));
      CAPTURE(tensor);
      check_outputs(up_to(network, end), imagenet.parameters, imagenet.input(name), floats(stages, tensor),
                    kFeatureTolerance);
    }
  }
}

TEST_CASE("parity: EfficientNet-B0 knows a panda, a sports car and a goldfish, in bf16 too") {
  const ImageNetCase imagenet;
  const std::pair<const char*, std::ptrdiff_t> photos[] = {{"panda", 388}, {"car", 817}, {"fish", 1}};
  for (const auto& [name, expected] : photos) {
    CAPTURE(name);
    for (const auto& outputs : both_outputs(imagenet.network(name), imagenet.parameters, imagenet.input(name))) {
      CHECK(top_class(outputs.second) == expected);
    }
  }
  for (const std::string name : kPictures) {
    CAPTURE(name);
    const auto exact = imagenet.logits(name);
    const auto rough = torch_outputs(imagenet.network(name), imagenet.parameters, imagenet.input(name), true);
    CHECK(largest_difference(rough, exact) <= kBf16Tolerance * largest_value(rough));
    CHECK(top_class(rough) == std::max_element(exact.begin(), exact.end()) - exact.begin());
  }
}

TEST_CASE("parity: torch's padding or epsilon in EfficientNet-B0 would be noticed") {
  const ImageNetCase imagenet;
  for (const std::string name : {"synthetic96", "synthetic75x101", "panda"}) {
    CAPTURE(name);
    Network symmetric = imagenet.network(name, "torchvision");
    for (Node& node : symmetric.nodes) node.epsilon = 1e-3;
    Network epsilon = imagenet.network(name);
    for (Node& node : epsilon.nodes) node.epsilon = 1e-5;
    for (const Network& wrong : {symmetric, epsilon}) {
      for (const auto& outputs : both_outputs(wrong, imagenet.parameters, imagenet.input(name))) {
        CHECK(largest_difference(outputs.second, imagenet.logits(name)) > 100 * kTolerance);
      }
    }
  }
}

TEST_CASE("parity: ResNet50V2 is Keras' graph") {
  const SafetensorsFile reference = open_data("parity/resnet50v2_structure_reference.safetensors");
  const Network network = backbone("resnet50v2", 96);
  const ParameterMap parameters = made_up_parameters(network);
  const std::vector<float> input = floats(reference, "input");
  const std::vector<double> expected = doubles(reference, "post_relu_f64");
  CHECK(largest_difference(input, synthetic_picture(96, make_preprocessing("keras-tf"), false)) < 1e-6);
  constexpr int kPool = 2;
  check_outputs(up_to(network, kPool), parameters, input, floats(reference, "pool1"), kTolerance);
  check_outputs(up_to(network, network.features - 2), parameters, input, floats(reference, "conv5"), kTolerance);
  check_outputs(network, parameters, input, expected, kTolerance);
  check_outputs(network, parameters, input, floats(reference, "post_relu"), kTolerance);
  const auto rough = torch_outputs(network, parameters, input, true);
  CHECK(largest_difference(rough, expected) <= kBf16Tolerance * largest_value(rough));

  Network wrong = network;
  REQUIRE(wrong.nodes[kPool].zero_padding);
  wrong.nodes[kPool].zero_padding = false;  // torch's own: minus infinity
  for (const auto& outputs : both_outputs(wrong, parameters, input)) {
    CHECK(largest_difference(outputs.second, expected) > 10 * kTolerance);
  }
}

TEST_CASE("parity: VGG16 is Keras' graph, and its first blocks with Keras' weights give Keras' values") {
  const SafetensorsFile reference = open_data("parity/vgg16_structure_reference.safetensors");
  const Network network = backbone("vgg16", 96);
  const ParameterMap parameters = made_up_parameters(network);
  const std::vector<float> input = floats(reference, "input");
  CHECK(largest_difference(input, synthetic_picture(96, make_preprocessing("keras-caffe"), true)) < 1e-4);
  // Values reach 0.2 only: the tolerance is relative to that.
  const std::vector<float> expected = floats(reference, "block5_pool");
  check_outputs(network, parameters, input, expected, kTolerance * largest_value(expected));
  const auto rough = torch_outputs(network, parameters, input, true);
  CHECK(largest_difference(rough, expected) <= kBf16Tolerance * largest_value(rough));

  const SafetensorsFile partial = open_data("parity/vgg16_partial_blocks1-2.safetensors");
  const Network whole = backbone("vgg16", 224);
  const Network two_blocks = up_to(whole, node_named(whole, "features.10") - 1);
  const std::vector<float> pool = floats(partial, "test.block2_pool");
  for (const auto& [executor, values] :
       both_outputs(two_blocks, same_names(partial, two_blocks), floats(partial, "test.input_bgr_caffe_nchw"))) {
    REQUIRE(values.size() == pool.size());
    INFO(executor);
    // Values reach 7,000, and are sums of terms of that size: what rounding costs is relative to it, not to each value.
    CHECK(largest_difference(values, pool) <= 2e-6 * largest_value(pool));
    if (simd_level() == "sse4") continue;  // below AVX2 no fused multiply-add: 1.8e-3, by LibTorch and oneDNN alike
    for (std::size_t i = 0; i < pool.size(); ++i) {
      REQUIRE(std::abs(double{values[i]} - double{pool[i]}) < 1e-3 * std::max(1.0, std::abs(double{pool[i]})));
    }
  }
}

TEST_CASE("parity: the ImageNet preprocessing gives the reference's input") {
  const SafetensorsFile reference = open_data("parity/efficientnet_b0_reference.safetensors");
  const Preprocessing how = make_preprocessing("imagenet");
  for (const std::string name : {"panda", "synthetic75x101"}) {
    const TensorView& pixels = reference.at(name + ".input_u8_hwc");
    const std::vector<float> input = floats(reference, name + ".input");
    const std::size_t plane = pixels.bytes / 3;
    REQUIRE(input.size() == pixels.bytes);
    double largest = 0;
    for (std::size_t i = 0; i < pixels.bytes; ++i) {
      const std::size_t c = i % 3;
      const double value = (std::to_integer<int>(pixels.data[i]) * how.scale - how.mean[c]) / how.std[c];
      largest = std::max(largest, std::abs(value - double{input[c * plane + i / 3]}));
    }
    CHECK(largest < 1e-5);
  }
}
