// Activations in oneDNN's blocked format: the same functions and gradients as channels-last.
#include <string>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/random.h"
#include "affekt/model/architectures.h"
#include "affekt/nn/compute.h"
#include "affekt/nn/precision.h"
#include "nn/torch_network.h"
#include "support/catch.h"
#include "support/error_message.h"

using namespace affekt;

namespace {

at::Tensor random_tensor(const std::vector<std::int64_t>& shape, std::uint64_t seed) {
  RandomStream random(seed);
  at::Tensor out = at::empty(shape, at::kFloat);
  float* values = out.data_ptr<float>();
  for (std::int64_t i = 0; i < out.numel(); ++i) values[i] = static_cast<float>(random.normal());
  return out;
}

/// The same network with the same weights in either layout.
struct Pair {
  TorchNetwork last, blocked;
  explicit Pair(const Network& table)
      : last(table, at::kCPU, Layout::channels_last), blocked(table, at::kCPU, Layout::blocked) {
    last.initialise(3);
    blocked.initialise(3);
  }
  void train(const std::vector<bool>& nodes) {
    last.set_trained(nodes);
    blocked.set_trained(nodes);
  }
};

/// What a step leaves behind: logits, gradients and BatchNorm's statistics, by name.
std::vector<std::pair<std::string, at::Tensor>> step(TorchNetwork& network, const at::Tensor& input, Pass pass) {
  const at::Tensor logits = network.forward(input.contiguous(at::MemoryFormat::ChannelsLast), pass);
  logits.mul(random_tensor(logits.sizes().vec(), 8)).sum().backward();
  std::vector<std::pair<std::string, at::Tensor>> out = {{"logits", logits.detach()}};
  for (const TorchNetwork::Entry& entry : network.entries()) {
    if (entry.tensor.requires_grad()) {
      out.emplace_back("gradient of " + entry.spec.name, entry.tensor.grad());
    } else if (!entry.spec.trainable) {
      out.emplace_back(entry.spec.name, entry.tensor);
    }
  }
  return out;
}

void check_alike(Pair& pair, const at::Tensor& input, const Pass& pass, double tolerance) {
  const auto expected = step(pair.last, input, pass), found = step(pair.blocked, input, pass);
  REQUIRE(found.size() == expected.size());
  double largest = 0;  // of all gradients: some of them are zero but for rounding
  for (const auto& [name, value] : expected) largest = std::max(largest, value.norm().item<double>());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(expected[i].first);
    REQUIRE(found[i].first == expected[i].first);
    REQUIRE(found[i].second.layout() == at::kStrided);
    const double size = expected[i].second.norm().item<double>();
    CHECK((found[i].second - expected[i].second).norm().item<double>() <= tolerance * size + 1e-6 * largest);
  }
}

}  // namespace

TEST_CASE("every network has the same logits, gradients and statistics in the blocked layout") {
  for (const std::string& name : network_names()) {
    CAPTURE(name);
    Pair pair(make_network(name, {network_info(name).published.file.empty() ? 0 : 32}));
    REQUIRE(pair.blocked.layout() == Layout::blocked);
    const NodeShape& in = pair.last.table().input;
    const at::Tensor input = random_tensor({6, in.channels, in.height, in.width}, 5);
    Pass pass;
    {
      const at::NoGradGuard no_grad;
      CHECK(at::allclose(pair.blocked.forward(input, pass), pair.last.forward(input, pass), 1e-4, 1e-4));
    }
    pair.train(std::vector<bool>(pair.last.table().nodes.size(), true));
    // Through the statistics of few pictures these two, untrained, are so ill-conditioned that rounding alone turns
    // their gradients.
    pass.training = name != "resnet50v2" && name != "basic-cnn";
    // Rounding takes some values to the other side of a ReLU or makes another one a maximum.
    check_alike(pair, input, pass, name == "efficientnet-b0" ? 1e-3 : 1e-2);
  }
}

TEST_CASE("dropout, BatchNorm and sums between blocked convolutions: the same but for rounding") {
  const auto node = [](Op op, const char* name, std::vector<int> inputs) {
    Node out;
    out.op = op;
    out.name = name;
    out.inputs = std::move(inputs);
    return out;
  };
  const auto conv = [&node](const char* name, int input, int kernel) {
    Node out = node(Op::conv, name, {input});
    out.channels = 12;  // no whole number of blocks
    out.kernel = kernel;
    out.padding = {kernel / 2, kernel / 2, kernel / 2, kernel / 2};
    return out;
  };
  Network table;
  table.name = "smooth";
  table.input = {3, 9, 9};
  table.nodes = {node(Op::input, "", {}),
                 conv("first", 0, 3),
                 node(Op::batch_norm, "bn1", {1}),
                 node(Op::dropout, "", {2}),
                 conv("second", 3, 3),
                 node(Op::batch_norm, "bn2", {4}),
                 node(Op::add, "", {5, 2}),
                 node(Op::add, "", {6, 3}),
                 conv("third", 7, 1),
                 node(Op::swish, "", {8}),
                 node(Op::global_average_pool, "", {9}),
                 node(Op::flatten, "", {10}),
                 node(Op::dense, "head", {11})};
  table.nodes[3].rate = 0.3;
  table.nodes[12].channels = 7;
  Pair pair(table);
  pair.train(std::vector<bool>(table.nodes.size(), true));
  Pass pass;
  pass.training = true;
  pass.seed = 4;
  check_alike(pair, random_tensor({5, 3, 9, 9}, 6), pass, 1e-4);
}

TEST_CASE("a frozen BatchNorm between trained layers has its gradient in the blocked layout, too") {
  const Network table = make_network("compact");
  Pair pair(table);
  std::vector<bool> nodes(table.nodes.size(), true);
  for (std::size_t i = 0; i < nodes.size(); ++i) nodes[i] = table.nodes[i].op != Op::batch_norm;
  pair.train(nodes);
  Pass pass;
  pass.training = true;
  check_alike(pair, random_tensor({3, 1, 48, 48}, 6), pass, 1e-2);
}

TEST_CASE("kept outputs and those of a part of a network are plain") {
  const Network table = make_network("vgg16", {32});
  const at::NoGradGuard no_grad;
  Pair pair(table);
  const at::Tensor input = random_tensor({2, 3, 32, 32}, 6);
  CHECK_FALSE(pair.blocked.forward_between(0, input, table.features, {}).is_mkldnn());
  std::vector<at::Tensor> values;
  Pass keeping;
  keeping.keep = &values;
  pair.blocked.forward(input, keeping);
  for (const at::Tensor& value : values) CHECK_FALSE(value.is_mkldnn());
}

TEST_CASE("dropout hits the same elements in either memory format") {
  Pass pass;
  pass.seed = 7;
  const at::Tensor plain = at::zeros({3, 5, 4, 2});
  const at::Tensor last = plain.contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor mask = dropout_mask(plain, 0.5, pass, 2);
  CHECK(at::equal(mask, dropout_mask(last, 0.5, pass, 2)));
  CHECK(mask.is_contiguous());
  CHECK(dropout_mask(last, 0.5, pass, 2).is_contiguous(at::MemoryFormat::ChannelsLast));
}

TEST_CASE("layout auto is a fixed table of fp32, and blocked is refused where there is none") {
  const Processor avx2{"", {"avx2", "fma"}};
  Processor avx512{"", {"avx2", "fma", "avx512f", "avx512bw", "avx512dq", "avx512vl"}};
  const auto blocked = [](const Processor& processor, const char* limit, const char* device) {
    std::string names;
    for (const PrecisionChoice& choice : precision_table(processor, limit, device).networks) {
      CHECK((choice.fp32_layout == Layout::blocked) == (choice.blocked_gain > kLeastBlockedGain));
      if (choice.fp32_layout == Layout::blocked) names += choice.network + " ";
    }
    return names;
  };
  const std::string with_avx2 = blocked(avx2, "", "cpu");
  CHECK(with_avx2 == "compact basic-cnn vgg16 resnet50v2 ");
  CHECK(blocked(avx512, "AVX2", "cpu") == with_avx2);
  const std::string with_avx512 = blocked(avx512, "", "cpu");
  avx512.features.emplace_back("avx512_bf16");
  CHECK(blocked(avx512, "", "cpu") == with_avx512);  // fp32 is computed by the same kernels
  CHECK(blocked(avx2, "AVX", "cpu").empty());
  CHECK(blocked(avx2, "", "cuda:0").empty());

  const Network table = make_network("vgg16");
  CHECK(effective_layout(Layout::automatic, Precision::bf16, table, "cpu") == Layout::channels_last);
  CHECK(effective_layout(Layout::automatic, Precision::fp32, table, "cuda:0") == Layout::channels_last);
  CHECK(effective_layout(Layout::channels_last, Precision::fp32, table, "cpu") == Layout::channels_last);
  CHECK(effective_layout(Layout::blocked, Precision::fp32, table, "cpu") == Layout::blocked);
  for (const auto& [precision, device] : {std::make_pair(Precision::bf16, "cpu"), {Precision::fp32, "cuda:0"}}) {
    const std::string message =
        test::message_of<UsageError>([&] { effective_layout(Layout::blocked, precision, table, device); });
    CHECK(message == "layout: blocked is for fp32 on a CPU (--precision fp32 --device cpu, or take channels-last)");
  }
}
