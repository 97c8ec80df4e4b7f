// Adam in one pass: the published rule, the same for any cut, and the same as with tensors one after another.
#include <cmath>
#include <vector>

#include "affekt/core/random.h"
#include "affekt/model/architectures.h"
#include "support/catch.h"
#include "train/adam_kernel.h"
#include "train/optimizer.h"

using namespace affekt;

namespace {

std::vector<float> noise(std::size_t n, std::uint64_t seed) {
  RandomStream random(seed);
  std::vector<float> out(n);
  for (float& value : out) value = static_cast<float>(random.normal());
  return out;
}

struct State {
  explicit State(std::size_t n) : parameter(noise(n, 1)), mean(n), variance(n) {}
  void update(const std::vector<float>& gradient, std::size_t begin, std::size_t end, const AdamStep& step) {
    adam_update(parameter.data() + begin, mean.data() + begin, variance.data() + begin, gradient.data() + begin,
                end - begin, step);
  }
  std::vector<float> parameter, mean, variance;
};

AdamStep step_of(int t, double rate, double l2, double decay) {
  AdamStep step;
  step.rate = static_cast<float>(rate / (1 - std::pow(0.9, t)));
  step.root_scale = static_cast<float>(1 / std::sqrt(1 - std::pow(0.999, t)));
  step.l2 = static_cast<float>(l2);
  step.keep = static_cast<float>(1 - rate * decay);
  return step;
}

/// The rule as the papers write it, in double precision.
double by_the_book(double parameter, const std::vector<double>& gradients, double rate, double l2, double decay) {
  double mean = 0, variance = 0;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    const double t = static_cast<double>(i + 1), g = gradients[i] + l2 * parameter;
    parameter *= 1 - rate * decay;
    mean = 0.9 * mean + 0.1 * g;
    variance = 0.999 * variance + 0.001 * g * g;
    parameter -= rate * (mean / (1 - std::pow(0.9, t))) / (std::sqrt(variance / (1 - std::pow(0.999, t))) + 1e-8);
  }
  return parameter;
}

}  // namespace

TEST_CASE("one pass of Adam and AdamW follows the published rule for any number of values") {
  constexpr double kRate = 0.01;
  for (const std::size_t n : {1U, 3U, 16U, 33U, 1000U}) {
    for (const double l2 : {0.0, 0.1}) {
      const double decay = l2 > 0 ? 0 : 0.5;
      State state(n);
      std::vector<std::vector<double>> gradients(n);
      for (int t = 1; t <= 5; ++t) {
        const auto gradient = noise(n, 10 + static_cast<std::uint64_t>(t));
        for (std::size_t i = 0; i < n; ++i) gradients[i].push_back(double{gradient[i]});
        state.update(gradient, 0, n, step_of(t, kRate, l2, decay));
      }
      const auto start = noise(n, 1);
      for (std::size_t i = 0; i < n; ++i) {
        const double expected = by_the_book(double{start[i]}, gradients[i], kRate, l2, decay);
        REQUIRE(double{state.parameter[i]} == Approx(expected).epsilon(1e-5).margin(1e-6));
      }
    }
  }
}

TEST_CASE("where a tensor is cut does not change a bit of it") {
  constexpr std::size_t kValues = 1000;
  const auto gradient = noise(kValues, 2);
  State whole(kValues);
  whole.update(gradient, 0, kValues, step_of(1, 0.01, 0, 0.5));
  for (const std::size_t cut : {1U, 7U, 500U, 993U}) {
    State parts(kValues);
    parts.update(gradient, 0, cut, step_of(1, 0.01, 0, 0.5));
    parts.update(gradient, cut, kValues, step_of(1, 0.01, 0, 0.5));
    CHECK(parts.parameter == whole.parameter);
    CHECK(parts.mean == whole.mean);
    CHECK(parts.variance == whole.variance);
  }
}

TEST_CASE("a gradient of nothing moves nothing") {
  State state(20);
  state.update(std::vector<float>(20), 0, 20, step_of(1, 0.01, 0, 0));
  CHECK(state.parameter == noise(20, 1));
}

TEST_CASE("gradients that lie otherwise than their parameters give the same steps") {
  for (const OptimizerKind kind : {OptimizerKind::adam, OptimizerKind::adamw}) {
    TorchNetwork alike(make_network("compact"), at::kCPU), otherwise(make_network("compact"), at::kCPU);
    alike.set_requires_grad(true);
    otherwise.set_requires_grad(true);
    Optimizer first(alike, kind, 0.1), second(otherwise, kind, 0.1);
    bool any_other = false;
    for (std::uint64_t step = 0; step < 3; ++step) {
      for (std::size_t i = 0; i < alike.entries().size(); ++i) {
        const at::Tensor& parameter = alike.entries()[i].tensor;
        if (!parameter.requires_grad()) continue;
        const auto values = noise(static_cast<std::size_t>(parameter.numel()), 100 * step + i);
        at::Tensor gradient = at::empty(parameter.sizes(), at::kFloat);
        std::copy(values.begin(), values.end(), gradient.data_ptr<float>());
        any_other = any_other || gradient.strides() != parameter.strides();
        alike.entries()[i].tensor.mutable_grad() = at::empty_like(parameter.detach()).copy_(gradient);
        otherwise.entries()[i].tensor.mutable_grad() = gradient;
      }
      first.step(0.01);
      second.step(0.01);
    }
    CHECK(any_other);
    for (std::size_t i = 0; i < alike.entries().size(); ++i) {
      CHECK(at::allclose(alike.entries()[i].tensor, otherwise.entries()[i].tensor, 1e-5, 1e-6));
    }
  }
}
