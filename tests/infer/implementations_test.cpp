// What the executor's primitives are: no slow implementation where a fast one exists, and no chain of operations in a
// network that the random tables of executor_test.cpp do not reach.
#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>

#include "affekt/infer/executor.h"
#include "affekt/model/architectures.h"
#include "infer/fused_network.h"
#include "infer/random_network.h"
#include "support/catch.h"
#include "support/reference_network.h"

using namespace affekt;
using affekt::test::random_parameters;
using affekt::test::RandomNetwork;

namespace {

/// Every network with every head, at the sizes they are used with; all at 48 x 48 where the head allows.
std::vector<Network> all_networks() {
  std::vector<Network> networks;
  for (const std::string& name : network_names()) {
    for (const std::string& head : network_info(name).heads) {
      for (const char* variant : {"", "torchvision", "timm"}) {
        const bool known = std::string(variant).empty() ||
                           (name == "efficientnet-b0" && variant[0] == 't' && variant[1] == 'o') ||
                           (name == "resnet50v2" && variant[0] == 't' && variant[1] == 'i');
        if (!known) continue;
        NetworkOptions options;
        options.head = head;
        options.variant = variant;
        if (head == "top") options.classes = 1000;
        if (head == "top" && name != "vgg16") options.image_size = 48;
        networks.push_back(make_network(name, options));
      }
    }
  }
  return networks;
}

/// An executor needs values, of which nothing here depends.
Executor executor_of(const Network& network) {
  ParameterMap parameters;
  for (const ParameterSpec& spec : parameter_specs(network)) {
    std::size_t count = 1;
    for (const std::int64_t extent : spec.shape) count *= static_cast<std::size_t>(extent);
    parameters[spec.name].assign(count, 0.01F);
  }
  return Executor(network, parameters);
}

bool is_slow(const std::string& implementation) {
  return implementation.find("ref") != std::string::npos || implementation.find("simple") != std::string::npos;
}

/// Below AVX2, oneDNN has no jitted pooling of channels-first values.
bool has_avx2() {
  const char* limit = std::getenv("ONEDNN_MAX_CPU_ISA");
  const std::string level = limit == nullptr ? "" : limit;
  return __builtin_cpu_supports("avx2") != 0 && level != "SSE41" && level != "AVX";
}

/// A step's operation and what rides on it: "conv 3x3 grouped: sum scale_shift relu".
std::string chain_of(const FusedStep& step) {
  static const char* const kKinds[] = {"conv",      "dense", "max_pool", "average_pool",
                                       "pointwise", "add",   "multiply", "flatten"};
  static const char* const kPosts[] = {"relu", "swish", "sigmoid", "sum", "scale_shift"};
  std::string text = kKinds[static_cast<int>(step.kind)];
  if (step.kind == FusedStep::Kind::conv) {
    text += step.node.groups > 1 ? " grouped" : step.node.kernel == 1 ? " 1x1" : "";
    if (step.node.stride > 1) text += " strided";
  }
  text += ":";
  for (const PostOp& post : step.post) text += std::string(" ") + kPosts[static_cast<int>(post.kind)];
  return text;
}

void add_chains(const Network& network, const ParameterMap& parameters, std::set<std::string>& chains) {
  const FusedNetwork fused = fuse(network, [&](const std::string& name) { return parameters.at(name); });
  for (const FusedStep& step : fused.steps) chains.insert(chain_of(step));
}

}  // namespace

TEST_CASE("executor: no primitive of a network runs in a reference implementation") {
  CHECK(is_slow("binary: ref:any"));
  CHECK(is_slow("pooling: simple_nchw:any"));
  CHECK_FALSE(is_slow("convolution: jit:avx2"));
  for (const Network& network : all_networks()) {
    Executor executor = executor_of(network);
    for (const std::size_t batch : {1U, 64U}) {
      if (batch > 1 && network.input.height > 48) continue;  // vgg16's classifier of 224 x 224: 2 GB of buffers
      const auto implementations = executor.implementations(batch);
      REQUIRE(implementations.size() >= 10);
      for (const std::string& implementation : implementations) {
        INFO(network.name << ", " << network.nodes.size() << " nodes, batch " << batch << ": " << implementation);
        CHECK_FALSE(implementation.find("ref") != std::string::npos);
        if (has_avx2()) CHECK_FALSE(is_slow(implementation));
      }
    }
  }
}

TEST_CASE("executor: the random tables reach every chain that a network forms") {
  std::set<std::string> reached, needed;
  for (std::uint64_t seed = 0; seed < RandomNetwork::kSeeds; ++seed) {
    const Network network = RandomNetwork(seed).make();
    add_chains(network, random_parameters(network, seed), reached);
  }
  for (const Network& network : all_networks()) add_chains(network, random_parameters(network, 1), needed);
  CHECK(needed.size() >= 20);
  for (const std::string& chain : needed) {
    INFO(chain);
    CHECK(reached.count(chain) == 1);
  }
}
