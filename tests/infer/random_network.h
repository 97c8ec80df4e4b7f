// Networks at random, for what must hold of every table.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "affekt/core/random.h"
#include "affekt/model/network.h"

namespace affekt::test {

/// A table that grows at its end, and the dice.
class RandomTable {
 public:
  RandomTable(std::uint64_t seed, const char* name) : random_(seed) {
    network_.name = name;
    network_.nodes.push_back({});
  }

 protected:
  int pick(int low, int high) {
    return low + static_cast<int>(random_.below(static_cast<std::uint64_t>(high - low + 1)));
  }
  bool coin() { return random_.below(2) == 1; }
  int last() const { return static_cast<int>(network_.nodes.size()) - 1; }
  NodeShape shape(int node) const { return infer_shapes(network_)[static_cast<std::size_t>(node)]; }

  Node& append(Op op, std::vector<int> inputs) {
    Node node;
    node.op = op;
    node.inputs = std::move(inputs);
    network_.nodes.push_back(node);
    return network_.nodes.back();
  }
  Node& append_named(Op op, std::vector<int> inputs) {
    Node& node = append(op, std::move(inputs));
    node.name = "n" + std::to_string(last());
    return node;
  }
  void dense(int channels) {
    if (shape(last()).height * shape(last()).width != 1) append(Op::flatten, {last()});
    append_named(Op::dense, {last()}).channels = channels;
  }

  void conv(int from, int channels, int kernel, int stride, int groups, const Padding& padding) {
    Node& node = append_named(Op::conv, {from});
    node.channels = channels;
    node.kernel = kernel;
    node.stride = stride;
    node.groups = groups;
    node.padding = padding;
    node.bias = coin();
  }

  RandomStream random_;
  Network network_;
};

/// Appends nodes at random: every op, odd sizes, values read more than once.
class RandomNetwork : RandomTable {
 public:
  static constexpr std::uint64_t kSeeds = 150;  ///< Tables that the tests look at.

  explicit RandomNetwork(std::uint64_t seed) : RandomTable(seed, "random") {
    network_.input = {pick(1, 5), pick(5, 19), pick(5, 19)};
  }

  Network make() {
    const int length = pick(3, 14);
    for (int i = 0; i < length; ++i) append_any();
    if (coin()) {
      append(Op::global_average_pool, {last()});
    } else {
      append(Op::flatten, {last()});
    }
    if (coin()) append(coin() ? Op::relu : Op::dropout, {last()});
    dense(pick(3, 20));
    if (coin()) append(Op::relu, {last()});
    if (coin()) append_named(Op::batch_norm, {last()});
    dense(pick(2, 7));
    return network_;
  }

 private:
  void append_conv() {
    const NodeShape in = shape(last());
    const int kernel = std::min({pick(1, 3), in.height, in.width});
    const Padding padding{pick(0, kernel - 1), pick(0, kernel - 1), pick(0, kernel - 1), pick(0, kernel - 1)};
    const bool depthwise = coin();
    conv(last(), depthwise ? in.channels : pick(1, 40), kernel, pick(1, 2), depthwise ? in.channels : 1, padding);
    if (coin()) append_named(Op::batch_norm, {last()});
    append_activation();
    if (coin()) append_named(Op::batch_norm, {last()});
  }

  /// Or nothing.
  void append_activation() {
    const int choice = pick(0, 3);
    if (choice == 0) append(Op::relu, {last()});
    if (choice == 1) append(Op::swish, {last()});
    if (choice == 2) append(Op::sigmoid, {last()});
  }

  /// x + f(x), with a plain or a projected shortcut, on either side of the sum.
  void append_residual() {
    const int from = last();
    const int channels = shape(from).channels;
    int shortcut = from;
    const bool shortcut_first = coin();
    if (coin() && shortcut_first) {
      conv(from, channels, 1, 1, 1, {});
      shortcut = last();
    }
    if (coin()) {
      conv(from, channels, 1, 1, 1, {});
    } else {
      conv(from, channels, 3, 1, 1, {1, 1, 1, 1});
    }
    if (coin()) append_named(Op::batch_norm, {last()});
    if (coin()) append(Op::relu, {last()});
    const int branch = last();
    append(Op::add, coin() ? std::vector<int>{branch, shortcut} : std::vector<int>{shortcut, branch});
    if (coin()) append_named(Op::batch_norm, {last()});
    if (coin()) append(Op::relu, {last()});
  }

  void append_gate() {
    const int from = last();
    append(Op::global_average_pool, {from});
    conv(last(), shape(from).channels, 1, 1, 1, {});
    append(Op::sigmoid, {last()});
    append(Op::multiply, {from, last()});
  }

  void append_pool() {
    const NodeShape in = shape(last());
    const int kernel = std::min({pick(1, 3), in.height, in.width});
    const bool zero = coin();
    Node& node = append(Op::max_pool, {last()});
    node.kernel = kernel;
    node.stride = pick(1, 2);
    node.padding = {pick(0, kernel - 1), pick(0, kernel - 1), pick(0, kernel - 1), pick(0, kernel - 1)};
    node.zero_padding = zero;
  }

  void append_any() {
    switch (pick(0, 9)) {
      case 0:
      case 1:
        append_conv();
        break;
      case 2:
      case 3:
        append_named(Op::batch_norm, {last()});
        break;
      case 4:
        append_residual();
        break;
      case 5:
        append_gate();
        break;
      case 6:
        append_pool();
        break;
      case 7:
        append_activation();
        break;
      case 8:
        append(Op::add, {last(), last()});
        break;
      default:
        append(Op::dropout, {last()});
        break;
    }
  }
};

}  // namespace affekt::test
