// Keras .h5 files in the layouts Keras has written over the years: where each value lands, and what is refused.
#include <algorithm>
#include <fstream>
#include <random>
#include <sstream>

#include "affekt/core/error.h"
#include "nn/keras_layers.h"
#include "support/catch.h"
#include "support/error_message.h"
#include "support/temp_folder.h"

using namespace affekt;
using namespace affekt::test;

namespace {

std::string refusal(const std::filesystem::path& path, const std::string& network) {
  const std::string message = message_of<DataError>([&] { read_pretrained(path, network, true); });
  CHECK(contains(message, path.filename().string()));
  CHECK(message.find('\n') == std::string::npos);
  return message;
}

const std::vector<float> kDeviation = {0.229F, 0.224F, 0.225F};

}  // namespace

TEST_CASE("keras: vgg16 without classifier, names of Keras 1") {
  const TempFolder folder;
  const auto file = folder / "vgg16_notop.h5";
  write_keras_file(file, keras_vgg16(0));
  const PretrainedWeights weights = read_pretrained(file, "vgg16", true);
  check_keras_weights(weights, "vgg16", 0);
  CHECK(weights.preprocessing.name == "keras-caffe");
  CHECK(contains(refusal(file, "resnet50v2"), "weights of vgg16 (Keras), but the network is resnet50v2"));
  CHECK(contains(refusal(file, "compact"), "a Keras file; accepted for compact"));
}

TEST_CASE("keras: resnet50v2 with and without classifier, split attributes, model_weights") {
  const TempFolder folder;
  const auto file = folder / "resnet.h5";
  KerasStyle style;
  style.names_per_attribute = 50;
  style.in_model_weights = true;
  write_keras_file(file, keras_resnet50v2(8), style);
  const PretrainedWeights weights = read_pretrained(file, "resnet50v2", true);
  check_keras_weights(weights, "resnet50v2", 8);
  CHECK(weights.preprocessing.name == "keras-tf");
  check_keras_weights(read_pretrained(file, "resnet50v2", false), "resnet50v2", 0);
}

TEST_CASE("keras: layers of resnet50v2 in another order are paired by their names") {
  const TempFolder folder;
  const auto file = folder / "resnet.h5";
  auto layers = keras_resnet50v2(0);
  const auto at = [&](const std::string& name) {
    return std::find_if(layers.begin(), layers.end(), [&](const WrittenLayer& layer) { return layer.name == name; });
  };
  std::swap(*at("conv3_block1_0_conv"), *at("conv3_block1_1_conv"));
  std::swap(*at("conv2_block1_0_conv"), *at("conv2_block1_3_conv"));  // equal shapes: only the name tells
  write_keras_file(file, layers);
  check_keras_weights(read_pretrained(file, "resnet50v2", false), "resnet50v2", 0);
}

TEST_CASE("keras: efficientnet-b0 in all styles, its normalisation checked") {
  const TempFolder folder;
  const auto file = folder / "b0.h5";
  KerasStyle style;
  style.variable_strings = true;
  write_keras_file(file, keras_efficientnet_b0(6, kDeviation), style);
  const PretrainedWeights weights = read_pretrained(file, "efficientnet-b0", true);
  check_keras_weights(weights, "efficientnet-b0", 6);
  CHECK(weights.preprocessing.name == "imagenet");
  style.names_per_attribute = 7;
  write_keras_file(file, keras_efficientnet_b0(0, {0.052441F, 0.050176F, 0.050625F}), style);  // real variances
  check_keras_weights(read_pretrained(file, "efficientnet-b0", true), "efficientnet-b0", 0);
  write_keras_file(file, keras_efficientnet_b0(0, {}));  // older: normalised outside the network
  check_keras_weights(read_pretrained(file, "efficientnet-b0", false), "efficientnet-b0", 0);
  write_keras_file(file, keras_efficientnet_b0(0, {1, 1, 1}));
  CHECK(contains(refusal(file, "efficientnet-b0"), "expected ImageNet's (mean 0.485, ..., variance 0.229"));
}

TEST_CASE("keras: half precision is widened") {
  const TempFolder folder;
  const auto file = folder / "half.h5";
  KerasStyle style;
  style.half = true;
  auto layers = keras_efficientnet_b0(0, {});
  for (WrittenLayer& layer : layers) {
    for (WeightTensor& weight : layer.weights) {
      for (float& value : weight.values) value = half_to_float(float_to_half(value));  // so that storing is exact
    }
  }
  write_keras_file(file, layers, style);
  const PretrainedWeights weights = read_pretrained(file, "efficientnet-b0", false);
  for (const ParameterSpec& spec : parameter_specs(make_network("efficientnet-b0"))) {
    if (weights.parameters.count(spec.name) == 0) continue;
    INFO(spec.name);
    std::vector<float> expected = expected_values(spec);
    for (float& value : expected) value = half_to_float(float_to_half(value));
    CHECK((weights.parameters.at(spec.name) == expected));
  }
  CHECK(weights.parameters.size() == parameter_specs(make_network("efficientnet-b0")).size() - 2);
}

TEST_CASE("keras: other networks and wrong shapes are refused with what was found") {
  const TempFolder folder;
  const auto file = folder / "other.h5";
  auto layers = keras_vgg16(0);
  layers.resize(9);
  write_keras_file(file, layers);
  CHECK(contains(refusal(file, "vgg16"), "found 7 layers with weights, first 'block1_conv1'; vgg16 has 13"));
  layers = keras_vgg16(0);
  layers[3].weights[0].shape = {3, 64, 3, 128};
  write_keras_file(file, layers);
  CHECK(contains(refusal(file, "vgg16"), "expected shape [3, 3, 64, 128], found [3, 64, 3, 128]"));
  layers = keras_efficientnet_b0(0, kDeviation);
  std::swap(layers[3].weights[0], layers[3].weights[1]);
  CHECK(layers[3].name == "stem_bn");
  write_keras_file(file, layers);
  CHECK(contains(refusal(file, "efficientnet-b0"), "expected gamma in this place"));
  write_keras_file(file, {{"a", {}}, {"b", {}}});
  CHECK(contains(refusal(file, "efficientnet-b0"), "found 0 layers with weights"));
  layers = keras_efficientnet_b0(0, {});
  layers[2].weights[3].values[0] = -1;
  write_keras_file(file, layers);
  CHECK(contains(refusal(file, "efficientnet-b0"), "a variance is negative"));
}

TEST_CASE("keras: links, storage and extents that Keras never writes") {
  const TempFolder folder;
  const auto file = folder / "tricky.h5";
  const std::vector<std::pair<Trick, std::string>> tricks = {
      {Trick::soft_link, "a soft or external link"},
      {Trick::external_link, "a soft or external link"},
      {Trick::hard_cycle, "not a name Keras would write"},
      {Trick::external_storage, "its values lie in another file"},
      {Trick::virtual_dataset, "a virtual data set"},
      {Trick::absurd_extent, "the dimension 1099511627776 is out of range"},
      {Trick::unstored, "but stores 0"},
      {Trick::huge_chunks, "chunks larger than the data set"},
      {Trick::compressed, "stored compressed"},
      {Trick::text_values, "expected numbers"},
      {Trick::group_for_dataset, "expected a data set, found a group"},
      {Trick::missing, "the file names it but does not have it"},
      {Trick::many_dimensions, "found 20 dimensions"},
  };
  for (const auto& [trick, words] : tricks) {
    write_tricky_file(file, trick, {3, 3, 3, 64});
    INFO("trick " << static_cast<int>(trick));
    const std::string message = refusal(file, "vgg16");
    INFO(message);
    CHECK(contains(message, words));
  }
}

TEST_CASE("keras: damaged files end with an error, wherever the damage is") {
  const TempFolder folder;
  const auto good = folder / "good.h5", bad = folder / "bad.h5";
  write_keras_file(good, keras_efficientnet_b0(0, kDeviation));
  std::stringstream buffer;
  buffer << std::ifstream(good, std::ios::binary).rdbuf();
  const std::string bytes = buffer.str();
  for (const std::size_t size :
       {std::size_t{8}, std::size_t{9}, std::size_t{100}, std::size_t{2000}, bytes.size() / 2, bytes.size() - 1}) {
    std::ofstream(bad, std::ios::binary) << bytes.substr(0, size);
    INFO("first " << size << " bytes");
    CHECK_FALSE(refusal(bad, "efficientnet-b0").empty());
  }
}

TEST_CASE("keras: bytes changed at random never bring the program down") {
  const TempFolder folder;
  const auto good = folder / "good.h5", bad = folder / "bad.h5";
  std::vector<WrittenLayer> layers;
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    layers.push_back({name, {{std::string(name) + "/kernel:0", {2, 2}, {1, 2, 3, 4}}}});
  }
  KerasStyle style;
  style.variable_strings = true;
  style.names_per_attribute = 2;
  write_keras_file(good, layers, style);
  std::stringstream buffer;
  buffer << std::ifstream(good, std::ios::binary).rdbuf();
  const std::string bytes = buffer.str();
  std::mt19937 random(7);
  for (int round = 0; round < 150; ++round) {
    std::string changed = bytes;
    for (unsigned i = 0; i < 1 + round % 4U; ++i) changed[random() % changed.size()] = static_cast<char>(random());
    std::ofstream(bad, std::ios::binary) << changed;
    INFO("round " << round);
    CHECK_FALSE(refusal(bad, "vgg16").empty());
  }
}
