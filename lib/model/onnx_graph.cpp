#include "model/onnx_graph.h"

#include <cmath>
#include <limits>
#include <utility>

#include "affekt/data/dataset.h"
#include "model/onnx_proto.h"

namespace affekt::onnx {
namespace {

using Names = std::vector<std::string>;

constexpr char kFaces[] = "faces", kLogits[] = "logits", kProbabilities[] = "probabilities";

/// The least scale by which 48 pixels become `side`: readers of the file round the product down.
float resize_scale(int side) {
  auto scale = static_cast<float>(static_cast<double>(side) / kFaceSide);
  if (double{scale} * kFaceSide < side) scale = std::nextafter(scale, HUGE_VALF);
  return scale;
}

/// Translates the table node by node, in its order. Of a node's output ONNX asks whether it is (batch, channels), which
/// the table does not: (channels, 1, 1) may be either.
class Translation {
 public:
  Translation(const Network& network, const ModelCard& card)
      : network_(network), card_(card), shapes_(infer_shapes(network)) {
    graph_.text(graph_field::name, network.name);
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
      const Node& node = network.nodes[i];
      // No name of a table has a slash.
      name_ = node.name.empty() ? "node/" + std::to_string(i) : node.name;
      if (i + 1 == network.nodes.size()) name_ = kLogits;
      values_.push_back(translate(node));
    }
    end(shapes_.back());
  }

  ProtobufMessage take() { return std::move(graph_); }

 private:
  struct Value {
    std::string name;
    bool flat = false;  ///< (batch, channels), not (batch, channels, height, width).
  };

  Value translate(const Node& node) {
    switch (node.op) {
      case Op::input:
        return input();
      case Op::conv:
        return conv(node);
      case Op::batch_norm:
        return batch_norm(node);
      case Op::relu:
        return elementwise("Relu", node);
      case Op::sigmoid:
        return elementwise("Sigmoid", node);
      case Op::swish:
        return swish(node);
      case Op::max_pool:
        return max_pool(node);
      case Op::global_average_pool:
        return emit("GlobalAveragePool", {operand(node, 0, false)}, false);
      case Op::flatten:
        return {operand(node, 0, true), true};
      case Op::dense:
        return emit("Gemm", {operand(node, 0, true), node.name + ".weight", node.name + ".bias"}, true,
                    Attributes().integer("transB", 1));
      case Op::add:
        return pair("Add", node);
      case Op::multiply:
        return pair("Mul", node);
      case Op::dropout:
      case Op::drop_connect:
        break;
    }
    return value(node, 0);  // nothing is dropped in evaluation
  }

  const Value& value(const Node& node, std::size_t which) const {
    return values_[static_cast<std::size_t>(node.inputs[which])];
  }

  /// Appends a node of ONNX.
  void append(const char* op, const Names& inputs, const std::string& output, const Attributes& attributes = {}) {
    ProtobufMessage node;
    for (const std::string& name : inputs) node.text(node_field::input, name);
    node.text(node_field::output, output).text(node_field::name, output).text(node_field::op_type, op);
    for (const ProtobufMessage& attribute : attributes.all()) node.message(node_field::attribute, attribute);
    graph_.message(graph_field::node, node);
  }

  /// The one that gives the value of the table's present node.
  Value emit(const char* op, const Names& inputs, bool flat, const Attributes& attributes = {}) {
    append(op, inputs, name_, attributes);
    return {name_, flat};
  }

  std::string constant(const std::string& name, const ProtobufMessage& tensor) {
    graph_.message(graph_field::initializer, tensor);
    return name;
  }
  std::string constant(const std::string& name, const std::vector<std::int64_t>& values) {
    return constant(name, tensor(name, values));
  }
  std::string constant(const std::string& name, const std::vector<std::int64_t>& shape,
                       const std::vector<float>& values) {
    return constant(name, tensor(name, shape, values));
  }

  /// An input of the present node, flat or not as the node needs it.
  std::string operand(const Node& node, std::size_t which, bool flat) {
    const Value& found = value(node, which);
    if (found.flat == flat) return found.name;
    std::string changed = node.op == Op::flatten ? name_ : name_ + "/" + std::to_string(which);
    if (flat) {
      append("Flatten", {found.name}, changed, Attributes().integer("axis", 1));
    } else {
      append("Unsqueeze", {found.name, constant(changed + ".axes", {2, 3})}, changed);
    }
    return changed;
  }

  /// Grey pixels to what the network takes: as lib/infer/face_input.cpp, whose arithmetic this is.
  Value input() {
    append("Cast", {kFaces}, "pixels", Attributes().integer("to", static_cast<std::int64_t>(Type::f32)));
    std::string pixels = "pixels";
    const NodeShape& to = network_.input;
    if (to.height != kFaceSide || to.width != kFaceSide) {
      const std::string scales =
          constant("resize.scales", {4}, {1, 1, resize_scale(to.height), resize_scale(to.width)});
      append("Resize", {pixels, "", scales}, "resized",
             Attributes().text("mode", "linear").text("coordinate_transformation_mode", "half_pixel"));
      pixels = "resized";
    }
    std::vector<float> scale, shift;
    const Preprocessing& rule = card_.preprocessing;
    for (std::size_t c = 0; c < static_cast<std::size_t>(to.channels); ++c) {
      scale.push_back(static_cast<float>(rule.scale / rule.std.at(c)));
      shift.push_back(static_cast<float>(-rule.mean.at(c) / rule.std.at(c)));
    }
    // (batch, 1, h, w) with (1, channels, 1, 1): the broadcast repeats the grey picture.
    append("Mul", {pixels, constant("input.scale", {1, to.channels, 1, 1}, scale)}, "scaled");
    append("Add", {"scaled", constant("input.shift", {1, to.channels, 1, 1}, shift)}, "input");
    return {"input", false};
  }

  static void window(const Node& node, Attributes& attributes) {
    attributes.integers("kernel_shape", {node.kernel, node.kernel}).integers("strides", {node.stride, node.stride});
  }
  static void padding(const Padding& p, Attributes& attributes) {
    attributes.integers("pads", {p.top, p.left, p.bottom, p.right});
  }

  Value conv(const Node& node) {
    Names inputs = {operand(node, 0, false), node.name + ".weight"};
    if (node.bias) inputs.push_back(node.name + ".bias");
    Attributes attributes;
    window(node, attributes);
    padding(node.padding, attributes);
    attributes.integer("group", node.groups);
    return emit("Conv", inputs, false, attributes);
  }

  Value batch_norm(const Node& node) {
    Names inputs = {value(node, 0).name};
    for (const char* suffix : {".weight", ".bias", ".running_mean", ".running_var"}) {
      inputs.push_back(node.name + suffix);
    }
    return emit("BatchNormalization", inputs, value(node, 0).flat, Attributes().number("epsilon", node.epsilon));
  }

  Value elementwise(const char* op, const Node& node) { return emit(op, {value(node, 0).name}, value(node, 0).flat); }

  Value swish(const Node& node) {
    const Value x = value(node, 0);
    const std::string gate = name_ + "/sigmoid";
    append("Sigmoid", {x.name}, gate);
    return emit("Mul", {x.name, gate}, x.flat);
  }

  /// A pool of ONNX ignores its padding. Where that counts as 0, results whose window reaches into it are at least 0:
  /// not a Pad before the pool, which some versions of ONNX Runtime (1.30) take for padding of the pool's own, ignored.
  Value max_pool(const Node& node) {
    const std::string x = operand(node, 0, false);
    Attributes attributes;
    window(node, attributes);
    padding(node.padding, attributes);
    if (!node.zero_padding) return emit("MaxPool", {x}, false, attributes);
    const std::string pooled = name_ + "/pooled";
    append("MaxPool", {x}, pooled, attributes);
    return emit("Max", {pooled, zero_padding_floor(node)}, false);
  }

  std::string zero_padding_floor(const Node& node) {
    const NodeShape &in = shapes_[static_cast<std::size_t>(node.inputs[0])], &out = shapes_[values_.size()];
    const Padding& p = node.padding;
    std::vector<float> floor;
    for (int y = 0; y < out.height; ++y) {
      for (int x = 0; x < out.width; ++x) {
        const int top = y * node.stride - p.top, left = x * node.stride - p.left;
        const bool reaches = top < 0 || left < 0 || top + node.kernel > in.height || left + node.kernel > in.width;
        floor.push_back(reaches ? 0.0F : std::numeric_limits<float>::lowest());
      }
    }
    return constant(name_ + "/floor", {1, 1, out.height, out.width}, floor);
  }

  Value pair(const char* op, const Node& node) {
    const bool flat = value(node, 0).flat && value(node, 1).flat;
    const Names inputs = {operand(node, 0, flat), operand(node, 1, flat)};
    return emit(op, inputs, flat);
  }

  void end(const NodeShape& outputs) {
    const Value& last = values_.back();
    // A table may end with a node that is none in ONNX, or with one that is not flat.
    if (last.name != kLogits) append(last.flat ? "Identity" : "Flatten", {last.name}, kLogits);
    append("Softmax", {kLogits}, kProbabilities, Attributes().integer("axis", 1));
    graph_.message(graph_field::input, value_info(kFaces, Type::u8, {1, kFaceSide, kFaceSide},
                                                  "Grey faces, 0 to 255, as cut out by a face detector"));
    graph_.message(graph_field::output,
                   value_info(kLogits, Type::f32, {outputs.count()}, "Before softmax, in the order of the labels"));
    graph_.message(graph_field::output,
                   value_info(kProbabilities, Type::f32, {outputs.count()}, "Softmax of the logits"));
  }

  const Network& network_;
  const ModelCard& card_;
  std::vector<NodeShape> shapes_;
  ProtobufMessage graph_;
  std::vector<Value> values_;  ///< Of the table's nodes so far.
  std::string name_;           ///< Of the present node's output.
};

}  // namespace

ProtobufMessage graph_without_weights(const Network& network, const ModelCard& card) {
  return Translation(network, card).take();
}

}  // namespace affekt::onnx
