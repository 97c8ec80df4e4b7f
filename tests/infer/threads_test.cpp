// Our convolutions on any number of threads: the same bits, whichever way the work is divided.
#include <omp.h>

#include <cstring>
#include <vector>

#include "infer/small_plane.h"
#include "infer/winograd.h"
#include "support/catch.h"
#include "support/reference_network.h"

using namespace affekt;
using affekt::test::random_values;

namespace {

Node convolution(int channels, int kernel) {
  Node node;
  node.op = Op::conv;
  node.kernel = kernel;
  node.channels = channels;
  node.padding = {kernel / 2, kernel / 2, kernel / 2, kernel / 2};
  return node;
}

AlignedBuffer filled(std::size_t count, std::uint64_t seed) {
  AlignedBuffer buffer(count);
  const std::vector<float> values = random_values(count, seed);
  std::memcpy(buffer.data(), values.data(), count * sizeof(float));
  return buffer;
}

/// What `run(threads, target)` makes on any number of threads.
template <typename Run>
void check_threads(std::size_t count, const Run& run) {
  const int before = omp_get_max_threads();
  std::vector<float> first(count), other(count);
  run(1, first.data());
  for (const int threads : {2, 3, 8}) {
    std::fill(other.begin(), other.end(), -1.0F);
    run(threads, other.data());
    INFO(threads << " threads");
    CHECK(other == first);
  }
  omp_set_num_threads(before);
}

}  // namespace

TEST_CASE("winograd: the same bits on any number of threads, on a group of tiles together or on one each") {
  for (const NodeShape& in : {NodeShape{32, 6, 6}, NodeShape{64, 13, 9}, NodeShape{32, 24, 24}}) {
    const NodeShape out{64, in.height, in.width};
    const auto shape = winograd_shape(convolution(out.channels, 3), in, out, 8);
    REQUIRE(shape);
    const std::vector<float> bias = random_values(static_cast<std::size_t>(out.channels), 3);
    const std::vector<ElementwiseOp> chain{{ElementwiseOp::Kind::relu, nullptr, nullptr}};
    const AlignedBuffer filters =
        transform_filters(*shape, random_values(static_cast<std::size_t>(in.channels * out.channels * 9), 5));
    for (const std::int64_t images : {1, 5, 40}) {
      INFO(in.height << " x " << in.width << ", " << images << " images");
      const AlignedBuffer source = filled(static_cast<std::size_t>(images * in.count()), 7);
      check_threads(static_cast<std::size_t>(images * out.count()), [&](int threads, float* target) {
        const WinogradConvolution planned(*shape, images, threads);
        AlignedBuffer scratch(planned.scratch_count());
        omp_set_num_threads(threads);
        planned.run(source.data(), filters.data(), {bias.data(), &chain}, scratch.data(), target);
        std::vector<float> fewer(static_cast<std::size_t>(images * out.count()));
        omp_set_num_threads(1);  // than were planned
        planned.run(source.data(), filters.data(), {bias.data(), &chain}, scratch.data(), fewer.data());
        CHECK(std::memcmp(fewer.data(), target, fewer.size() * sizeof(float)) == 0);
      });
    }
  }
}

TEST_CASE("convolutions of few positions: the same bits on any number of threads") {
  for (const int kernel : {1, 3}) {
    const NodeShape in{64, 3, 3}, out{96, 3, 3};
    const auto shape = small_plane_shape(convolution(out.channels, kernel), in, out, 8);
    REQUIRE(shape);
    const std::vector<float> bias = random_values(static_cast<std::size_t>(out.channels), 3);
    const std::vector<ElementwiseOp> chain{{ElementwiseOp::Kind::swish, nullptr, nullptr}};
    const AlignedBuffer filters =
        pack_filters(*shape, random_values(static_cast<std::size_t>(in.channels * out.channels * kernel * kernel), 5));
    for (const std::int64_t images : {1, 5, 40}) {
      const AlignedBuffer source = filled(static_cast<std::size_t>(images * in.count()), 7);
      check_threads(static_cast<std::size_t>(images * out.count()), [&](int threads, float* target) {
        AlignedBuffer scratch(small_plane_scratch(*shape, images));
        omp_set_num_threads(threads);
        convolve_small_plane(*shape, images, source.data(), filters.data(), {bias.data(), &chain}, scratch.data(),
                             target);
      });
    }
  }
}
