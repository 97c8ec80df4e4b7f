#include "affekt/model/network.h"

#include <limits>
#include <set>

#include "affekt/core/error.h"
#include "affekt/core/text.h"

namespace affekt {
namespace {

constexpr std::int64_t kMaxElements = std::int64_t{1} << 31;
constexpr int kMaxExtent = 1 << 20;  // keeps every product of two extents far from overflow

[[noreturn]] void fail(const Network& network, std::size_t index, const std::string& what) {
  const std::string& name = network.nodes[index].name;
  throw DataError("network '" + printable(network.name) + "', node " + std::to_string(index) +
                  (name.empty() ? "" : " '" + printable(name) + "'") + ": " + what);
}

std::size_t required_inputs(Op op) {
  switch (op) {
    case Op::input:
      return 0;
    case Op::add:
    case Op::multiply:
      return 2;
    default:
      return 1;
  }
}

void check_extent(const Network& network, std::size_t index, const char* what, int value, int low, int high) {
  if (value < low || value > high) {
    fail(network, index,
         std::string(what) + " is " + std::to_string(value) + ", expected " + std::to_string(low) + " to " +
             std::to_string(high));
  }
}

void check_window(const Network& network, std::size_t index) {
  const Node& node = network.nodes[index];
  constexpr int kMaxKernel = 1024;
  check_extent(network, index, "kernel", node.kernel, 1, kMaxKernel);
  check_extent(network, index, "stride", node.stride, 1, kMaxKernel);
  for (const int side : {node.padding.top, node.padding.left, node.padding.bottom, node.padding.right}) {
    // A window that lies wholly in the padding has no defined maximum.
    check_extent(network, index, "padding", side, 0, node.kernel - 1);
  }
}

NodeShape window_shape(const Network& network, std::size_t index, const NodeShape& in, int channels) {
  check_window(network, index);
  const Node& node = network.nodes[index];
  const int height = in.height + node.padding.top + node.padding.bottom - node.kernel;
  const int width = in.width + node.padding.left + node.padding.right - node.kernel;
  if (height < 0 || width < 0) {
    fail(network, index,
         "the window is larger than its input " + std::to_string(in.height) + "x" + std::to_string(in.width));
  }
  return {channels, height / node.stride + 1, width / node.stride + 1};
}

NodeShape conv_shape(const Network& network, std::size_t index, const NodeShape& in) {
  const Node& node = network.nodes[index];
  check_extent(network, index, "channels", node.channels, 1, kMaxExtent);
  check_extent(network, index, "groups", node.groups, 1, in.channels);
  if (in.channels % node.groups != 0 || node.channels % node.groups != 0) {
    fail(network, index, "channels do not divide into " + std::to_string(node.groups) + " groups");
  }
  return window_shape(network, index, in, node.channels);
}

NodeShape pair_shape(const Network& network, std::size_t index, const NodeShape& a, const NodeShape& b) {
  const bool gate = network.nodes[index].op == Op::multiply;
  const int height = gate ? 1 : a.height;
  const int width = gate ? 1 : a.width;
  if (b.channels != a.channels || b.height != height || b.width != width) {
    fail(network, index, "its two inputs have shapes that do not fit");
  }
  return a;
}

NodeShape flat_shape(const Network& network, std::size_t index, const NodeShape& in) {
  if (in.count() > std::numeric_limits<int>::max()) fail(network, index, "the flattened input is too large");
  return {static_cast<int>(in.count()), 1, 1};
}

NodeShape dense_shape(const Network& network, std::size_t index, const NodeShape& in) {
  const Node& node = network.nodes[index];
  check_extent(network, index, "channels", node.channels, 1, kMaxExtent);
  if (in.height != 1 || in.width != 1) fail(network, index, "a dense layer needs a flat input");
  return {node.channels, 1, 1};
}

NodeShape node_shape(const Network& network, std::size_t index, const std::vector<NodeShape>& shapes) {
  const Node& node = network.nodes[index];
  if (node.op == Op::input) return network.input;
  const NodeShape& in = shapes[static_cast<std::size_t>(node.inputs[0])];
  switch (node.op) {
    case Op::conv:
      return conv_shape(network, index, in);
    case Op::max_pool:
      return window_shape(network, index, in, in.channels);
    case Op::global_average_pool:
      return {in.channels, 1, 1};
    case Op::flatten:
      return flat_shape(network, index, in);
    case Op::dense:
      return dense_shape(network, index, in);
    case Op::add:
    case Op::multiply:
      return pair_shape(network, index, in, shapes[static_cast<std::size_t>(node.inputs[1])]);
    case Op::batch_norm:
      if (!(node.epsilon > 0 && node.epsilon < 1)) fail(network, index, "epsilon is not in (0, 1)");
      if (!(node.momentum > 0 && node.momentum <= 1)) fail(network, index, "momentum is not in (0, 1]");
      return in;
    case Op::dropout:
    case Op::drop_connect:
      if (!(node.rate >= 0 && node.rate < 1)) fail(network, index, "rate is not in [0, 1)");
      return in;
    case Op::relu:
    case Op::swish:
    case Op::sigmoid:
      return in;
    case Op::input:
      break;
  }
  fail(network, index, "unknown operation " + std::to_string(static_cast<int>(node.op)));
}

bool has_parameters(Op op) { return op == Op::conv || op == Op::batch_norm || op == Op::dense; }

void check_wiring(const Network& network, std::size_t index) {
  const Node& node = network.nodes[index];
  if ((node.op == Op::input) != (index == 0)) fail(network, index, "the input must be the first node and only that");
  if (node.inputs.size() != required_inputs(node.op)) {
    fail(network, index,
         "expected " + std::to_string(required_inputs(node.op)) + " inputs, found " +
             std::to_string(node.inputs.size()));
  }
  for (const int input : node.inputs) {
    if (input < 0 || static_cast<std::size_t>(input) >= index) {
      fail(network, index, "its input " + std::to_string(input) + " is not an earlier node");
    }
  }
}

std::int64_t weight_count(const Node& node, const NodeShape& in) {
  if (node.op == Op::dense) return std::int64_t{node.channels} * in.channels;
  if (node.op == Op::conv) {
    return std::int64_t{node.channels} * (in.channels / node.groups) * node.kernel * node.kernel;
  }
  return 0;
}

}  // namespace

std::vector<NodeShape> infer_shapes(const Network& network) {
  const NodeShape& input = network.input;
  if (network.nodes.empty()) throw DataError("network '" + printable(network.name) + "': it has no nodes");
  check_extent(network, 0, "input channels", input.channels, 1, kMaxExtent);
  check_extent(network, 0, "input height", input.height, 1, 1 << 14);
  check_extent(network, 0, "input width", input.width, 1, 1 << 14);
  std::set<std::string> names;
  std::vector<NodeShape> shapes;
  shapes.reserve(network.nodes.size());
  for (std::size_t i = 0; i < network.nodes.size(); ++i) {
    const Node& node = network.nodes[i];
    check_wiring(network, i);
    if (has_parameters(node.op) && (node.name.empty() || !names.insert(node.name).second)) {
      fail(network, i, "a node with parameters needs a name of its own");
    }
    shapes.push_back(node_shape(network, i, shapes));
    const std::int64_t weights = i == 0 ? 0 : weight_count(node, shapes[static_cast<std::size_t>(node.inputs[0])]);
    if (shapes.back().count() >= kMaxElements || weights >= kMaxElements) {
      fail(network, i, "a tensor of 2^31 or more elements");
    }
  }
  return shapes;
}

std::vector<ParameterSpec> parameter_specs(const Network& network) {
  const std::vector<NodeShape> shapes = infer_shapes(network);
  std::vector<ParameterSpec> specs;
  for (std::size_t i = 1; i < network.nodes.size(); ++i) {
    const Node& node = network.nodes[i];
    const NodeShape& in = shapes[static_cast<std::size_t>(node.inputs[0])];
    const auto add = [&](const char* suffix, std::vector<std::int64_t> shape, bool trainable = true) {
      specs.push_back({node.name + suffix, std::move(shape), trainable, static_cast<int>(i)});
    };
    if (node.op == Op::conv) {
      add(".weight", {node.channels, in.channels / node.groups, node.kernel, node.kernel});
      if (node.bias) add(".bias", {node.channels});
    } else if (node.op == Op::dense) {
      add(".weight", {node.channels, in.channels});
      add(".bias", {node.channels});
    } else if (node.op == Op::batch_norm) {
      add(".weight", {in.channels});
      add(".bias", {in.channels});
      add(".running_mean", {in.channels}, false);
      add(".running_var", {in.channels}, false);
    }
  }
  return specs;
}

namespace {

std::int64_t count(const Network& network, bool trainable_only) {
  std::int64_t total = 0;
  for (const ParameterSpec& spec : parameter_specs(network)) {
    if (trainable_only && !spec.trainable) continue;
    std::int64_t elements = 1;
    for (const std::int64_t extent : spec.shape) elements *= extent;
    total += elements;
  }
  return total;
}

}  // namespace

std::int64_t count_parameters(const Network& network) { return count(network, false); }
std::int64_t count_trainable_parameters(const Network& network) { return count(network, true); }

std::int64_t count_multiply_adds(const Network& network) {
  const std::vector<NodeShape> shapes = infer_shapes(network);
  std::int64_t total = 0;
  for (std::size_t i = 1; i < network.nodes.size(); ++i) {
    const Node& node = network.nodes[i];
    const NodeShape& in = shapes[static_cast<std::size_t>(node.inputs[0])];
    total += weight_count(node, in) * shapes[i].height * shapes[i].width;
  }
  return total;
}

}  // namespace affekt
