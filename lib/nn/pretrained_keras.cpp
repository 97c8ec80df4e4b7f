// Weights in Keras' .h5 files.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/model/architectures.h"
#include "nn/keras_file.h"
#include "nn/pretrained_import.h"

namespace affekt {
namespace {

using Shape = std::vector<std::int64_t>;
using Layers = std::vector<const KerasLayer*>;

/// One layer of the network and how Keras stores its weights.
struct Expected {
  const Node* node = nullptr;
  NodeShape flattened;             ///< dense after flatten: what was flattened.
  std::vector<Shape> shapes;       ///< In Keras' layout.
  std::vector<std::string> names;  ///< Of our parameters, in Keras' order.
};

bool is_depthwise(const Node& node) { return node.op == Op::conv && node.groups > 1; }

Shape keras_shape(const Node& node, const Shape& ours) {
  if (ours.size() == 2) return {ours[1], ours[0]};
  if (ours.size() != 4) return ours;
  return is_depthwise(node) ? Shape{ours[2], ours[3], ours[0], ours[1]} : Shape{ours[2], ours[3], ours[1], ours[0]};
}

/// The layers with weights, in node order: weight, bias; for BatchNorm gamma, beta, mean, variance.
std::vector<Expected> expected_layers(const WeightCollector& collector) {
  const Network& table = collector.table();
  const std::vector<NodeShape> shapes = infer_shapes(table);
  std::vector<Expected> expected;
  for (const ParameterSpec& spec : collector.specs()) {
    const Node& node = table.nodes[static_cast<std::size_t>(spec.node)];
    if (expected.empty() || expected.back().node != &node) {
      expected.push_back({});
      expected.back().node = &node;
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

/// Keras' layout to ours: HWIO -> OIHW, depthwise HWC1 -> C1HW, dense (in, out) -> (out, in) with the inputs of a
/// flattened picture reordered from (h, w, c) to (c, h, w). Vectors stay.
std::vector<float> to_our_layout(const Expected& layer, std::size_t which, std::vector<float> values) {
  const Shape& from = layer.shapes[which];
  const auto at = [&](std::size_t i) { return static_cast<std::size_t>(from[i]); };
  std::vector<float> out;
  if (from.size() == 4) {
    const std::size_t cells = at(0) * at(1), in = is_depthwise(*layer.node) ? at(3) : at(2);
    const std::size_t outputs = at(2) * at(3) / in;
    out.resize(values.size());
    for (std::size_t cell = 0; cell < cells; ++cell) {
      for (std::size_t i = 0; i < in; ++i) {
        for (std::size_t o = 0; o < outputs; ++o) {
          out[(o * in + i) * cells + cell] = values[(cell * in + i) * outputs + o];
        }
      }
    }
    return out;
  }
  if (from.size() != 2) return values;
  const std::size_t inputs = at(0), outputs = at(1);
  const auto channels = static_cast<std::size_t>(std::max(layer.flattened.channels, 1));
  const std::size_t cells = inputs / channels;
  const bool picture = layer.flattened.channels > 0 && layer.flattened.height * layer.flattened.width > 1;
  out.resize(values.size());
  for (std::size_t i = 0; i < inputs; ++i) {
    const std::size_t to = picture ? i % channels * cells + i / channels : i;
    for (std::size_t o = 0; o < outputs; ++o) out[o * inputs + to] = values[i * outputs + o];
  }
  return out;
}

/// "" if the layer's weights have the expected shapes and, as far as their names tell, the expected order.
std::string mismatch(const KerasLayer& found, const Expected& expected) {
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
  return (n == 2 || n == 3) && holds_three(layer.weights[0]) && holds_three(layer.weights[1]) &&
         (n == 2 || layer.weights[2].shape.empty() || layer.weights[2].shape == Shape{1});
}

/// The network divides by the root of the variance and, where the variance is ImageNet's deviation, by the root of the
/// deviation once more: either way what comes out must be ImageNet's normalisation.
void check_normalization(const std::string& place, const KerasFile& file, const KerasLayer& layer) {
  constexpr double kNear = 1e-3;
  const Preprocessing imagenet = make_preprocessing("imagenet");
  const std::vector<float> mean = file.read(layer, 0);
  const std::vector<float> variance = file.read(layer, 1);
  bool mean_fits = true, deviation_fits = true, variance_fits = true;
  for (std::size_t c = 0; c < 3; ++c) {
    const double v = variance[c], std = imagenet.std[c];
    mean_fits = mean_fits && std::abs(double{mean[c]} - imagenet.mean[c]) < kNear;
    deviation_fits = deviation_fits && std::abs(v - std) < kNear;
    variance_fits = variance_fits && std::abs(v - std * std) < kNear;
  }
  if (!mean_fits || (!deviation_fits && !variance_fits)) {
    throw DataError(place + ": layer '" + printable(layer.name, 80) + "' normalises by mean " +
                    format_shortest(double{mean[0]}) + ", ..., variance " + format_shortest(double{variance[0]}) +
                    ", ...; expected ImageNet's (mean 0.485, ..., variance 0.229, ... or 0.0524, ...)");
  }
}

/// Puts the layers into the order of the network: by name where every one carries a name of the network's table
/// (ResNet50V2), else as they come, which is how Keras itself loads them.
void order_by_name(const std::vector<Expected>& expected, Layers& layers) {
  std::map<std::string, const KerasLayer*> by_name;
  for (const KerasLayer* layer : layers) by_name[layer->name] = layer;
  Layers ordered;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto found = by_name.find(expected[i].node->name);
    const bool classifier = expected[i].node->op == Op::dense;  // "probs" in older files
    if (found == by_name.end() && !classifier) return;
    ordered.push_back(found == by_name.end() ? layers[i] : found->second);
  }
  layers = std::move(ordered);
}

struct Match {
  std::vector<Expected> expected;
  Layers layers;
  const KerasLayer* normalization = nullptr;
  std::string problem;  ///< "" = it fits.
  bool counts_fit = false;
};

/// Tries the file as `network`, whose table (with or without classifier) `collector` holds.
Match match(const KerasFile& file, const std::string& network, const WeightCollector& collector) {
  Match result;
  for (const KerasLayer& layer : file.layers()) result.layers.push_back(&layer);
  if (network == "efficientnet-b0" && !result.layers.empty() && is_normalization(*result.layers.front())) {
    result.normalization = result.layers.front();
    result.layers.erase(result.layers.begin());
  }
  result.expected = expected_layers(collector);
  result.counts_fit = result.layers.size() == result.expected.size();
  if (!result.counts_fit) {
    result.problem = "found " + std::to_string(file.layers().size()) + " layers with weights";
    return result;
  }
  order_by_name(result.expected, result.layers);
  for (std::size_t i = 0; i < result.expected.size() && result.problem.empty(); ++i) {
    result.problem = mismatch(*result.layers[i], result.expected[i]);
  }
  return result;
}

/// The classes of the last layer if it can be a dense one.
std::int64_t classes_of(const KerasFile& file) {
  if (file.layers().empty()) return 0;
  const std::vector<KerasWeight>& last = file.layers().back().weights;
  const bool dense = last.size() == 2 && last[0].shape.size() == 2 && last[1].shape.size() == 1;
  return dense ? last[1].shape[0] : 0;
}

constexpr std::array<const char*, 3> kNetworks = {"vgg16", "resnet50v2", "efficientnet-b0"};

std::string other_network(const KerasFile& file, const std::string& place, const std::string& network,
                          std::int64_t classes) {
  for (const char* other : kNetworks) {
    if (other == network) continue;
    const WeightCollector collector(place, other, "keras", classes);
    if (match(file, other, collector).problem.empty()) return other;
  }
  return {};
}

[[noreturn]] void refuse(const KerasFile& file, const std::string& place, const std::string& network,
                         std::int64_t classes, const Match& match) {
  const std::string other = other_network(file, place, network, classes);
  if (!other.empty()) {
    throw DataError(place + ": weights of " + other + " (Keras), but the network is " + network + "; " +
                    accepted_text(network));
  }
  std::string problem = match.problem;
  if (!match.counts_fit) {
    if (!file.layers().empty()) problem += ", first '" + printable(file.layers().front().name, 80) + "'";
    problem += "; " + network + " has " + std::to_string(match.expected.size());
    problem += classes > 0 ? " with its classifier" : " without its classifier";
  }
  throw DataError(place + ": " + problem + "; " + accepted_text(network));
}

}  // namespace

PretrainedWeights read_keras_hdf5(const std::filesystem::path& path, const std::string& network, bool keep_classifier) {
  const std::string place = printable(path.string());
  const KerasFile file(path);
  if (network == "basic-cnn" || network == "compact") {
    throw DataError(place + ": a Keras file; " + accepted_text(network));
  }
  const std::int64_t classes = classes_of(file);
  const WeightCollector whole(place, network, "keras", classes);
  const Match found = match(file, network, whole);
  if (!found.problem.empty()) refuse(file, place, network, classes, found);
  PretrainedWeights weights;
  weights.format = "Keras HDF5";
  weights.variant = "keras";
  weights.preprocessing = make_preprocessing(default_preprocessing(network));
  if (found.normalization != nullptr) check_normalization(place, file, *found.normalization);
  const std::int64_t kept = keep_classifier ? classes : 0;
  weights.classes = static_cast<int>(kept);
  weights.head = kept != 0 ? "top" : "";
  WeightCollector collector(place, network, "keras", kept);
  for (std::size_t i = 0; i < found.expected.size(); ++i) {
    const Expected& layer = found.expected[i];
    for (std::size_t w = 0; w < layer.names.size(); ++w) {
      const ParameterSpec* spec = collector.find(layer.names[w]);
      if (spec == nullptr) continue;  // of the classifier
      const KerasWeight& stored = found.layers[i]->weights[w];
      collector.add(*spec, to_our_layout(layer, w, file.read(*found.layers[i], w)), stored.name);
    }
  }
  weights.parameters = collector.take();
  weights.folded_batch_norm = is_folded(collector.table(), weights.parameters, nullptr);
  return weights;
}

}  // namespace affekt
