#include "nn/keras_layers.h"

#include "support/catch.h"

namespace affekt::test {
namespace {

/// The value at one place of a weight, from 0 to 1: a function of the parameter's name and the place in words that both
/// layouts share (row, column, input, output).
float cell(std::uint32_t key, std::size_t h, std::size_t w, std::size_t in, std::size_t out) {
  std::uint32_t x = key + static_cast<std::uint32_t>(((h * 11 + w) * 5003 + in) * 4099 + out);
  x = (x ^ x >> 15) * 2246822519U;
  x = (x ^ x >> 13) * 3266489917U;
  return static_cast<float>(x >> 16) / 65536.0F;
}

std::uint32_t key_of(const std::string& name) {
  std::uint32_t key = 2166136261U;
  for (const char c : name) key = (key ^ static_cast<unsigned char>(c)) * 16777619U;
  return key;
}

/// One weight as Keras stores it, filled in Keras' order.
WeightTensor keras_weight(const std::string& keras_name, const std::string& our_name,
                          const std::vector<std::int64_t>& shape, std::size_t picture_channels = 0) {
  WeightTensor weight{keras_name, shape, {}};
  weight.values.reserve(count_of(shape));
  const std::uint32_t key = key_of(our_name);
  const auto extent = [&](std::size_t i) { return static_cast<std::size_t>(shape[i]); };
  if (shape.size() == 4) {
    const bool depthwise = keras_name.find("depthwise") != std::string::npos;
    for (std::size_t h = 0; h < extent(0); ++h) {
      for (std::size_t w = 0; w < extent(1); ++w) {
        for (std::size_t i = 0; i < extent(2); ++i) {
          for (std::size_t o = 0; o < extent(3); ++o) {
            weight.values.push_back(depthwise ? cell(key, h, w, 0, i) : cell(key, h, w, i, o));
          }
        }
      }
    }
    return weight;
  }
  const std::size_t inputs = shape.size() == 2 ? extent(0) : 1;
  const std::size_t outputs = shape.empty() ? 1 : extent(shape.size() - 1);
  const std::size_t channels = picture_channels > 0 ? picture_channels : inputs;
  for (std::size_t i = 0; i < inputs; ++i) {  // i = position * channels + channel
    const std::size_t position = i / channels;
    for (std::size_t o = 0; o < outputs; ++o) {
      weight.values.push_back(cell(key, position / 7, position % 7, i % channels, o));
    }
  }
  return weight;
}

/// The layers of a file, written down as Keras' own code names and orders them.
class LayerList {
 public:
  void conv(const std::string& keras, const std::string& ours, std::int64_t kernel, std::int64_t in, std::int64_t out,
            bool bias) {
    add(keras, {keras_weight(keras + "/kernel:0", ours + ".weight", {kernel, kernel, in, out})});
    if (bias) layers.back().weights.push_back(keras_weight(keras + "/bias:0", ours + ".bias", {out}));
  }
  void depthwise(const std::string& keras, const std::string& ours, std::int64_t kernel, std::int64_t channels) {
    add(keras, {keras_weight(keras + "/depthwise_kernel:0", ours + ".weight", {kernel, kernel, channels, 1})});
  }
  void norm(const std::string& keras, const std::string& ours, std::int64_t channels) {
    add(keras, {keras_weight(keras + "/gamma:0", ours + ".weight", {channels}),
                keras_weight(keras + "/beta:0", ours + ".bias", {channels}),
                keras_weight(keras + "/moving_mean:0", ours + ".running_mean", {channels}),
                keras_weight(keras + "/moving_variance:0", ours + ".running_var", {channels})});
  }
  void dense(const std::string& keras, const std::string& ours, std::int64_t in, std::int64_t out,
             std::size_t picture_channels = 0) {
    add(keras, {keras_weight(keras + "/kernel:0", ours + ".weight", {in, out}, picture_channels),
                keras_weight(keras + "/bias:0", ours + ".bias", {out})});
  }
  void add(const std::string& name, std::vector<WeightTensor> weights) { layers.push_back({name, std::move(weights)}); }
  void without_weights(const std::string& name) { layers.push_back({name, {}}); }

  std::vector<WrittenLayer> layers;
};

}  // namespace

std::vector<float> expected_values(const ParameterSpec& spec, std::size_t picture_channels) {
  std::vector<float> values;
  const std::uint32_t key = key_of(spec.name);
  const auto extent = [&](std::size_t i) { return static_cast<std::size_t>(spec.shape[i]); };
  if (spec.shape.size() == 1) {
    for (std::size_t o = 0; o < extent(0); ++o) values.push_back(cell(key, 0, 0, 0, o));
    return values;
  }
  const bool matrix = spec.shape.size() == 2;
  const std::size_t side = matrix && picture_channels > 0 ? 7 : matrix ? 1 : extent(2);
  const std::size_t channels = matrix && picture_channels > 0 ? picture_channels : extent(1);
  for (std::size_t o = 0; o < extent(0); ++o) {
    for (std::size_t i = 0; i < channels; ++i) {
      for (std::size_t h = 0; h < side; ++h) {
        for (std::size_t w = 0; w < side; ++w) values.push_back(cell(key, h, w, i, o));
      }
    }
  }
  return values;
}

std::vector<WrittenLayer> keras_resnet50v2(std::int64_t classes) {
  LayerList list;
  list.without_weights("input_1");
  list.without_weights("conv1_pad");
  list.conv("conv1_conv", "conv1_conv", 7, 3, 64, true);
  std::int64_t in = 64;
  const int blocks[] = {3, 4, 6, 3};
  for (int stage = 0; stage < 4; ++stage) {
    const std::int64_t width = std::int64_t{64} << stage;
    for (int b = 1; b <= blocks[stage]; ++b) {
      const std::string name = "conv" + std::to_string(stage + 2) + "_block" + std::to_string(b);
      const auto conv = [&](const char* which, std::int64_t kernel, std::int64_t from, std::int64_t to, bool bias) {
        list.conv(name + which, name + which, kernel, from, to, bias);
      };
      list.norm(name + "_preact_bn", name + "_preact_bn", in);
      conv("_1_conv", 1, in, width, false);
      list.norm(name + "_1_bn", name + "_1_bn", width);
      list.without_weights(name + "_2_pad");
      conv("_2_conv", 3, width, width, false);
      list.norm(name + "_2_bn", name + "_2_bn", width);
      if (b == 1) conv("_0_conv", 1, in, 4 * width, true);
      conv("_3_conv", 1, width, 4 * width, true);
      in = 4 * width;
    }
  }
  list.norm("post_bn", "post_bn", in);
  if (classes > 0) list.dense("probs", "predictions", in, classes);
  return list.layers;
}

std::vector<WrittenLayer> keras_efficientnet_b0(std::int64_t classes, const std::vector<float>& variance) {
  LayerList list;
  list.without_weights("rescaling");
  if (!variance.empty()) {
    list.add("normalization", {{"normalization/mean:0", {3}, {0.485F, 0.456F, 0.406F}},
                               {"normalization/variance:0", {3}, variance},
                               {"normalization/count:0", {}, {0.0F}}});
  }
  list.conv("stem_conv", "features.0.0", 3, 3, 32, false);
  list.norm("stem_bn", "features.0.1", 32);
  struct Stage {
    std::int64_t expand, kernel, out;
    int blocks;
  };
  const Stage stages[] = {{1, 3, 16, 1},  {6, 3, 24, 2},  {6, 5, 40, 2}, {6, 3, 80, 3},
                          {6, 5, 112, 3}, {6, 5, 192, 4}, {6, 3, 320, 1}};
  std::int64_t in = 32;
  int number = 0;
  for (const Stage& stage : stages) {
    ++number;
    for (int b = 0; b < stage.blocks; ++b) {
      const std::string keras = "block" + std::to_string(number) + static_cast<char>('a' + b) + "_";
      std::string ours = "features.";
      ours += std::to_string(number) + "." + std::to_string(b) + ".block.";
      int part = 0;
      const std::int64_t wide = in * stage.expand;
      if (stage.expand > 1) {
        list.conv(keras + "expand_conv", ours + "0.0", 1, in, wide, false);
        list.norm(keras + "expand_bn", ours + "0.1", wide);
        ++part;
      }
      list.depthwise(keras + "dwconv", ours + std::to_string(part) + ".0", stage.kernel, wide);
      list.norm(keras + "bn", ours + std::to_string(part) + ".1", wide);
      list.without_weights(keras + "se_squeeze");
      list.conv(keras + "se_reduce", ours + std::to_string(part + 1) + ".fc1", 1, wide, in / 4, true);
      list.conv(keras + "se_expand", ours + std::to_string(part + 1) + ".fc2", 1, in / 4, wide, true);
      list.conv(keras + "project_conv", ours + std::to_string(part + 2) + ".0", 1, wide, stage.out, false);
      list.norm(keras + "project_bn", ours + std::to_string(part + 2) + ".1", stage.out);
      in = stage.out;
    }
  }
  list.conv("top_conv", "features.8.0", 1, in, 1280, false);
  list.norm("top_bn", "features.8.1", 1280);
  if (classes > 0) list.dense("predictions", "classifier.1", 1280, classes);
  return list.layers;
}

/// The published file is one of Keras 1: block1_conv1_W_1:0.
std::vector<WrittenLayer> keras_vgg16(std::int64_t classes, std::int64_t cells) {
  LayerList list;
  const std::int64_t channels[] = {64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0};
  std::int64_t in = 3;
  int block = 1, conv = 1, place = 0;
  for (const std::int64_t out : channels) {
    const std::string name = "block" + std::to_string(block);
    if (out == 0) {
      list.without_weights(name + "_pool");
      ++block, ++place, conv = 1;
      continue;
    }
    const std::string keras = name + "_conv" + std::to_string(conv++);
    const std::string ours = "features." + std::to_string(place);
    list.add(keras, {keras_weight(keras + "_W_1:0", ours + ".weight", {3, 3, in, out}),
                     keras_weight(keras + "_b_1:0", ours + ".bias", {out})});
    in = out;
    place += 2;
  }
  list.without_weights("flatten");
  if (classes > 0) {
    list.dense("fc1", "classifier.0", 512 * cells * cells, 4096, 512);
    list.dense("fc2", "classifier.3", 4096, 4096);
    list.dense("predictions", "classifier.6", 4096, classes);
  }
  return list.layers;
}

void check_keras_weights(const PretrainedWeights& weights, const std::string& network, int classes,
                         const std::string& format) {
  NetworkOptions options;
  options.head = classes > 0 ? "top" : "gap";
  if (classes > 0) options.classes = classes;
  const Network table = make_network(network, options);
  std::size_t expected = 0;
  for (const ParameterSpec& spec : parameter_specs(table)) {
    if (classes == 0 && spec.node > table.features) continue;
    ++expected;
    INFO(spec.name);
    REQUIRE(weights.parameters.count(spec.name) == 1);
    CHECK((weights.parameters.at(spec.name) == expected_values(spec, spec.name == "classifier.0.weight" ? 512 : 0)));
  }
  CHECK(weights.parameters.size() == expected);
  CHECK(weights.classes == classes);
  CHECK(weights.head == (classes > 0 ? "top" : ""));
  CHECK(weights.format == format);
  CHECK(weights.variant == "keras");
  CHECK_FALSE(weights.folded_batch_norm);
}

}  // namespace affekt::test
