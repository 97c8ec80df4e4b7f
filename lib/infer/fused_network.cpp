#include "infer/fused_network.h"

#include <cmath>
#include <map>
#include <optional>
#include <utility>

namespace affekt {
namespace {

struct Affine {
  std::vector<double> scale, shift;
};

PostOp::Kind activation_kind(Op op) {
  if (op == Op::relu) return PostOp::Kind::relu;
  return op == Op::swish ? PostOp::Kind::swish : PostOp::Kind::sigmoid;
}

/// Identity in evaluation.
bool is_dropping(Op op) { return op == Op::dropout || op == Op::drop_connect; }

bool is_activation(Op op) { return op == Op::relu || op == Op::swish || op == Op::sigmoid; }

std::vector<float> narrowed(const std::vector<double>& values) { return {values.begin(), values.end()}; }

class Fuser {
 public:
  Fuser(const Network& network, const ParameterSource& parameters)
      : network_(network), parameters_(parameters), nodes_(network.nodes), shapes_(infer_shapes(network)) {
    consumers_.resize(nodes_.size());
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      for (int input : nodes_[i].inputs) consumers_[index(input)].push_back(i);
    }
    value_.assign(nodes_.size(), kUnknown);
  }

  FusedNetwork run() {
    result_.input = network_.input;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (value_[i] == kUnknown) emit(i);
    }
    result_.output = value_.back();
    return std::move(result_);
  }

 private:
  static constexpr int kUnknown = -1;
  static std::size_t index(int i) { return static_cast<std::size_t>(i); }

  int value_of_input(std::size_t node, std::size_t which = 0) const {
    return value_[index(nodes_[node].inputs[which])];
  }
  const NodeShape& shape_of_input(std::size_t node) const { return shapes_[index(nodes_[node].inputs[0])]; }

  std::optional<std::size_t> only_consumer(std::size_t node) const {
    if (consumers_[node].size() != 1) return std::nullopt;
    return consumers_[node][0];
  }

  std::vector<float> parameter(std::size_t node, const char* suffix) const {
    return parameters_(nodes_[node].name + suffix);
  }

  /// y = scale * x + shift of a BatchNorm with its running statistics.
  Affine affine(std::size_t node) const {
    const auto weight = parameter(node, ".weight"), bias = parameter(node, ".bias");
    const auto mean = parameter(node, ".running_mean"), variance = parameter(node, ".running_var");
    Affine result;
    for (std::size_t c = 0; c < weight.size(); ++c) {
      const double scale = weight[c] / std::sqrt(double{variance[c]} + nodes_[node].epsilon);
      result.scale.push_back(scale);
      result.shift.push_back(bias[c] - mean[c] * scale);
    }
    return result;
  }

  void emit(std::size_t i) {
    const Node& node = nodes_[i];
    switch (node.op) {
      case Op::input:
        value_[i] = 0;
        break;
      case Op::dropout:
      case Op::drop_connect:
        value_[i] = value_of_input(i);
        break;
      case Op::flatten:
        emit_flatten(i);
        break;
      case Op::conv:
      case Op::dense:
        emit_linear(i);
        break;
      case Op::batch_norm:
        emit_batch_norm(i);
        break;
      case Op::max_pool:
        finish(i, start(i, FusedStep::Kind::max_pool));
        break;
      case Op::global_average_pool:
        finish(i, start(i, FusedStep::Kind::average_pool));
        break;
      case Op::relu:
      case Op::swish:
      case Op::sigmoid: {
        FusedStep step = start(i, FusedStep::Kind::pointwise);
        step.post.push_back({activation_kind(node.op), {}, {}});
        attach(i, step);
        finish(i, std::move(step));
        break;
      }
      case Op::add:
      case Op::multiply: {
        FusedStep step = start(i, node.op == Op::add ? FusedStep::Kind::add : FusedStep::Kind::multiply);
        step.other = value_of_input(i, 1);
        attach(i, step);
        finish(i, std::move(step));
        break;
      }
    }
  }

  FusedStep start(std::size_t i, FusedStep::Kind kind) const {
    FusedStep step;
    step.kind = kind;
    step.node = nodes_[i];
    step.input = value_of_input(i);
    step.in = shape_of_input(i);
    step.out = shapes_[i];
    return step;
  }

  /// Stores the step that does the work of node `i` and of all nodes absorbed since.
  void finish(std::size_t i, FusedStep step) {
    result_.steps.push_back(std::move(step));
    value_[i] = static_cast<int>(result_.steps.size());
    for (std::size_t node : absorbed_) value_[node] = value_[i];
    absorbed_.clear();
  }

  /// A flatten is only another way to look at its input if dense layers read it, or if there is nothing to flatten.
  void emit_flatten(std::size_t i) {
    bool view = shape_of_input(i).height == 1 && shape_of_input(i).width == 1;
    if (!view) {
      view = !consumers_[i].empty();
      for (std::size_t consumer : consumers_[i]) view = view && nodes_[consumer].op == Op::dense;
    }
    if (view) {
      value_[i] = value_of_input(i);
    } else {
      finish(i, start(i, FusedStep::Kind::flatten));
    }
  }

  /// The dense layer that alone reads `node`, perhaps through dropout and flatten.
  std::optional<std::size_t> dense_behind(std::size_t node) const {
    auto next = only_consumer(node);
    while (next && (is_dropping(nodes_[*next].op) || nodes_[*next].op == Op::flatten)) next = only_consumer(*next);
    return next && nodes_[*next].op == Op::dense ? next : std::nullopt;
  }

  void emit_batch_norm(std::size_t i) {
    if (const auto dense = dense_behind(i)) {
      before_dense_[*dense] = affine(i);
      value_[i] = value_of_input(i);
      return;
    }
    FusedStep step = start(i, FusedStep::Kind::pointwise);
    const Affine map = affine(i);
    step.post.push_back({PostOp::Kind::scale_shift, narrowed(map.scale), narrowed(map.shift)});
    attach(i, step);
    finish(i, std::move(step));
  }

  void emit_linear(std::size_t i) {
    const bool dense = nodes_[i].op == Op::dense;
    FusedStep step = start(i, dense ? FusedStep::Kind::dense : FusedStep::Kind::conv);
    if (dense) step.in = source_shape(i);
    step.weights = parameter(i, ".weight");
    std::vector<double> bias(static_cast<std::size_t>(step.out.channels), 0.0);
    if (dense || nodes_[i].bias) {
      const auto values = parameter(i, ".bias");
      bias.assign(values.begin(), values.end());
    }
    const auto before = before_dense_.find(i);
    if (before != before_dense_.end()) fold_into_inputs(before->second, step.weights, bias);
    std::size_t last = i;
    const auto next = only_consumer(i);
    if (next && nodes_[*next].op == Op::batch_norm) {
      fold_into_outputs(affine(*next), step.weights, bias);
      last = *next;
      absorbed_.push_back(last);
    }
    step.bias = narrowed(bias);
    attach(last, step);
    finish(i, std::move(step));
  }

  /// Shape of the value a dense layer reads, before any flatten that is only a view.
  NodeShape source_shape(std::size_t dense) const {
    std::size_t source = index(nodes_[dense].inputs[0]);
    const int value = value_[source];
    while ((nodes_[source].op == Op::flatten || is_dropping(nodes_[source].op)) &&
           value_[index(nodes_[source].inputs[0])] == value) {
      source = index(nodes_[source].inputs[0]);
    }
    return shapes_[source];
  }

  static void fold_into_outputs(const Affine& map, std::vector<float>& weights, std::vector<double>& bias) {
    const std::size_t row = weights.size() / bias.size();
    for (std::size_t o = 0; o < bias.size(); ++o) {
      for (std::size_t j = 0; j < row; ++j) {
        weights[o * row + j] = static_cast<float>(weights[o * row + j] * map.scale[o]);
      }
      bias[o] = bias[o] * map.scale[o] + map.shift[o];
    }
  }

  /// W (scale x + shift) + b, where consecutive columns of W may share a channel (c slowest).
  static void fold_into_inputs(const Affine& map, std::vector<float>& weights, std::vector<double>& bias) {
    const std::size_t row = weights.size() / bias.size();
    const std::size_t per_channel = row / map.scale.size();
    for (std::size_t o = 0; o < bias.size(); ++o) {
      for (std::size_t j = 0; j < row; ++j) {
        float& weight = weights[o * row + j];
        bias[o] += weight * map.shift[j / per_channel];
        weight = static_cast<float>(weight * map.scale[j / per_channel]);
      }
    }
  }

  /// Absorbs what follows `last` as long as nobody else reads the values between.
  void attach(std::size_t last, FusedStep& step) {
    for (auto next = only_consumer(last); next; next = only_consumer(last)) {
      const Op op = nodes_[*next].op;
      if (op == Op::batch_norm && !dense_behind(*next)) {
        const Affine map = affine(*next);
        step.post.push_back({PostOp::Kind::scale_shift, narrowed(map.scale), narrowed(map.shift)});
      } else if (op == Op::add && can_sum(*next, last, step)) {
        step.post.push_back({PostOp::Kind::sum, {}, {}});
      } else if (is_activation(op)) {
        step.post.push_back({activation_kind(op), {}, {}});
      } else if (!is_dropping(op)) {
        return;
      }
      last = *next;
      absorbed_.push_back(last);
    }
  }

  /// A step can add one value to its result, if that value is already there.
  bool can_sum(std::size_t add, std::size_t last, FusedStep& step) const {
    if (step.other >= 0 || step.kind != FusedStep::Kind::conv) return false;
    const auto& inputs = nodes_[add].inputs;
    const std::size_t other = index(inputs[0]) == last ? index(inputs[1]) : index(inputs[0]);
    if (other == last || value_[other] == kUnknown) return false;
    step.other = value_[other];
    return true;
  }

  const Network& network_;
  const ParameterSource& parameters_;
  const std::vector<Node>& nodes_;
  std::vector<NodeShape> shapes_;
  std::vector<std::vector<std::size_t>> consumers_;
  std::vector<int> value_;             // of each node; absorbed nodes have their step's
  std::vector<std::size_t> absorbed_;  // by the step being made
  std::map<std::size_t, Affine> before_dense_;
  FusedNetwork result_;
};

}  // namespace

FusedNetwork fuse(const Network& network, const ParameterSource& parameters) {
  return Fuser(network, parameters).run();
}

}  // namespace affekt
