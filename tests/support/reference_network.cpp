#include "support/reference_network.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "affekt/core/random.h"
#include "affekt/data/emotion.h"
#include "affekt/model/architectures.h"

namespace affekt::test {
namespace {

using Values = std::vector<double>;

class Reference {
 public:
  Reference(const Network& network, const ParameterMap& parameters)
      : network_(network), parameters_(parameters), shapes_(infer_shapes(network)) {}

  Values run(const std::vector<float>& picture) {
    for (std::size_t i = 0; i < network_.nodes.size(); ++i) {
      const Node& node = network_.nodes[i];
      out_ = shapes_[i];
      if (!node.inputs.empty()) in_ = shapes_[static_cast<std::size_t>(node.inputs[0])];
      values_.push_back(node.op == Op::input ? Values(picture.begin(), picture.end()) : evaluate(node));
    }
    return values_.back();
  }

 private:
  const Values& input(const Node& node, std::size_t which = 0) const {
    return values_[static_cast<std::size_t>(node.inputs[which])];
  }
  const std::vector<float>& parameter(const Node& node, const char* suffix) const {
    return parameters_.at(node.name + suffix);
  }

  static double at(const Values& values, const NodeShape& shape, int c, int y, int x, double outside) {
    if (y < 0 || x < 0 || y >= shape.height || x >= shape.width) return outside;
    return values[static_cast<std::size_t>((c * shape.height + y) * shape.width + x)];
  }

  template <typename Function>
  Values each_output(const Function& value) const {
    Values result;
    for (int c = 0; c < out_.channels; ++c) {
      for (int y = 0; y < out_.height; ++y) {
        for (int x = 0; x < out_.width; ++x) result.push_back(value(c, y, x));
      }
    }
    return result;
  }

  template <typename Function>
  Values mapped(const Node& node, const Function& function) const {
    Values result = input(node);
    for (double& value : result) value = function(value);
    return result;
  }

  /// Adds `weight` times the input plane, seen through the window's cell (dy, dx), to the output plane.
  void add_shifted(const Node& node, const double* in, int dy, int dx, double weight, double* out) const {
    for (int y = 0; y < out_.height; ++y, out += out_.width) {
      const int from = y * node.stride - node.padding.top + dy;
      if (from < 0 || from >= in_.height) continue;
      const double* row = in + from * in_.width;
      for (int x = 0; x < out_.width; ++x) {
        const int column = x * node.stride - node.padding.left + dx;
        if (column >= 0 && column < in_.width) out[x] += weight * row[column];
      }
    }
  }

  Values conv(const Node& node) const {
    const auto& weight = parameter(node, ".weight");
    const Values& source = input(node);
    const int group_in = in_.channels / node.groups, group_out = node.channels / node.groups, k = node.kernel;
    const std::ptrdiff_t in_plane = std::ptrdiff_t{in_.height} * in_.width;
    const std::ptrdiff_t out_plane = std::ptrdiff_t{out_.height} * out_.width;
    Values result(static_cast<std::size_t>(out_.count()));
    std::size_t w = 0;
    for (int c = 0; c < node.channels; ++c) {
      double* out = result.data() + c * out_plane;
      if (node.bias) std::fill_n(out, out_plane, double{parameter(node, ".bias")[static_cast<std::size_t>(c)]});
      for (int i = 0; i < group_in; ++i) {
        const double* in = source.data() + (c / group_out * group_in + i) * in_plane;
        for (int cell = 0; cell < k * k; ++cell) add_shifted(node, in, cell / k, cell % k, double{weight[w++]}, out);
      }
    }
    return result;
  }

  Values max_pool(const Node& node) const {
    const double outside = node.zero_padding ? 0.0 : -std::numeric_limits<double>::infinity();
    return each_output([&](int c, int y, int x) {
      double largest = -std::numeric_limits<double>::infinity();
      for (int dy = 0; dy < node.kernel; ++dy) {
        for (int dx = 0; dx < node.kernel; ++dx) {
          largest = std::max(largest, at(input(node), in_, c, y * node.stride - node.padding.top + dy,
                                         x * node.stride - node.padding.left + dx, outside));
        }
      }
      return largest;
    });
  }

  Values batch_norm(const Node& node) const {
    return each_output([&](int c, int y, int x) {
      const auto i = static_cast<std::size_t>(c);
      const double centred = at(input(node), in_, c, y, x, 0.0) - parameter(node, ".running_mean")[i];
      return centred / std::sqrt(parameter(node, ".running_var")[i] + node.epsilon) * parameter(node, ".weight")[i] +
             parameter(node, ".bias")[i];
    });
  }

  Values dense(const Node& node) const {
    const auto& weight = parameter(node, ".weight");
    const Values& source = input(node);
    return each_output([&](int c, int, int) {
      double sum = parameter(node, ".bias")[static_cast<std::size_t>(c)];
      for (std::size_t i = 0; i < source.size(); ++i) {
        sum += double{weight[static_cast<std::size_t>(c) * source.size() + i]} * source[i];
      }
      return sum;
    });
  }

  Values average(const Node& node) const {
    return each_output([&](int c, int, int) {
      double sum = 0;
      for (int y = 0; y < in_.height; ++y) {
        for (int x = 0; x < in_.width; ++x) sum += at(input(node), in_, c, y, x, 0.0);
      }
      return sum / (in_.height * in_.width);
    });
  }

  Values evaluate(const Node& node) const {
    const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
    switch (node.op) {
      case Op::conv:
        return conv(node);
      case Op::batch_norm:
        return batch_norm(node);
      case Op::relu:
        return mapped(node, [](double x) { return std::max(x, 0.0); });
      case Op::swish:
        return mapped(node, [&](double x) { return x * sigmoid(x); });
      case Op::sigmoid:
        return mapped(node, sigmoid);
      case Op::max_pool:
        return max_pool(node);
      case Op::global_average_pool:
        return average(node);
      case Op::dense:
        return dense(node);
      case Op::add: {
        Values sum = input(node);
        for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += input(node, 1)[i];
        return sum;
      }
      case Op::multiply:
        return each_output([&](int c, int y, int x) {
          return at(input(node), in_, c, y, x, 0.0) * input(node, 1)[static_cast<std::size_t>(c)];
        });
      case Op::input:
      case Op::flatten:
      case Op::dropout:
      case Op::drop_connect:
        return input(node);
    }
    return {};
  }

  const Network& network_;
  const ParameterMap& parameters_;
  std::vector<NodeShape> shapes_;
  std::vector<Values> values_;
  NodeShape in_, out_;  // of the node being evaluated
};

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

Values reference_outputs(const Network& network, const ParameterMap& parameters, const std::vector<float>& picture) {
  return Reference(network, parameters).run(picture);
}

ParameterMap random_parameters(const Network& network, std::uint64_t seed) {
  RandomStream random(seed);
  ParameterMap parameters;
  for (const ParameterSpec& spec : parameter_specs(network)) {
    std::size_t count = 1;
    for (std::int64_t extent : spec.shape) count *= static_cast<std::size_t>(extent);
    const bool matrix = spec.shape.size() > 1;
    const double fan_in = matrix ? static_cast<double>(count) / static_cast<double>(spec.shape[0]) : 1;
    const bool variance = ends_with(spec.name, ".running_var"), gamma = !matrix && ends_with(spec.name, ".weight");
    const double bound = std::sqrt(6 / fan_in);
    std::vector<float>& values = parameters[spec.name];
    values.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      double value = 0;
      if (matrix) {
        value = random.uniform(-bound, bound);
      } else if (variance) {
        value = random.uniform(0.2, 3.0);
      } else if (gamma) {
        value = random.uniform(-0.5, 1.5);
      } else {
        value = 0.3 * random.normal();  // biases, means
      }
      values.push_back(static_cast<float>(value));
    }
  }
  return parameters;
}

std::vector<float> random_values(std::size_t n, std::uint64_t seed) {
  RandomStream random(seed);
  std::vector<float> values(n);
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

void write_random_model(const std::filesystem::path& path, const std::string& architecture, std::uint64_t seed) {
  const Network network = make_network(architecture);
  const ParameterMap parameters = random_parameters(network, seed);
  ModelCard card;
  card.architecture = architecture;
  card.channels = network.input.channels;
  card.classes = emotion_names();
  card.license = "Apache-2.0";
  SelfTest self_test;
  self_test.input = random_values(static_cast<std::size_t>(network.input.count()), seed);
  const Values logits = reference_outputs(network, parameters, self_test.input);
  self_test.logits.assign(logits.begin(), logits.end());
  write_model(path, card, parameters, {self_test}, DType::f32);
}

}  // namespace affekt::test
