// Chains of element-wise operations against the same in double precision, in every layout.
#include "infer/elementwise.h"

#include <omp.h>

#include <cmath>
#include <cstring>
#include <string>

#include "affekt/core/random.h"
#include "support/catch.h"
#include "support/reference_network.h"

using namespace affekt;
using affekt::test::random_values;
using Kind = ElementwiseOp::Kind;

namespace {

constexpr float kGuard = 12345.0F;
constexpr std::size_t kGuards = 64;

ElementwiseShape shape_of(std::int64_t images, std::int64_t channels, std::int64_t spatial, std::int64_t inner) {
  return {images, channels, (channels + inner - 1) / inner, spatial, inner};
}

std::size_t size_of(const ElementwiseShape& shape) {
  return static_cast<std::size_t>(shape.images * shape.groups * shape.spatial * shape.inner);
}

/// Operands of a chain: per channel (padded), per image and channel, and per value.
struct Operands {
  std::vector<float> scale, shift, gate, other;

  explicit Operands(const ElementwiseShape& shape) {
    const auto channels = static_cast<std::size_t>(shape.groups * shape.inner);
    scale = random_values(channels, 2);
    shift = random_values(channels, 3);
    gate = random_values(channels * static_cast<std::size_t>(shape.images), 4);
    other = random_values(size_of(shape), 5);
    const auto used = static_cast<std::size_t>(shape.channels);
    for (std::size_t c = used; c < channels; ++c) scale[c] = shift[c] = 0;
    for (std::size_t i = 0; i < gate.size(); ++i) {
      if (i % channels >= used) gate[i] = 0;
    }
  }

  ElementwiseOp op(Kind kind) const {
    if (kind == Kind::scale_shift) return {kind, scale.data(), shift.data()};
    if (kind == Kind::gate) return {kind, gate.data(), nullptr};
    return {kind, kind == Kind::add ? other.data() : nullptr, nullptr};
  }
};

double evaluate(const ElementwiseShape& shape, const std::vector<ElementwiseOp>& chain, std::int64_t i, double x) {
  const std::int64_t lane = i % shape.inner, plane = i / shape.inner / shape.spatial, group = plane % shape.groups;
  for (const ElementwiseOp& op : chain) {
    switch (op.kind) {
      case Kind::relu:
        x = std::max(x, 0.0);
        break;
      case Kind::swish:
        x = x / (1 + std::exp(-x));
        break;
      case Kind::sigmoid:
        x = 1 / (1 + std::exp(-x));
        break;
      case Kind::scale_shift:
        x = x * op.first[group * shape.inner + lane] + op.second[group * shape.inner + lane];
        break;
      case Kind::gate:
        x = x * op.first[plane * shape.inner + lane];
        break;
      case Kind::add:
        x = x + op.first[i];
        break;
    }
  }
  return group * shape.inner + lane < shape.channels ? x : 0.0;
}

void compare(const ElementwiseShape& shape, const std::vector<Kind>& kinds, bool in_place) {
  Operands operands(shape);
  std::vector<ElementwiseOp> chain;
  for (const Kind kind : kinds) chain.push_back(operands.op(kind));
  const std::size_t n = size_of(shape);
  std::vector<float> source = random_values(n, 1);
  for (std::size_t i = 0; i < n; ++i) {
    source[i] *= i % 7 == 0 ? 100.0F : 3.0F;  // where exp overflows, too
    const auto place = static_cast<std::int64_t>(i);
    const std::int64_t group = place / shape.inner / shape.spatial % shape.groups;
    if (group * shape.inner + place % shape.inner >= shape.channels) source[i] = operands.other[i] = 0;
  }
  std::vector<float> target(n + kGuards, kGuard);
  if (in_place) std::copy(source.begin(), source.end(), target.begin());
  apply_elementwise(chain, shape, in_place ? target.data() : source.data(), target.data());

  double worst = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double expected = evaluate(shape, chain, static_cast<std::int64_t>(i), source[i]);
    worst = std::max(worst, std::abs(target[i] - expected) / std::max(1.0, std::abs(expected)));
    REQUIRE(std::isfinite(target[i]));
  }
  INFO("channels " << shape.channels << ", spatial " << shape.spatial << ", inner " << shape.inner);
  CHECK(worst < 2e-5);  // 1e2 * 2^-24 where values of 300 cancel
  for (std::size_t i = n; i < n + kGuards; ++i) REQUIRE(target[i] == kGuard);
}

}  // namespace

TEST_CASE("elementwise: every chain agrees with plain evaluation in every layout, and writes nowhere else") {
  const std::vector<std::vector<Kind>> chains = {{Kind::relu},
                                                 {Kind::swish},
                                                 {Kind::sigmoid},
                                                 {Kind::scale_shift},
                                                 {Kind::gate},
                                                 {Kind::add},
                                                 {Kind::scale_shift, Kind::relu},
                                                 {Kind::gate, Kind::scale_shift, Kind::swish},
                                                 {Kind::add, Kind::relu, Kind::scale_shift, Kind::sigmoid}};
  for (const auto& chain : chains) {
    for (const bool in_place : {false, true}) {
      for (const std::int64_t channels : {1, 3, 8, 16, 21, 40}) {
        for (const std::int64_t spatial : {1, 7, 64}) {
          for (const std::int64_t inner : {std::int64_t{1}, std::int64_t{8}, std::int64_t{16}, channels}) {
            compare(shape_of(2, channels, spatial, inner), chain, in_place);
          }
        }
      }
    }
  }
}

TEST_CASE("elementwise: large values are worked on by several threads, with the same bits") {
  const ElementwiseShape shape = shape_of(3, 37, 48 * 48, 16);
  Operands operands(shape);
  const std::vector<ElementwiseOp> chain = {operands.op(Kind::gate), operands.op(Kind::scale_shift),
                                            operands.op(Kind::swish)};
  compare(shape, {Kind::gate, Kind::scale_shift, Kind::swish}, true);
  const std::vector<float> source = random_values(size_of(shape), 9);
  const int threads = omp_get_max_threads();
  std::vector<std::vector<float>> by_threads(2, std::vector<float>(source.size()));
  for (int i = 0; i < 2; ++i) {
    omp_set_num_threads(1 + 3 * i);
    apply_elementwise(chain, shape, source.data(), by_threads[static_cast<std::size_t>(i)].data());
  }
  omp_set_num_threads(threads);
  CHECK(by_threads[0] == by_threads[1]);
  std::vector<float> whole(source.size()), image(source.size());
  apply_elementwise(chain, shape, source.data(), whole.data());
  const ElementwiseShape one = shape_of(1, 37, 48 * 48, 16);
  for (std::size_t i = 0; i < 3; ++i) {
    std::vector<ElementwiseOp> alone = chain;
    alone[0].first += i * static_cast<std::size_t>(one.groups * one.inner);
    apply_elementwise(alone, one, source.data() + i * size_of(one), image.data() + i * size_of(one));
  }
  CHECK(std::memcmp(whole.data(), image.data(), whole.size() * sizeof(float)) == 0);
}
