#include "nn/torch_network.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "affekt/core/error.h"

namespace affekt {
namespace {

bool needs_no_output_in_backward(Op op) {
  return op == Op::conv || op == Op::batch_norm || op == Op::add || op == Op::dense;
}

/// Rounding the output size up equals padding below and right only where the extra cells never win the maximum.
bool padding_is_ceil_mode(const Node& node, const NodeShape& in, const NodeShape& out) {
  if (node.zero_padding || node.padding.top != 0 || node.padding.left != 0) return false;
  const auto rounded_up = [&](int side) { return (side - node.kernel + node.stride - 1) / node.stride + 1; };
  return node.padding.bottom < node.kernel && node.padding.right < node.kernel && in.height >= node.kernel &&
         in.width >= node.kernel && rounded_up(in.height) == out.height && rounded_up(in.width) == out.width;
}

/// In the layout that every operation takes.
at::Tensor plain(const at::Tensor& x) { return x.is_mkldnn() ? x.to_dense() : x; }

at::Tensor pad(const at::Tensor& x, const Padding& padding, double value) {
  return at::constant_pad_nd(x, {padding.left, padding.right, padding.top, padding.bottom}, value);
}

at::Tensor max_pool(const Node& node, bool ceil_mode, const at::Tensor& x) {
  const Padding& p = node.padding;
  const bool none = p.top == 0 && p.left == 0 && p.bottom == 0 && p.right == 0;
  const std::int64_t size[] = {node.kernel, node.kernel}, stride[] = {node.stride, node.stride};
  if (none || ceil_mode) {
    // Where LibTorch 2 was built with Vulkan, max_pool2d() does not find oneDNN's by itself.
    return x.is_mkldnn() ? at::mkldnn_max_pool2d(x, size, stride, 0, 1, ceil_mode)
                         : at::max_pool2d(x, size, stride, 0, 1, ceil_mode);
  }
  const double value = node.zero_padding ? 0.0 : -std::numeric_limits<double>::infinity();
  return at::max_pool2d(pad(plain(x), p, value), size, stride);
}

Layout available(Layout layout, at::Device device) {
  return layout == Layout::blocked && device.is_cpu() && at::globalContext().hasMKLDNN() ? Layout::blocked
                                                                                         : Layout::channels_last;
}

/// One value a picture: (n, 1, 1, 1).
at::Tensor picture_mask(const at::Tensor& like, double rate, const Pass& pass, std::size_t node) {
  return dropout_mask(at::empty({like.size(0), 1, 1, 1}, like.options()), rate, pass, node);
}

at::Tensor drop(const at::Tensor& x, double rate, const Pass& pass, std::size_t node) {
  return at::mul(x, dropout_mask(x, rate, pass, node));
}

at::Tensor drop_pictures(const at::Tensor& x, double rate, const Pass& pass, std::size_t node) {
  return at::mul(x, picture_mask(x, rate, pass, node));
}

}  // namespace

TorchNetwork::TorchNetwork(Network table, at::Device device, Layout layout)
    : table_(std::move(table)), device_(device), layout_(available(layout, device)) {
  const std::vector<NodeShape> shapes = infer_shapes(table_);
  plans_.resize(table_.nodes.size());
  trained_.assign(table_.nodes.size(), true);
  std::vector<int> readers(table_.nodes.size(), 0);
  for (std::size_t i = 0; i < plans_.size(); ++i) {
    plans_[i].shape = shapes[i];
    for (const int input : table_.nodes[i].inputs) {
      plans_[static_cast<std::size_t>(input)].last_use = static_cast<int>(i);
      ++readers[static_cast<std::size_t>(input)];
    }
  }
  for (std::size_t i = 0; i < plans_.size(); ++i) {
    const Node& node = table_.nodes[i];
    if (node.inputs.empty()) continue;
    const auto from = static_cast<std::size_t>(node.inputs[0]);
    plans_[i].in_place = (node.op == Op::relu || node.op == Op::add) && readers[from] == 1 &&
                         needs_no_output_in_backward(table_.nodes[from].op);
    if (node.op == Op::max_pool) plans_[i].ceil_mode = padding_is_ceil_mode(node, shapes[from], shapes[i]);
  }
  for (ParameterSpec& spec : parameter_specs(table_)) {
    Plan& plan = plans_[static_cast<std::size_t>(spec.node)];
    if (plan.first_entry < 0) plan.first_entry = static_cast<int>(entries_.size());
    // Allocated in the format, not converted: a tensor with one channel counts as both formats, is left as it is, and
    // would make the first convolution choose the slow one.
    // To and from oneDNN's blocks plain weights and gradients have the shorter way.
    const auto format = spec.shape.size() == 4 && layout_ == Layout::channels_last ? at::MemoryFormat::ChannelsLast
                                                                                   : at::MemoryFormat::Contiguous;
    at::Tensor tensor = at::empty(spec.shape, at::TensorOptions().dtype(at::kFloat).device(device_), format).zero_();
    entries_.push_back({std::move(spec), std::move(tensor)});
  }
}

void TorchNetwork::load(const ParameterMap& parameters) {
  const at::NoGradGuard no_grad;
  for (Entry& entry : entries_) {
    const auto found = parameters.find(entry.spec.name);
    if (found == parameters.end()) throw UsageError("network " + table_.name + ": no parameter " + entry.spec.name);
    if (static_cast<std::int64_t>(found->second.size()) != entry.tensor.numel()) {
      throw UsageError("network " + table_.name + ": " + entry.spec.name + ": expected " +
                       std::to_string(entry.tensor.numel()) + " values, found " + std::to_string(found->second.size()));
    }
    at::Tensor values = at::empty(entry.spec.shape, at::kFloat);
    std::memcpy(values.data_ptr<float>(), found->second.data(), found->second.size() * sizeof(float));
    entry.tensor.copy_(values);
  }
}

void TorchNetwork::load(const ModelFile& file) {
  ParameterMap parameters;
  for (const Entry& entry : entries_) parameters[entry.spec.name] = to_float(file.parameter(entry.spec.name));
  load(parameters);
}

ParameterMap TorchNetwork::export_parameters() const {
  const at::NoGradGuard no_grad;
  ParameterMap parameters;
  for (const Entry& entry : entries_) {
    const at::Tensor values = entry.tensor.detach().to(at::kCPU).contiguous();
    const float* data = values.data_ptr<float>();
    parameters[entry.spec.name].assign(data, data + values.numel());
  }
  return parameters;
}

void TorchNetwork::set_requires_grad(bool on) {
  for (Entry& entry : entries_) {
    if (entry.spec.trainable) entry.tensor.set_requires_grad(on);
  }
}

const at::Tensor& TorchNetwork::entry(const Plan& plan, int i) const {
  return entries_[static_cast<std::size_t>(plan.first_entry) + static_cast<std::size_t>(i)].tensor;
}

void TorchNetwork::set_trained(const std::vector<bool>& nodes) {
  trained_ = nodes;
  for (Entry& entry : entries_) {
    if (entry.spec.trainable) entry.tensor.set_requires_grad(trained_[static_cast<std::size_t>(entry.spec.node)]);
  }
}

at::Tensor TorchNetwork::forward(const at::Tensor& input, const Pass& pass) const {
  return forward_between(0, input, static_cast<int>(plans_.size()) - 1, pass).to(at::kFloat);
}

at::Tensor TorchNetwork::forward_between(int from, const at::Tensor& value, int to, const Pass& pass) const {
  Pass frozen = pass;
  frozen.training = false;
  std::vector<at::Tensor> values(plans_.size());
  values[static_cast<std::size_t>(from)] = value;
  for (int node = from + 1; node <= to; ++node) {
    const auto i = static_cast<std::size_t>(node);
    values[i] = evaluate(i, values, trained_[i] ? pass : frozen);
    for (const int used : table_.nodes[i].inputs) {
      const auto u = static_cast<std::size_t>(used);
      if (pass.keep == nullptr && plans_[u].last_use == node) values[u].reset();
    }
  }
  at::Tensor last = plain(values[static_cast<std::size_t>(to)]);
  if (pass.keep != nullptr) *pass.keep = std::move(values);
  return last;
}

bool is_cut(const Network& network, int node) {
  for (std::size_t i = static_cast<std::size_t>(node) + 1; i < network.nodes.size(); ++i) {
    for (const int input : network.nodes[i].inputs) {
      if (input < node) return false;
    }
  }
  return true;
}

bool TorchNetwork::computes_blocked(const Pass& pass) const {
  return layout_ == Layout::blocked && !pass.bf16 && pass.keep == nullptr;
}

at::Tensor TorchNetwork::evaluate(std::size_t i, const std::vector<at::Tensor>& values, const Pass& pass) const {
  const Node& node = table_.nodes[i];
  const Plan& plan = plans_[i];
  const auto as_it_is = [&](std::size_t k) -> const at::Tensor& {
    return values[static_cast<std::size_t>(node.inputs[k])];
  };
  const auto in = [&](std::size_t k) { return plain(as_it_is(k)); };
  const bool in_place = plan.in_place && pass.keep == nullptr;
  switch (node.op) {
    case Op::input:
      return values[i];
    case Op::conv:
      return convolve(node, plan, as_it_is(0), pass);
    case Op::batch_norm:
      return normalise(node, plan, as_it_is(0), pass);
    case Op::relu: {
      const at::Tensor& x = as_it_is(0);
      return in_place ? x.relu_() : at::relu(x);
    }
    case Op::swish:
      return at::silu(in(0));
    case Op::sigmoid:
      return at::sigmoid(in(0));
    case Op::max_pool:
      return max_pool(node, plan.ceil_mode, as_it_is(0));
    case Op::global_average_pool:
      return at::adaptive_avg_pool2d(as_it_is(0), {1, 1});
    case Op::flatten:
      return in(0).flatten(1);
    case Op::dense:
      return fully_connect(plan, in(0), pass);
    case Op::dropout:
      return pass.training && node.rate > 0 ? drop(in(0), node.rate, pass, i) : as_it_is(0);
    case Op::drop_connect:
      return pass.training && node.rate > 0 ? drop_pictures(in(0), node.rate, pass, i) : as_it_is(0);
    case Op::add: {
      const bool alike = as_it_is(0).is_mkldnn() == as_it_is(1).is_mkldnn();
      const at::Tensor x = alike ? as_it_is(0) : in(0);
      const at::Tensor y = alike ? as_it_is(1) : in(1);
      return in_place ? x.add_(y) : at::add(x, y);
    }
    case Op::multiply:
      return at::mul(in(0), in(1));
  }
  throw DataError("network " + table_.name + ": node " + std::to_string(i) + " has an unknown operation");
}

at::Tensor TorchNetwork::convolve(const Node& node, const Plan& plan, const at::Tensor& x, const Pass& pass) const {
  const Padding& p = node.padding;
  const bool symmetric = p.top == p.bottom && p.left == p.right;
  at::Tensor input = pass.bf16 ? x.to(at::kBFloat16) : x;
  if (!symmetric) input = pad(plain(input), p, 0.0);
  if (computes_blocked(pass) && !input.is_mkldnn()) input = input.to_mkldnn();
  const auto weight = pass.bf16 ? entry(plan, 0).to(at::kBFloat16) : entry(plan, 0);
  at::Tensor bias;
  if (node.bias) bias = pass.bf16 ? entry(plan, 1).to(at::kBFloat16) : entry(plan, 1);
  return at::conv2d(input, weight, bias, {node.stride, node.stride},
                    symmetric ? at::IntArrayRef({p.top, p.left}) : at::IntArrayRef({0, 0}), {1, 1}, node.groups);
}

at::Tensor TorchNetwork::normalise(const Node& node, const Plan& plan, const at::Tensor& x, const Pass& pass) const {
  // LibTorch's oneDNN has no backward pass of the running statistics.
  const at::Tensor input = pass.training || !x.requires_grad() ? x : plain(x);
  return at::batch_norm(input, entry(plan, 0), entry(plan, 1), entry(plan, 2), entry(plan, 3), pass.training,
                        node.momentum, node.epsilon, /*cudnn_enabled=*/true);
}

at::Tensor TorchNetwork::fully_connect(const Plan& plan, const at::Tensor& x, const Pass& pass) const {
  if (!pass.bf16) return at::linear(x, entry(plan, 0), entry(plan, 1));
  return at::linear(x.to(at::kBFloat16), entry(plan, 0).to(at::kBFloat16), entry(plan, 1).to(at::kBFloat16));
}

void replay_self_tests(const TorchNetwork& network, const ModelFile& file) {
  constexpr double kTolerance = 1e-3;
  const at::NoGradGuard no_grad;
  const NodeShape& in = network.table().input;
  int number = 0;
  for (const SelfTest& test : file.self_tests()) {
    at::Tensor input = at::empty({1, in.channels, in.height, in.width}, at::kFloat);
    if (static_cast<std::int64_t>(test.input.size()) != input.numel()) {
      throw DataError(file.path().string() + ": selftest." + std::to_string(number) + ".input has the wrong size");
    }
    std::memcpy(input.data_ptr<float>(), test.input.data(), test.input.size() * sizeof(float));
    const at::Tensor logits =
        network.forward(input.to(network.device()).contiguous(at::MemoryFormat::ChannelsLast), {}).to(at::kCPU);
    const float* values = logits.data_ptr<float>();
    for (std::size_t c = 0; c < test.logits.size(); ++c) {
      const double expected = test.logits[c];
      const double error = std::abs(expected - static_cast<double>(values[c]));
      if (!(error <= kTolerance * std::max(1.0, std::abs(expected)))) {
        throw DataError(file.path().string() + ": self-test " + std::to_string(number) + " expects logit " +
                        std::to_string(expected) + ", this build computes " + std::to_string(values[c]) +
                        " (the file is damaged or from an incompatible version)");
      }
    }
    ++number;
  }
}

}  // namespace affekt
