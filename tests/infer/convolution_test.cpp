// Convolutions whose channels fill whole blocks, which our own kernels compute: planes, padding and what follows at
// random, against a plain double-precision evaluation; and that a picture's bits do not depend on the company it is in.
#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>

#include "affekt/infer/executor.h"
#include "affekt/model/architectures.h"
#include "infer/comparison.h"
#include "infer/random_network.h"
#include "support/catch.h"
#include "support/reference_network.h"

using namespace affekt;
using affekt::test::Comparison;
using affekt::test::random_parameters;
using affekt::test::random_values;
using affekt::test::RandomTable;

namespace {

/// Picture -> convolution -> the one that is looked at -> some of BatchNorm, residual sum, activations -> logits.
class OneConvolution : RandomTable {
 public:
  explicit OneConvolution(std::uint64_t seed) : RandomTable(seed, "one convolution") {
    network_.input = {pick(1, 3), pick(2, 27), pick(2, 27)};
    padded_conv(3, 32 * pick(1, 3), 1, {1, 1, 1, 1});
    const int before = last();
    const int kernel = coin() ? 3 : 1 + 2 * pick(0, 2), stride = coin() ? 1 : 2;
    const int most = kernel / 2;
    const bool same = coin();
    const Padding padding = same ? Padding{most, most, most, most}
                                 : Padding{pick(0, kernel - 1), pick(0, kernel - 1), pick(0, kernel - 1), most};
    padded_conv(kernel, same && coin() ? network_.nodes[1].channels : 32 * pick(1, 3), stride, padding);
    if (coin()) activate();
    if (coin()) append_named(Op::batch_norm, {last()});
    const NodeShape here = shape(last()), there = shape(before);
    if (here.channels == there.channels && here.height == there.height && here.width == there.width) {
      append(Op::add, {last(), before});
    }
    if (coin()) activate();
    if (coin()) append(Op::global_average_pool, {last()});
    append(Op::flatten, {last()});
    dense(pick(2, 40));
  }

  const Network& network() const { return network_; }

 private:
  void activate() { append(coin() ? Op::relu : coin() ? Op::swish : Op::sigmoid, {last()}); }
  void padded_conv(int kernel, int channels, int stride, Padding padding) {
    const NodeShape in = shape(last());
    padding.bottom += std::max(0, kernel - in.height - padding.top - padding.bottom);
    padding.right += std::max(0, kernel - in.width - padding.left - padding.right);
    conv(last(), channels, kernel, stride, 1, padding);
  }
};

constexpr std::uint64_t kSeeds = 80;
constexpr double kTolerance = 1e-4;

}  // namespace

TEST_CASE("convolution: our kernels agree with plain evaluation on any plane") {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const OneConvolution table(seed);
    const Network& network = table.network();
    const ParameterMap parameters = random_parameters(network, seed + 1000);
    Executor executor(network, parameters);
    constexpr std::size_t kPictures = 3;
    const Comparison comparison(network, parameters, kPictures, seed);
    INFO("seed " << seed);
    for (const std::string& implementation : executor.implementations(1)) seen.insert(implementation);
    for (std::size_t n : {std::size_t{1}, kPictures}) CHECK(comparison.relative_error(executor, n) < kTolerance);
  }
  const char* limit = std::getenv("ONEDNN_MAX_CPU_ISA");
  const std::string level = limit == nullptr ? "" : limit;
  const bool ours = __builtin_cpu_supports("avx2") != 0 && level != "SSE41" && level != "AVX";  // below, the library's
  for (const char* kernel : {"winograd F(4x4, 3x3)", "winograd F(3x3, 3x3)", "by position"}) {
    CHECK((seen.count(std::string("convolution: ") + kernel) == 1) == ours);
  }
}

TEST_CASE("convolution: a picture gets the same bits alone and in any company, on any number of threads") {
  for (const std::string& name : network_names()) {
    const Network network = make_network(name);
    const ParameterMap parameters = random_parameters(network, 5);
    ExecutorOptions one;
    one.threads = 1;
    Executor executor(network, parameters), alone(network, parameters, one);
    const auto count = static_cast<std::size_t>(network.input.count());
    constexpr std::size_t kPictures = 19;
    const std::vector<float> pictures = random_values(kPictures * count, 8);
    const std::vector<float> together = executor.logits(pictures.data(), kPictures);
    const std::size_t outputs = together.size() / kPictures;
    INFO(name);
    for (std::size_t i : {std::size_t{0}, std::size_t{7}, kPictures - 1}) {
      const auto begin = together.begin() + static_cast<std::ptrdiff_t>(i * outputs);
      const std::vector<float> expected(begin, begin + static_cast<std::ptrdiff_t>(outputs));
      CHECK(executor.logits(pictures.data() + i * count, 1) == expected);
      CHECK(alone.logits(pictures.data() + i * count, 1) == expected);
      if (i + 3 > kPictures) continue;
      std::vector<float> three = executor.logits(pictures.data() + i * count, 3);
      three.resize(outputs);
      CHECK(three == expected);
    }
  }
}
