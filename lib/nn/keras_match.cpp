#include "nn/keras_match.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "affekt/core/text.h"
#include "affekt/model/architectures.h"
#include "nn/keras_names.h"

namespace affekt {
namespace {

using Shape = std::vector<std::int64_t>;
using Layers = std::vector<const KerasLayer*>;

Shape keras_shape(const Node& node, const Shape& ours) {
  if (ours.size() == 2) return {ours[1], ours[0]};
  if (ours.size() != 4) return ours;
  return is_depthwise(node) ? Shape{ours[2], ours[3], ours[0], ours[1]} : Shape{ours[2], ours[3], ours[1], ours[0]};
}

/// The layers with weights, in node order: weight, bias; for BatchNorm gamma, beta, mean, variance.
std::vector<KerasExpected> expected_layers(const WeightCollector& collector) {
  const Network& table = collector.table();
  const std::vector<NodeShape> shapes = infer_shapes(table);
  std::vector<KerasExpected> expected;
  for (const ParameterSpec& spec : collector.specs()) {
    const Node& node = table.nodes[static_cast<std::size_t>(spec.node)];
    if (expected.empty() || expected.back().node.name != node.name) {
      expected.push_back({node, {}, {}, {}});
      const Node& before = table.nodes[static_cast<std::size_t>(node.inputs[0])];
      if (node.op == Op::dense && before.op == Op::flatten) {
        expected.back().flattened = shapes[static_cast<std::size_t>(before.inputs[0])];
      }
    }
    expected.back().shapes.push_back(keras_shape(node, spec.shape));
    expected.back().names.push_back(spec.name);
  }
  return expected;
}

/// "" if the layer's weights have the expected shapes and, as far as their names tell, the expected order.
std::string mismatch(const KerasLayer& found, const KerasExpected& expected) {
  static constexpr std::array<const char*, 4> kRoles = {"gamma", "beta", "mean", "variance"};
  const std::string place = "layer '" + printable(found.name, 80) + "': ";
  if (found.weights.size() != expected.shapes.size()) {
    return place + "expected " + std::to_string(expected.shapes.size()) + " weights (" + expected.names[0] +
           ", ...), found " + std::to_string(found.weights.size());
  }
  for (std::size_t i = 0; i < expected.shapes.size(); ++i) {
    const KerasWeight& weight = found.weights[i];
    const std::string which = place + "'" + printable(weight.name, 80) + "': ";
    if (weight.shape != expected.shapes[i]) {
      return which + "expected shape " + shape_text(expected.shapes[i]) + ", found " + shape_text(weight.shape);
    }
    if (!weight.floating) return which + "expected floating-point numbers, found integers";
    if (expected.shapes.size() != kRoles.size()) continue;
    const std::string leaf = weight.name.substr(weight.name.rfind('/') + 1);
    for (const char* role : kRoles) {
      if (role != kRoles[i] && leaf.find(role) != std::string::npos) {
        return which + "expected " + kRoles[i] + " in this place";
      }
    }
  }
  return {};
}

/// EfficientNet's Normalization: mean, variance and, in most versions, count.
bool is_normalization(const KerasLayer& layer) {
  const std::size_t n = layer.weights.size();
  const auto holds_three = [](const KerasWeight& weight) {
    std::int64_t count = 1;
    for (const std::int64_t extent : weight.shape) count *= extent;
    return count == 3 && weight.floating;
  };
  const bool kind = layer.kind.empty() || layer.kind == "normalization";
  return kind && (n == 2 || n == 3) && holds_three(layer.weights[0]) && holds_three(layer.weights[1]) &&
         (n == 2 || layer.weights[2].shape.empty() || layer.weights[2].shape == Shape{1});
}

const char* keras_kind(const Node& node) {
  if (node.op == Op::conv) return is_depthwise(node) ? "depthwise_conv2d" : "conv2d";
  return node.op == Op::dense ? "dense" : "batch_normalization";
}

bool is_convolution(const KerasLayer& layer) {
  return std::any_of(layer.weights.begin(), layer.weights.end(),
                     [](const KerasWeight& weight) { return weight.shape.size() == 4; });
}

/// The layers with the network's names; {} if one of them is missing.
Layers pair_by_name(const std::string& network, const std::vector<KerasExpected>& expected, const Layers& layers) {
  std::map<std::string, const KerasLayer*> by_name;
  for (const KerasLayer* layer : layers) by_name[layer->name] = layer;
  Layers paired;
  for (const KerasExpected& wanted : expected) {
    const auto found = by_name.find(keras_layer_name(network, wanted.node.name));
    if (found == by_name.end()) return {};
    paired.push_back(found->second);
  }
  return paired;
}

/// The first layers of each kind, which are in the model's order; {} if there are not enough.
Layers pair_by_kind(const std::vector<KerasExpected>& expected, const Layers& layers) {
  std::map<std::string, Layers> by_kind;
  for (const KerasLayer* layer : layers) by_kind[layer->kind].push_back(layer);
  std::map<std::string, std::size_t> used;
  Layers paired;
  for (const KerasExpected& wanted : expected) {
    const std::string kind = keras_kind(wanted.node);
    if (used[kind] == by_kind[kind].size()) return {};
    paired.push_back(by_kind[kind][used[kind]++]);
  }
  return paired;
}

/// Tries one model of the file as the network's backbone.
KerasMatch match_model(Layers layers, const std::string& network, const std::vector<KerasExpected>& expected) {
  KerasMatch match;
  match.expected = expected;
  match.problem = "found " + std::to_string(layers.size()) + " layers with weights";
  if (!layers.empty()) match.problem += ", first '" + printable(layers.front()->name, 80) + "'";
  match.problem += "; " + network + " has " + std::to_string(expected.size()) + " without its classifier";
  const auto normalization =
      std::find_if(layers.begin(), layers.end(), [](const KerasLayer* layer) { return is_normalization(*layer); });
  if (network == "efficientnet-b0" && normalization != layers.end()) {
    match.normalization = *normalization;
    layers.erase(normalization);
  }
  if (layers.size() < expected.size()) return match;
  match.layers = pair_by_name(network, expected, layers);
  if (match.layers.empty() && !layers.front()->kind.empty()) {
    match.layers = pair_by_kind(expected, layers);
    if (match.layers.empty()) return match;
  }
  if (match.layers.empty()) {
    match.layers.assign(layers.begin(), layers.begin() + static_cast<std::ptrdiff_t>(expected.size()));
  }
  match.problem.clear();
  for (std::size_t i = 0; i < expected.size() && match.problem.empty(); ++i) {
    match.problem = mismatch(*match.layers[i], expected[i]);
  }
  // A larger sister, VGG19 say, has all the layers of the network and more between them.
  for (const KerasLayer* layer : layers) {
    const bool used = std::find(match.layers.begin(), match.layers.end(), layer) != match.layers.end();
    if (used || !is_convolution(*layer) || !match.problem.empty()) continue;
    match.problem = "layer '" + printable(layer->name, 80) + "': a convolution that " + network + " does not have";
  }
  return match;
}

/// The side of the picture whose flattened features have so many values; 0 = there is none.
int side_of_flattened(std::int64_t values) {
  constexpr std::int64_t kChannels = 512, kCellsOfLargest = 8;
  constexpr int kPixelsOfCell = 32;
  for (std::int64_t side = 1; side <= kCellsOfLargest; ++side) {
    if (values == kChannels * side * side) return static_cast<int>(side) * kPixelsOfCell;
  }
  return 0;
}

/// Adds the classifier if what is left in the file has its form.
void match_classifier(KerasMatch& match, const Layers& rest, const std::string& place, const std::string& network) {
  constexpr std::int64_t kMaxClasses = 1000;
  const bool flattens = network_info(network).classifier_needs_size;
  const std::size_t wanted = flattens ? 3 : 1;
  match.left_out = rest.size();
  const auto is_dense = [](const KerasLayer* layer) {
    const std::vector<KerasWeight>& weights = layer->weights;
    return weights.size() == 2 && weights[0].shape.size() == 2 && weights[1].shape.size() == 1;
  };
  if (rest.size() != wanted || !std::all_of(rest.begin(), rest.end(), is_dense)) return;
  const std::int64_t classes = rest.back()->weights[1].shape[0];
  const int side = flattens ? side_of_flattened(rest.front()->weights[0].shape[0]) : 0;
  if (classes < 2 || classes > kMaxClasses || (flattens && side == 0)) return;
  const std::vector<KerasExpected> whole = expected_layers(WeightCollector(place, network, "keras", classes, side));
  const std::size_t backbone = match.expected.size();
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (!mismatch(*rest[i], whole[backbone + i]).empty()) return;
  }
  match.expected = whole;
  match.layers.insert(match.layers.end(), rest.begin(), rest.end());
  match.classes = classes;
  match.image_size = side;
  match.left_out = 0;
}

}  // namespace

bool is_depthwise(const Node& node) { return node.op == Op::conv && node.groups > 1; }

KerasMatch match_keras(const KerasFile& file, const std::string& place, const std::string& network) {
  std::map<std::string, Layers> models;
  for (const KerasLayer& layer : file.layers()) models[layer.model].push_back(&layer);
  if (models.empty()) models[""] = {};
  const std::vector<KerasExpected> expected = expected_layers(WeightCollector(place, network, "keras", 0));
  KerasMatch match;
  std::size_t fitting = 0, largest = 0;
  for (const auto& [name, layers] : models) {
    KerasMatch tried = match_model(layers, network, expected);
    const bool fits = tried.problem.empty();
    if (fits) ++fitting;
    if (!fits && (fitting > 0 || (largest > 0 && layers.size() <= largest))) continue;
    largest = std::max(largest, layers.size());
    match = std::move(tried);
  }
  if (fitting > 1) {
    match.problem = "found " + std::to_string(fitting) + " models of " + network + ", expected one; save the one alone";
  }
  if (!match.problem.empty()) return match;
  Layers rest;
  for (const KerasLayer& layer : file.layers()) {
    const bool used = std::find(match.layers.begin(), match.layers.end(), &layer) != match.layers.end();
    if (!used && &layer != match.normalization) rest.push_back(&layer);
  }
  match_classifier(match, rest, place, network);
  return match;
}

}  // namespace affekt
