#include "model/network_builder.h"

#include <utility>

namespace affekt {
namespace {

Node make_node(Op op, int from) {
  Node node;
  node.op = op;
  node.inputs = {from};
  return node;
}

}  // namespace

NetworkBuilder::NetworkBuilder(const std::string& name, NodeShape input) {
  network_.name = name;
  network_.input = input;
  network_.nodes.emplace_back();
}

int NetworkBuilder::append(Node node) {
  network_.nodes.push_back(std::move(node));
  return last();
}

void NetworkBuilder::batch_norm_defaults(double epsilon, double momentum) {
  epsilon_ = epsilon;
  momentum_ = momentum;
}

int NetworkBuilder::conv(const std::string& name, int from, int channels, const ConvOptions& options) {
  Node node = make_node(Op::conv, from);
  node.name = name;
  node.channels = channels;
  node.kernel = options.kernel;
  node.stride = options.stride;
  node.bias = options.bias;
  const int pad = options.same ? options.kernel / 2 : 0;
  node.padding = {pad, pad, pad, pad};
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

int NetworkBuilder::max_pool_same(int from) {
  const NodeShape in = infer_shapes(network_)[static_cast<std::size_t>(from)];
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

Network NetworkBuilder::take() { return std::move(network_); }

}  // namespace affekt
