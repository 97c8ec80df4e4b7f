#include "parity/both_executors.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "affekt/infer/executor.h"
#include "affekt/nn/precision.h"
#include "nn/torch_network.h"

namespace affekt::test {
namespace {

/// bf16 at a level below AVX-512 as on a processor of that level: there LibTorch computes without oneDNN. Here it sees
/// AVX-512, and oneDNN, which was told to keep from it, throws.
class WithoutOnednn {
 public:
  explicit WithoutOnednn(bool without) : before_(at::globalContext().userEnabledMkldnn()) {
    if (without) at::globalContext().setUserEnabledMkldnn(false);
  }
  ~WithoutOnednn() { at::globalContext().setUserEnabledMkldnn(before_); }
  WithoutOnednn(const WithoutOnednn&) = delete;
  WithoutOnednn& operator=(const WithoutOnednn&) = delete;

 private:
  bool before_;
};

}  // namespace

std::vector<float> torch_outputs(const Network& network, const ParameterMap& parameters,
                                 const std::vector<float>& pictures, bool bf16) {
  TorchNetwork executor(network, at::kCPU);
  executor.load(parameters);
  const NodeShape& in = network.input;
  at::Tensor input = at::empty(
      {static_cast<std::int64_t>(pictures.size()) / in.count(), in.channels, in.height, in.width}, at::kFloat);
  std::memcpy(input.data_ptr<float>(), pictures.data(), pictures.size() * sizeof(float));
  Pass pass;
  pass.bf16 = bf16;
  const WithoutOnednn guard(bf16 && !precision_table("cpu").has_bf16());
  const at::NoGradGuard no_grad;
  const at::Tensor out =
      executor.forward(input.contiguous(at::MemoryFormat::ChannelsLast), pass).contiguous(at::MemoryFormat::Contiguous);
  const float* values = out.data_ptr<float>();
  return {values, values + out.numel()};
}

std::vector<float> onednn_outputs(const Network& network, const ParameterMap& parameters,
                                  const std::vector<float>& pictures) {
  const std::size_t n = pictures.size() / static_cast<std::size_t>(network.input.count());
  ExecutorOptions options;
  options.threads = 1;  // tests share their cores: threads would mostly wait for each other
  return Executor(network, parameters, options).logits(pictures.data(), n);
}

std::vector<std::pair<std::string, std::vector<float>>> both_outputs(const Network& network,
                                                                     const ParameterMap& parameters,
                                                                     const std::vector<float>& pictures) {
  return {{"LibTorch", torch_outputs(network, parameters, pictures)},
          {"oneDNN", onednn_outputs(network, parameters, pictures)}};
}

Network up_to(Network network, int node) {
  network.nodes.resize(static_cast<std::size_t>(node) + 1);
  return network;
}

int node_named(const Network& network, const std::string& name) {
  for (std::size_t i = 0; i < network.nodes.size(); ++i) {
    if (network.nodes[i].name == name) return static_cast<int>(i);
  }
  throw std::out_of_range("no node " + name);
}

namespace {

template <typename T>
double difference(const std::vector<float>& a, const std::vector<T>& b) {
  if (a.size() != b.size() || a.empty()) return std::numeric_limits<double>::infinity();
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double value = std::abs(double{a[i]} - double{b[i]});
    if (!std::isfinite(value)) return std::numeric_limits<double>::infinity();
    largest = std::max(largest, value);
  }
  return largest;
}

}  // namespace

double largest_difference(const std::vector<float>& a, const std::vector<double>& b) { return difference(a, b); }
double largest_difference(const std::vector<float>& a, const std::vector<float>& b) { return difference(a, b); }

double largest_value(const std::vector<float>& values) {
  double largest = 0;
  for (const float value : values) largest = std::max(largest, std::abs(double{value}));
  return largest;
}

}  // namespace affekt::test
