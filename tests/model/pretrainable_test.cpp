// The backbones of keras.applications: counts, names and layer numbers as in Keras' own files and listings.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "affekt/core/error.h"
#include "affekt/model/architectures.h"
#include "affekt/model/model_file.h"
#include "support/catch.h"

using namespace affekt;

namespace {

const char* const kNames[] = {"vgg16", "resnet50v2", "efficientnet-b0"};

Network network_of(const std::string& name, int size, const std::string& head = "gap", const std::string& variant = "",
                   int classes = 7) {
  NetworkOptions options;
  options.image_size = size;
  options.head = head;
  options.variant = variant;
  options.classes = classes;
  return make_network(name, options);
}

std::int64_t elements(const ParameterSpec& spec) {
  return std::accumulate(spec.shape.begin(), spec.shape.end(), std::int64_t{1}, std::multiplies<>());
}

std::int64_t backbone_parameters(const Network& network) {
  std::int64_t total = 0;
  for (const ParameterSpec& spec : parameter_specs(network)) {
    if (spec.node <= network.features) total += elements(spec);
  }
  return total;
}

/// FNV-1a (Fowler, Noll, Vo), 64 bits.
std::uint64_t digest(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

/// One line a parameter of the backbone: name, blank, shape.
std::string layout(const Network& network) {
  std::string text;
  for (const ParameterSpec& spec : parameter_specs(network)) {
    if (spec.node > network.features) continue;
    text += spec.name + " [";
    for (std::size_t i = 0; i < spec.shape.size(); ++i) text += (i == 0 ? "" : ",") + std::to_string(spec.shape[i]);
    text += "]\n";
  }
  return text;
}

/// One line a convolution (c) or BatchNorm (b) of the backbone: Keras' layer number, blank, kind. In ascending order.
std::string weighted_layers(const Network& network) {
  std::vector<std::pair<int, char>> layers;
  for (const Node& node : network.nodes) {
    if (node.layer < 0) continue;
    if (node.op == Op::conv) layers.emplace_back(node.layer, 'c');
    if (node.op == Op::batch_norm) layers.emplace_back(node.layer, 'b');
  }
  std::sort(layers.begin(), layers.end());
  std::string text;
  for (const auto& [layer, kind] : layers) text += std::to_string(layer) + " " + kind + "\n";
  return text;
}

const Node& node_named(const Network& network, const std::string& name) {
  const auto found =
      std::find_if(network.nodes.begin(), network.nodes.end(), [&](const Node& node) { return node.name == name; });
  if (found == network.nodes.end()) FAIL("no node " << name);
  return *found;
}

bool pads(const Node& node, int top, int left, int bottom, int right) {
  const Padding& p = node.padding;
  return p.top == top && p.left == left && p.bottom == bottom && p.right == right;
}

}  // namespace

TEST_CASE("backbones have the parameter counts of Keras' files without top") {
  CHECK(backbone_parameters(network_of("vgg16", 48)) == 14714688);
  CHECK(backbone_parameters(network_of("resnet50v2", 48)) == 23564800);
  CHECK(backbone_parameters(network_of("efficientnet-b0", 48)) == 4049571 - 7);  // its 7 normalisation values
}

TEST_CASE("whole ImageNet networks have the published parameter counts") {
  CHECK(count_parameters(network_of("vgg16", 224, "top", "", 1000)) == 138357544);
  CHECK(count_parameters(network_of("resnet50v2", 224, "top", "", 1000)) == 25613800);
  CHECK(count_parameters(network_of("efficientnet-b0", 224, "top", "", 1000)) == 5330571 - 7);
  CHECK(count_trainable_parameters(network_of("resnet50v2", 224, "top", "timm", 1000)) == 25549352);
}

TEST_CASE("multiply-adds of one picture") {
  CHECK(count_multiply_adds(network_of("vgg16", 224, "top", "", 1000)) == 15470264320);
  CHECK(count_multiply_adds(network_of("resnet50v2", 224, "top", "", 1000)) == 3482255360);
  CHECK(count_multiply_adds(network_of("efficientnet-b0", 224, "top", "", 1000)) == 385814752);
  CHECK(count_multiply_adds(network_of("vgg16", 48)) == 704695808);
  CHECK(count_multiply_adds(network_of("resnet50v2", 48)) == 187459584);
  CHECK(count_multiply_adds(network_of("efficientnet-b0", 48)) == 22760528);
}

TEST_CASE("names, shapes and order of the backbones' parameters are those of the reference layout") {
  CHECK(digest(layout(network_of("vgg16", 48))) == 0x4f8038c91931bb8eU);
  CHECK(digest(layout(network_of("resnet50v2", 48))) == 0xf7995b66ba7738cdU);
  CHECK(digest(layout(network_of("efficientnet-b0", 48))) == 0x9a36d92dacd2df02U);
  // Neither the size of the picture nor the padding of a variant changes them.
  CHECK(layout(network_of("efficientnet-b0", 75, "top", "torchvision")) == layout(network_of("efficientnet-b0", 48)));
}

TEST_CASE("nodes carry the layer numbers of Keras' listing") {
  const Network resnet = network_of("resnet50v2", 48);
  CHECK(resnet.layers == 190);
  CHECK(digest(weighted_layers(resnet)) == 0x80200b24dac89e01U);
  CHECK(resnet.nodes[static_cast<std::size_t>(resnet.features)].layer == 189);
  CHECK(digest(weighted_layers(network_of("resnet50v2", 48, "gap", "timm"))) == 0x80200b24dac89e01U);
  const Network b0 = network_of("efficientnet-b0", 48);
  CHECK(b0.layers == 238);
  CHECK(digest(weighted_layers(b0)) == 0xc0d0e929c1ba6212U);
  const Network vgg = network_of("vgg16", 48);
  CHECK(vgg.layers == 19);
  CHECK(weighted_layers(vgg) == "1 c\n2 c\n4 c\n5 c\n7 c\n8 c\n9 c\n11 c\n12 c\n13 c\n15 c\n16 c\n17 c\n");
  for (const char* name : kNames) {
    const Network network = network_of(name, 48);
    int last = 0;
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
      const bool head = i > static_cast<std::size_t>(network.features);
      CHECK((network.nodes[i].layer == -1) == head);
      if (head) continue;
      CHECK(network.nodes[i].layer >= last);
      last = network.nodes[i].layer;
    }
    CHECK(last == network.layers - 1);
  }
}

TEST_CASE("resnet50v2 with the notebook's head counts as the notebook's log says") {
  const Network network = network_of("resnet50v2", 224, "flatten-64");
  CHECK(count_parameters(network) == 29996295);
  // Trainable with the last 50 of the backbone's layers and the head: 22,779,527.
  std::int64_t trainable = 0;
  for (const ParameterSpec& spec : parameter_specs(network)) {
    const int layer = network.nodes[static_cast<std::size_t>(spec.node)].layer;
    if (spec.trainable && (layer < 0 || layer >= network.layers - 50)) trainable += elements(spec);
  }
  CHECK(trainable == 22779527);
}

TEST_CASE("resnet50v2 strides in the last block of a stage, pads its pool with zeros and has biases; timm's does not") {
  const Network keras = network_of("resnet50v2", 224);
  CHECK(node_named(keras, "conv2_block3_2_conv").stride == 2);
  CHECK(node_named(keras, "conv3_block1_2_conv").stride == 1);
  CHECK(node_named(keras, "conv4_block6_2_conv").stride == 2);
  CHECK(node_named(keras, "conv5_block3_2_conv").stride == 1);
  CHECK(node_named(keras, "conv2_block1_0_conv").bias);
  CHECK_FALSE(node_named(keras, "conv2_block1_2_conv").bias);
  CHECK(node_named(keras, "post_bn").epsilon == 1.001e-5);
  CHECK(node_named(keras, "post_bn").momentum == 0.01);
  CHECK(keras.nodes[2].op == Op::max_pool);
  CHECK(keras.nodes[2].zero_padding);
  // The shortcut of a first block starts behind the activation, that of the others does not.
  const Node projection = node_named(keras, "conv3_block1_0_conv");
  CHECK(keras.nodes[static_cast<std::size_t>(projection.inputs[0])].op == Op::relu);
  CHECK(std::count_if(keras.nodes.begin(), keras.nodes.end(), [](const Node& node) {
          return node.op == Op::max_pool && node.kernel == 1 && node.stride == 2;
        }) == 3);

  const Network timm = network_of("resnet50v2", 224, "gap", "timm");
  CHECK(node_named(timm, "conv2_block3_2_conv").stride == 1);
  CHECK(node_named(timm, "conv2_block1_2_conv").stride == 1);
  CHECK(node_named(timm, "conv3_block1_2_conv").stride == 2);
  CHECK(node_named(timm, "conv3_block1_0_conv").stride == 2);
  CHECK(node_named(timm, "post_bn").epsilon == 1e-5);
  CHECK_FALSE(timm.nodes[2].zero_padding);
  for (const Node& node : timm.nodes) CHECK_FALSE((node.op == Op::conv && node.bias));
}

TEST_CASE("efficientnet-b0 pads as TensorFlow does, in odd and even pictures; torchvision's on all sides") {
  const Network even = network_of("efficientnet-b0", 224);
  CHECK(pads(node_named(even, "features.0.0"), 0, 0, 1, 1));
  CHECK(pads(node_named(even, "features.3.0.block.1.0"), 1, 1, 2, 2));
  CHECK(pads(node_named(even, "features.5.0.block.1.0"), 2, 2, 2, 2));
  NetworkOptions options;
  options.image_size = 75;
  options.image_width = 102;
  const Network odd = make_network("efficientnet-b0", options);
  CHECK(pads(node_named(odd, "features.0.0"), 1, 0, 1, 1));
  CHECK(infer_shapes(odd)[static_cast<std::size_t>(odd.features)].height == 3);
  CHECK(infer_shapes(odd)[static_cast<std::size_t>(odd.features)].width == 4);
  CHECK(node_named(even, "features.0.1").epsilon == 1e-3);
  CHECK(node_named(even, "features.0.1").momentum == 0.01);

  const Network torchvision = network_of("efficientnet-b0", 224, "gap", "torchvision");
  CHECK(pads(node_named(torchvision, "features.0.0"), 1, 1, 1, 1));
  CHECK(pads(node_named(torchvision, "features.3.0.block.1.0"), 2, 2, 2, 2));
  CHECK(node_named(torchvision, "features.0.1").epsilon == 1e-5);
}

TEST_CASE("efficientnet-b0 drops residual branches ever more often") {
  std::vector<double> rates;
  for (const Node& node : network_of("efficientnet-b0", 48).nodes) {
    if (node.op == Op::drop_connect) rates.push_back(node.rate);
  }
  const std::vector<double> blocks = {2, 4, 6, 7, 9, 10, 12, 13, 14};  // of 16: those with a shortcut
  REQUIRE(rates.size() == blocks.size());
  for (std::size_t i = 0; i < rates.size(); ++i) CHECK(std::abs(rates[i] - 0.2 * blocks[i] / 16) < 1e-12);
}

TEST_CASE("every size from 32 to 256 gives a network; others, and heads and variants that do not fit, are refused") {
  for (const char* name : kNames) {
    for (const int size : {32, 33, 47, 48, 49, 96, 101, 223, 224, 255, 256}) {
      for (const char* head : {"gap", "flatten-64", "linear"}) {
        CHECK(infer_shapes(network_of(name, size, head)).back().count() == 7);
      }
    }
    CHECK_THROWS_AS(network_of(name, 31), UsageError);
    CHECK_THROWS_AS(network_of(name, 257), UsageError);
    CHECK_THROWS_AS(network_of(name, -48), UsageError);
    CHECK_THROWS_AS(network_of(name, 48, "flatten"), UsageError);
    CHECK_THROWS_AS(network_of(name, 48, "gap", "caffe"), UsageError);
    CHECK(network_info(name).heads == std::vector<std::string>{"gap", "flatten-64", "linear", "top"});
    CHECK(make_network(name).input.height == 48);
    CHECK(network_of(name, 0, "top").input.width == 224);
    CHECK_NOTHROW(network_of(name, 48, "gap", "keras"));
  }
  CHECK(infer_shapes(network_of("vgg16", 48, "top")).back().count() == 7);
  CHECK_NOTHROW(network_of("resnet50v2", 48, "top"));
  CHECK_THROWS_AS(network_of("vgg16", 48, "gap", "torchvision"), UsageError);
  CHECK_THROWS_AS(network_of("resnet50v2", 48, "gap", "torchvision"), UsageError);
  CHECK_THROWS_AS(network_of("efficientnet-b0", 48, "gap", "timm"), UsageError);
  CHECK_THROWS_AS(network_of("compact", 48, "gap"), UsageError);
  CHECK_THROWS_AS(network_of("compact", 48, "default", "torchvision"), UsageError);
  CHECK(network_info("compact").heads == std::vector<std::string>{"default"});
  CHECK_THROWS_AS(network_info("resnet").heads, UsageError);
}

TEST_CASE("preprocessings give the values their networks were trained with") {
  const auto value = [](const char* name, double pixel, std::size_t channel) {
    const Preprocessing p = make_preprocessing(name);
    return (pixel * p.scale - p.mean[channel]) / p.std[channel];
  };
  CHECK(std::abs(value("keras-tf", 0, 0) + 1) < 1e-12);
  CHECK(std::abs(value("keras-tf", 255, 2) - 1) < 1e-12);
  CHECK(std::abs(value("keras-caffe", 100, 0) - (100 - 103.939)) < 1e-12);  // blue first
  CHECK(std::abs(value("keras-caffe", 100, 2) - (100 - 123.68)) < 1e-12);
  CHECK(std::abs(value("imagenet", 255 * 0.485, 0)) < 1e-12);  // red first
  CHECK(std::abs(value("imagenet", 255, 2) - (1 - 0.406) / 0.225) < 1e-12);
  CHECK(network_info("vgg16").preprocessing == "keras-caffe");
  CHECK(network_info("resnet50v2").preprocessing == "keras-tf");
  CHECK(network_info("efficientnet-b0").preprocessing == "imagenet");
}
