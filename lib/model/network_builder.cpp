#include "model/network_builder.h"

#include <algorithm>
#include <utility>

namespace affekt {
namespace {

Node make_node(Op op, int from) {
  Node node;
  node.op = op;
  node.inputs = {from};
  return node;
}

/// Cells to add to a side so that it gives ceil(side / stride) outputs.
int tensorflow_padding(int side, int kernel, int stride) {
  const int outputs = (side + stride - 1) / stride;
  return std::max(0, (outputs - 1) * stride + kernel - side);
}

}  // namespace

NetworkBuilder::NetworkBuilder(const std::string& name, NodeShape input) {
  network_.name = name;
  network_.input = input;
  network_.nodes.emplace_back();
}

int NetworkBuilder::append(Node node) {
  node.layer = layer_;
  network_.nodes.push_back(std::move(node));
  return last();
}

void NetworkBuilder::batch_norm_defaults(double epsilon, double momentum) {
  epsilon_ = epsilon;
  momentum_ = momentum;
}

NetworkBuilder& NetworkBuilder::next_layer(int nodeless_before) {
  layer_ = std::max(layer_, 0) + nodeless_before + 1;  // layer 0 is the input
  return *this;
}

void NetworkBuilder::end_backbone() {
  network_.features = last();
  network_.layers = layer_ + 1;
  network_.nodes[0].layer = 0;
  layer_ = -1;
}

int NetworkBuilder::conv(const std::string& name, int from, int channels, const ConvOptions& options) {
  Node node = make_node(Op::conv, from);
  node.name = name;
  node.channels = channels;
  node.kernel = options.kernel;
  node.stride = options.stride;
  node.bias = options.bias;
  node.groups = options.groups;
  const int pad = options.same ? options.kernel / 2 : 0;
  node.padding = {pad, pad, pad, pad};
  if (options.tensorflow && options.stride > 1) {
    const NodeShape in = shape(from);
    const int height = tensorflow_padding(in.height, options.kernel, options.stride);
    const int width = tensorflow_padding(in.width, options.kernel, options.stride);
    node.padding = {height / 2, width / 2, height - height / 2, width - width / 2};
  }
  return append(std::move(node));
}

int NetworkBuilder::batch_norm(const std::string& name, int from) {
  Node node = make_node(Op::batch_norm, from);
  node.name = name;
  node.epsilon = epsilon_;
  node.momentum = momentum_;
  return append(std::move(node));
}

int NetworkBuilder::relu(int from) { return append(make_node(Op::relu, from)); }
int NetworkBuilder::swish(int from) { return append(make_node(Op::swish, from)); }
int NetworkBuilder::sigmoid(int from) { return append(make_node(Op::sigmoid, from)); }

int NetworkBuilder::dense(const std::string& name, int from, int channels) {
  Node node = make_node(Op::dense, from);
  node.name = name;
  node.channels = channels;
  node.bias = true;
  return append(std::move(node));
}

int NetworkBuilder::dropout(int from, double rate) {
  Node node = make_node(Op::dropout, from);
  node.rate = rate;
  return append(std::move(node));
}

int NetworkBuilder::drop_connect(int from, double rate) {
  Node node = make_node(Op::drop_connect, from);
  node.rate = rate;
  return append(std::move(node));
}

int NetworkBuilder::max_pool(int from, int kernel, int stride, int padding, bool zero_padding) {
  Node node = make_node(Op::max_pool, from);
  node.kernel = kernel;
  node.stride = stride;
  node.padding = {padding, padding, padding, padding};
  node.zero_padding = zero_padding;
  return append(std::move(node));
}

int NetworkBuilder::max_pool_same(int from) {
  const NodeShape in = shape(from);
  Node node = make_node(Op::max_pool, from);
  node.kernel = 2;
  node.stride = 2;
  node.padding = {0, 0, in.height % 2, in.width % 2};
  return append(std::move(node));
}

int NetworkBuilder::global_average_pool(int from) { return append(make_node(Op::global_average_pool, from)); }
int NetworkBuilder::flatten(int from) { return append(make_node(Op::flatten, from)); }

int NetworkBuilder::add(int a, int b) {
  Node node = make_node(Op::add, a);
  node.inputs.push_back(b);
  return append(std::move(node));
}

int NetworkBuilder::multiply(int a, int gate) {
  Node node = make_node(Op::multiply, a);
  node.inputs.push_back(gate);
  return append(std::move(node));
}

Network NetworkBuilder::take() { return std::move(network_); }

}  // namespace affekt
