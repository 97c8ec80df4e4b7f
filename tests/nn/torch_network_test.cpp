#include "nn/torch_network.h"

#include <cmath>
#include <cstdlib>

#include "affekt/core/error.h"
#include "affekt/core/random.h"
#include "affekt/model/architectures.h"
#include "affekt/nn/compute.h"
#include "affekt/nn/precision.h"
#include "nn/forward.h"
#include "nn/images.h"
#include "support/catch.h"
#include "support/error_message.h"

using namespace affekt;

namespace {

Node make_node(Op op, const std::string& name, std::vector<int> inputs, int channels = 0, int kernel = 0,
               int stride = 1) {
  Node node;
  node.op = op;
  node.name = name;
  node.inputs = std::move(inputs);
  node.channels = channels;
  node.kernel = kernel;
  node.stride = stride;
  return node;
}

at::Tensor random_tensor(std::vector<std::int64_t> shape, std::uint64_t seed) {
  RandomStream random(seed);
  at::Tensor out = at::empty(shape, at::kFloat);
  float* values = out.data_ptr<float>();
  for (std::int64_t i = 0; i < out.numel(); ++i) values[i] = static_cast<float>(random.normal());
  return out;
}

/// A network of a single node over a (channels, side, side) picture.
Network single(Node node, int channels, int side) {
  Network net;
  net.name = "single";
  net.input = {channels, side, side};
  net.nodes = {make_node(Op::input, "", {}), std::move(node)};
  return net;
}

/// Small, with every operation training must get through: asymmetric padding, sharing, squeeze-and-excitation.
Network tiny_network() {
  Network net;
  net.name = "tiny";
  net.input = {1, 7, 7};
  Node stem = make_node(Op::conv, "stem", {0}, 4, 3, 2);
  stem.padding = {0, 0, 1, 1};
  Node pool = make_node(Op::max_pool, "", {3}, 0, 2, 2);
  pool.padding = {0, 0, 1, 1};
  Node biased = make_node(Op::conv, "biased", {4}, 4, 1);
  biased.bias = true;
  net.nodes = {make_node(Op::input, "", {}),
               stem,
               make_node(Op::batch_norm, "bn", {1}),
               make_node(Op::swish, "", {2}),
               pool,
               make_node(Op::global_average_pool, "", {4}),
               biased,
               make_node(Op::sigmoid, "", {6}),
               make_node(Op::multiply, "", {4, 7}),
               make_node(Op::add, "", {8, 4}),
               make_node(Op::relu, "", {9}),
               make_node(Op::flatten, "", {10}),
               make_node(Op::dense, "head", {11}, 7)};
  net.nodes[6].inputs = {5};
  return net;
}

double mean_square(const TorchNetwork& network, const at::Tensor& input, const at::Tensor& target, const Pass& pass) {
  const at::NoGradGuard no_grad;
  return (network.forward(input, pass) - target).square().mean().item<double>();
}

}  // namespace

TEST_CASE("asymmetric convolution padding adds zeros where the table says") {
  Node conv = make_node(Op::conv, "c", {0}, 1, 2);
  conv.padding = {0, 0, 1, 1};
  TorchNetwork network(single(conv, 1, 2), at::kCPU);
  network.load(ParameterMap{{"c.weight", {1, 10, 100, 1000}}});
  const at::Tensor x = at::arange(1, 5, at::kFloat).view({1, 1, 2, 2});  // 1 2 / 3 4
  const at::Tensor y = network.forward(x, {});
  const std::vector<float> expected = {1 + 20 + 300 + 4000, 2 + 400, 3 + 40, 4};
  for (std::int64_t i = 0; i < 4; ++i) CHECK(y.flatten()[i].item<float>() == expected[static_cast<std::size_t>(i)]);
}

TEST_CASE("max pooling ignores its padding, or counts it as zero") {
  const at::Tensor x = at::full({1, 1, 3, 3}, -5.0);
  Node pool = make_node(Op::max_pool, "", {0}, 0, 2, 2);
  pool.padding = {0, 0, 1, 1};
  CHECK(at::equal(TorchNetwork(single(pool, 1, 3), at::kCPU).forward(x, {}), at::full({1, 1, 2, 2}, -5.0)));
  pool.padding = {1, 1, 0, 0};
  CHECK(at::equal(TorchNetwork(single(pool, 1, 3), at::kCPU).forward(x, {}), at::full({1, 1, 2, 2}, -5.0)));
  pool.zero_padding = true;
  const at::Tensor zero = TorchNetwork(single(pool, 1, 3), at::kCPU).forward(x, {});
  CHECK(zero[0][0][0][0].item<float>() == 0.0F);
  CHECK(zero[0][0][1][1].item<float>() == -5.0F);
}

TEST_CASE("gradients agree with finite differences") {
  TorchNetwork network(tiny_network(), at::kCPU);
  network.initialise(3);
  network.set_requires_grad(true);
  const at::Tensor input = random_tensor({5, 1, 7, 7}, 1).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor target = random_tensor({5, 7}, 2);
  Pass pass;
  pass.training = true;
  (network.forward(input, pass) - target).square().mean().backward();
  constexpr double kStep = 1e-2;
  for (const auto& entry : network.entries()) {
    if (!entry.spec.trainable) continue;
    CAPTURE(entry.spec.name);
    REQUIRE(entry.tensor.grad().defined());
    const at::Tensor direction = entry.tensor.grad() / entry.tensor.grad().norm().clamp_min(1e-12);
    at::Tensor weights = entry.tensor.detach();
    weights.add_(direction, kStep);
    const double above = mean_square(network, input, target, pass);
    weights.add_(direction, -2 * kStep);
    const double below = mean_square(network, input, target, pass);
    weights.add_(direction, kStep);
    const double expected = entry.tensor.grad().norm().item<double>();
    CHECK((above - below) / (2 * kStep) == Approx(expected).epsilon(0.05).margin(2e-4));
  }
}

TEST_CASE("the networks have the shapes and names of their tables, and initialisation depends on the seed alone") {
  for (const std::string& name : network_names()) {
    CAPTURE(name);
    const Network table = make_network(name);
    TorchNetwork first(table, at::kCPU);
    TorchNetwork second(table, at::kCPU);
    first.initialise(11);
    second.initialise(11);
    CHECK(first.export_parameters() == second.export_parameters());
    second.initialise(12);
    CHECK(first.export_parameters() != second.export_parameters());
    const at::Tensor input = random_tensor({2, table.input.channels, 48, 48}, 4);
    CHECK(first.forward(input, {}).sizes() == at::IntArrayRef({2, 7}));
  }
}

TEST_CASE("parameters survive export and load, and wrong ones are refused") {
  const Network table = make_network("compact");
  TorchNetwork one(table, at::kCPU);
  one.initialise(1);
  ParameterMap parameters = one.export_parameters();
  TorchNetwork other(table, at::kCPU);
  other.load(parameters);
  CHECK(other.export_parameters() == parameters);
  parameters.begin()->second.pop_back();
  CHECK_THROWS_AS(other.load(parameters), UsageError);
  parameters.erase(parameters.begin());
  CHECK_THROWS_AS(other.load(parameters), UsageError);
}

TEST_CASE("bf16 computes the same function, roughly") {
  TorchNetwork network(make_network("compact"), at::kCPU);
  network.initialise(2);
  const at::Tensor input = random_tensor({8, 1, 48, 48}, 5).contiguous(at::MemoryFormat::ChannelsLast);
  Pass bf16;
  bf16.bf16 = true;
  const at::NoGradGuard no_grad;
  const at::Tensor exact = network.forward(input, {});
  const at::Tensor rough = network.forward(input, bf16);
  CHECK(rough.scalar_type() == at::kFloat);
  CHECK((rough - exact).norm().item<double>() < 0.03 * exact.norm().item<double>());
  CHECK_FALSE(at::equal(rough, exact));
}

TEST_CASE("training mode moves the running statistics towards those of the batch, evaluation does not") {
  Node bn = make_node(Op::batch_norm, "bn", {0});
  bn.momentum = 0.25;
  TorchNetwork network(single(bn, 2, 3), at::kCPU);
  network.initialise(0);
  const at::Tensor x = random_tensor({4, 2, 3, 3}, 8) + 3.0;
  network.forward(x, {});
  CHECK(network.export_parameters().at("bn.running_mean")[0] == 0.0F);
  Pass pass;
  pass.training = true;
  network.forward(x, pass);
  const double mean = x.select(1, 0).mean().item<double>();
  CHECK(network.export_parameters().at("bn.running_mean")[0] == Approx(0.25 * mean).epsilon(1e-4));
}

TEST_CASE("dropout masks follow their key, keep the mean and leave evaluation alone") {
  const at::Tensor like = at::ones({64, 1000});
  Pass pass;
  pass.training = true;
  pass.seed = 1;
  pass.step = 2;
  const at::Tensor mask = dropout_mask(like, 0.25, pass, 3);
  CHECK(at::equal(mask, dropout_mask(like, 0.25, pass, 3)));
  CHECK_FALSE(at::equal(mask, dropout_mask(like, 0.25, pass, 4)));
  CHECK(mask.mean().item<double>() == Approx(1.0).margin(0.01));
  CHECK((mask == 0).to(at::kFloat).mean().item<double>() == Approx(0.25).margin(0.01));
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor alone = dropout_mask(like, 0.25, pass, 3);
  at::set_num_threads(2);
  CHECK(at::equal(alone, dropout_mask(like, 0.25, pass, 3)));
  at::set_num_threads(threads);
  CHECK(at::equal(dropout_mask(like.to(at::kBFloat16), 0.25, pass, 3) == 0, mask == 0));

  Node node = make_node(Op::dropout, "", {0});
  node.rate = 0.5;
  const at::Tensor x = random_tensor({2, 1, 4, 4}, 6);
  CHECK(at::equal(TorchNetwork(single(node, 1, 4), at::kCPU).forward(x, {}), x));
}

TEST_CASE("preprocessing scales grey pixels and repeats them over the channels") {
  Preprocessing how;
  how.mean = {0.5, 0.25, 0.0};
  how.std = {0.5, 1.0, 2.0};
  const at::Tensor pixels = at::full({1, 1, 2, 2}, 51, at::kByte);  // 0.2
  const at::Tensor three = preprocess(pixels, how, 3);
  CHECK(three.sizes() == at::IntArrayRef({1, 3, 2, 2}));
  const double expected[] = {(0.2 - 0.5) / 0.5, 0.2 - 0.25, 0.2 / 2};
  for (std::int64_t c = 0; c < 3; ++c) CHECK(three[0][c][1][1].item<double>() == Approx(expected[c]).margin(1e-6));
  CHECK(preprocess(pixels, how, 1)[0][0][0][0].item<double>() == Approx(expected[0]).margin(1e-6));
}

TEST_CASE("logits of many rows do not depend on the batch size") {
  TorchNetwork network(make_network("compact"), at::kCPU);
  network.initialise(6);
  const at::Tensor images = random_tensor({11, 1, 48, 48}, 9).mul(40).add(128).clamp(0, 255).to(at::kByte);
  ForwardOptions small;
  small.batch_size = 3;
  std::size_t last = 0;
  small.progress = [&last](std::size_t done) { last = done; };
  const at::Tensor a = forward_images(network, {}, images, false, small);
  const at::Tensor b = forward_images(network, {}, images, false, {});
  CHECK(at::allclose(a, b, 1e-4, 1e-5));
  CHECK(last == 11);
  small.batch_size = 0;
  CHECK_THROWS_AS(forward_images(network, {}, images, false, small), UsageError);
  small.batch_size = 3;
  small.stop_requested = [] { return true; };
  CHECK_THROWS_AS(forward_images(network, {}, images, false, small), Interrupted);
}

TEST_CASE("precision auto takes bf16 only where the processor computes in it, and oneDNN may") {
  const Processor avx2{"", {"avx2", "fma"}};
  const Processor avx512{"", {"avx2", "fma", "avx512f", "avx512bw", "avx512dq", "avx512vl"}};
  Processor bf16 = avx512, amx = avx512;
  bf16.features.emplace_back("avx512_bf16");
  amx.features.emplace_back("amx_bf16");
  const auto chosen = [](const Processor& processor, const char* limit, const char* device = "cpu") {
    std::string names;
    for (const PrecisionChoice& choice : precision_table(processor, limit, device).networks) {
      CHECK((choice.precision == Precision::bf16) == (choice.gain > 1));
      if (choice.precision == Precision::bf16) names += choice.network + " ";
    }
    return names;
  };
  const std::string faster = "compact basic-cnn vgg16 resnet50v2 ";
  CHECK(chosen(bf16, "") == faster);
  CHECK(chosen(amx, "") == faster);
  for (const char* limit : {"ALL", "DEFAULT", "AVX512_CORE_BF16", "AVX512_CORE_AMX"})
    CHECK(chosen(bf16, limit) == faster);
  CHECK(chosen(avx2, "").empty());
  CHECK(chosen(avx512, "").empty());
  for (const char* limit : {"SSE41", "AVX", "avx2", "AVX2", "AVX512_CORE", "avx512_core_vnni"})
    CHECK(chosen(amx, limit).empty());
  CHECK(chosen(avx2, "", "cuda:0") == faster);
  CHECK(precision_table(bf16, "", "cpu").instructions == "avx512_bf16");
  CHECK(precision_table(avx512, "", "cpu").instructions == "avx512");
  CHECK(precision_table(bf16, "AVX512_CORE", "cpu").instructions == "avx512");
  CHECK(precision_table(bf16, "AVX2", "cpu").instructions == "avx2");
  CHECK(precision_table(avx2, "", "cpu").instructions == "avx2");
  CHECK(precision_table(avx2, "AVX", "cpu").instructions.empty());
  CHECK(precision_table({"", {"avx"}}, "", "cpu").instructions.empty());
  CHECK(precision_table(avx2, "", "cpu").networks.size() == network_names().size());
}

TEST_CASE("bf16 is refused where a variable keeps oneDNN from it") {
  const auto limited = [](const char* limit) {
    ::setenv("ONEDNN_MAX_CPU_ISA", limit, 1);
    const std::string message =
        test::message_of<UsageError>([] { effective_precision(Precision::bf16, make_network("compact"), "cpu"); });
    ::unsetenv("ONEDNN_MAX_CPU_ISA");
    return message;
  };
  CHECK(limited("ALL").empty());
  CHECK(limited("AVX512_CORE").empty());
  // Where the processor itself has no AVX-512, LibTorch knows, and computes without oneDNN.
  const bool avx512 = precision_table(processor(), "", "cpu").has_bf16();
  CHECK(limited("AVX2") == (avx512 ? "precision: bf16 needs AVX-512, from which ONEDNN_MAX_CPU_ISA=AVX2 keeps oneDNN "
                                     "(unset it, or take fp32)"
                                   : ""));
}

TEST_CASE("precision auto is a fixed rule, and devices are checked") {
  // bf16 only where it was measured to be faster; whether this processor has it does not matter for the others.
  const Network depthwise = make_network("efficientnet-b0");
  for (const char* device : {"cpu", "cuda:0"}) {
    CHECK(effective_precision(Precision::automatic, depthwise, device) == Precision::fp32);
    CHECK(effective_precision(Precision::bf16, depthwise, device) == Precision::bf16);
    CHECK(effective_precision(Precision::fp32, make_network("compact"), device) == Precision::fp32);
  }
  Network unknown = make_network("compact");
  unknown.name = "not in the table";
  CHECK(effective_precision(Precision::automatic, unknown, "cuda:0") == Precision::fp32);
  CHECK(effective_precision(Precision::automatic, make_network("compact"), "cuda:0") == Precision::bf16);
  CHECK(effective_precision(Precision::automatic, make_network("compact"), "cpu") != Precision::automatic);
  CHECK(resolve_device("cpu") == "cpu");
  CHECK_THROWS_AS(resolve_device("gpu"), UsageError);
  CHECK_THROWS_AS(resolve_device("cuda:x"), UsageError);
  CHECK_THROWS_AS(resolve_device("cuda:99"), UsageError);
  CHECK_THROWS_AS(prepare_compute(-1), UsageError);
}
