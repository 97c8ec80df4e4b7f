#include "infer/winograd.h"

#include <omp.h>

#include <algorithm>
#include <array>
#include <initializer_list>

#include "infer/matrix.h"
#include "infer/winograd_points.h"

namespace affekt {
namespace {

/// Transformed values of a group of tiles should stay in the second-level cache, beside the filters that pass by.
constexpr std::int64_t kGroupFloats = 131072;

using FilterRow = std::array<double, 3>;

/// (1, p, p^2) over the product of (p - q) with the other points q.
FilterRow filter_row(double p, std::initializer_list<double> others) {
  double scale = 1;
  for (const double q : others) scale *= p - q;
  return {1 / scale, p / scale, p * p / scale};
}

/// y = G x: filters.
std::vector<FilterRow> filter_transform(int tile) {
  if (tile == 4) {
    constexpr double a = kNear4, b = kFar4;
    return {filter_row(0, {a, -a, b, -b}), filter_row(a, {0, -a, b, -b}), filter_row(-a, {0, a, b, -b}),
            filter_row(b, {0, a, -a, -b}), filter_row(-b, {0, a, -a, b}), {0, 0, 1}};
  }
  constexpr double a = kNear3, b = kFar3;
  return {filter_row(0, {a, -a, b}),
          filter_row(a, {0, -a, b}),
          filter_row(-a, {0, a, b}),
          filter_row(b, {0, a, -a}),
          {0, 0, 1}};
}

std::int64_t round_up(std::int64_t value, std::int64_t unit) { return (value + unit - 1) / unit * unit; }

/// Multiplications of a plane, for a pair of channels.
std::int64_t cost(WinogradShape shape, int tile) {
  shape.tile = tile;
  return shape.elements() * shape.tiles_down() * shape.tiles_across();
}

/// G g G^T of `count` filters side by side. @param in  (9, count) @param step  floats from an element to the next
void transform(const std::vector<FilterRow>& matrix, const std::vector<double>& in, std::size_t count,
               std::int64_t step, float* out) {
  const std::size_t side = matrix.size();
  std::vector<double> half(side * 3 * count);
  for (std::size_t y = 0; y < side; ++y) {
    for (std::size_t x = 0; x < 3; ++x) {
      double* to = &half[(y * 3 + x) * count];
      for (std::size_t i = 0; i < count; ++i) {
        to[i] = matrix[y][0] * in[x * count + i] + matrix[y][1] * in[(3 + x) * count + i] +
                matrix[y][2] * in[(6 + x) * count + i];
      }
    }
  }
  for (std::size_t y = 0; y < side; ++y) {
    const double* row = &half[y * 3 * count];
    for (std::size_t x = 0; x < side; ++x) {
      float* to = out + static_cast<std::int64_t>(y * side + x) * step;
      for (std::size_t i = 0; i < count; ++i) {
        to[i] = static_cast<float>(matrix[x][0] * row[i] + matrix[x][1] * row[count + i] +
                                   matrix[x][2] * row[2 * count + i]);
      }
    }
  }
}

}  // namespace

std::optional<WinogradShape> winograd_shape(const Node& convolution, const NodeShape& in, const NodeShape& out,
                                            std::int64_t block) {
  constexpr std::int64_t kSmallestPlane = 36;  // below, filters are most of what is read, and these are larger
  WinogradShape shape(convolution, in, out, block);
  shape.tile = cost(shape, 3) < cost(shape, 4) ? 3 : 4;
  const bool fits =
      convolution.kernel == 3 && convolution.stride == 1 && convolution.groups == 1 && shape.fills_blocks();
  if (!fits || shape.out_height * shape.out_width < kSmallestPlane) return std::nullopt;
  return shape;
}

AlignedBuffer transform_filters(const WinogradShape& shape, const std::vector<float>& filters) {
  AlignedBuffer result(static_cast<std::size_t>(shape.elements() * shape.inputs * shape.outputs));
  const std::int64_t chunks = shape.outputs / shape.chunk(), step = shape.inputs * shape.chunk();
  const auto count = static_cast<std::size_t>(shape.chunk());
  const std::vector<FilterRow> matrix = filter_transform(shape.tile);
#pragma omp parallel for
  for (std::int64_t chunk = 0; chunk < chunks; ++chunk) {
    std::vector<double> side_by_side(9 * count);
    for (std::int64_t input = 0; input < shape.inputs; ++input) {
      for (std::size_t o = 0; o < count; ++o) {
        const auto output = chunk * shape.chunk() + static_cast<std::int64_t>(o);
        const float* filter = filters.data() + (output * shape.inputs + input) * 9;
        for (std::size_t i = 0; i < 9; ++i) side_by_side[i * count + o] = filter[i];
      }
      transform(matrix, side_by_side, count, step,
                result.data() + chunk * shape.elements() * step + input * shape.chunk());
    }
  }
  return result;
}

WinogradConvolution::WinogradConvolution(const WinogradShape& shape, std::int64_t images, int threads)
    : shape_(shape),
      tiles_(images * shape.tiles_down() * shape.tiles_across()),
      rows_(kernel_rows()),
      threads_(threads) {
  const std::int64_t in_cache = kGroupFloats / (shape.elements() * shape.inputs);
  const std::int64_t wanted = std::max(rows_, std::min(in_cache / rows_, std::int64_t{4}) * rows_);
  groups_ = (tiles_ + wanted - 1) / wanted;
  capacity_ = (tiles_ + groups_ - 1) / groups_;
  transformed_count_ = static_cast<std::size_t>(round_up(shape.elements() * shape.inputs * capacity_, 16));
  per_thread_ = transformed_count_ + static_cast<std::size_t>(round_up(shape.elements() * rows_ * shape.chunk(), 16));
}

WinogradTiles WinogradConvolution::group(std::int64_t number) const {
  const std::int64_t begin = tiles_ * number / groups_, end = tiles_ * (number + 1) / groups_;
  return {begin, end - begin, capacity_};
}

void WinogradConvolution::run(const float* source, const float* filters, const Epilogue& what, float* scratch,
                              float* target) const {
  const std::int64_t blocks = shape_.inputs / shape_.block, chunks = shape_.outputs / shape_.chunk();
  const int threads = std::min(threads_, omp_get_max_threads());
  const auto output = [&](const WinogradTiles& tiles, std::int64_t unit, const float* transformed, float* products) {
    const std::int64_t parts = (tiles.count + rows_ - 1) / rows_, chunk = unit / parts, part = unit % parts;
    winograd_output(shape_, tiles, chunk, tiles.count * part / parts, tiles.count * (part + 1) / parts, transformed,
                    filters, what, products, target);
  };
  const auto units = [&](const WinogradTiles& tiles) { return chunks * ((tiles.count + rows_ - 1) / rows_); };
  if (groups_ >= threads) {  // each thread has groups of its own
#pragma omp parallel for num_threads(threads)
    for (std::int64_t g = 0; g < groups_; ++g) {
      float* transformed = scratch + static_cast<std::size_t>(omp_get_thread_num()) * per_thread_;
      const WinogradTiles tiles = group(g);
      for (std::int64_t b = 0; b < blocks; ++b) winograd_input(shape_, tiles, b, 0, tiles.count, source, transformed);
      for (std::int64_t u = 0; u < units(tiles); ++u) output(tiles, u, transformed, transformed + transformed_count_);
    }
    return;
  }
#pragma omp parallel num_threads(threads)
  for (std::int64_t g = 0; g < groups_; ++g) {  // all work on one group
    const WinogradTiles tiles = group(g);
#pragma omp for
    for (std::int64_t u = 0; u < blocks * tiles.count; ++u) {
      winograd_input(shape_, tiles, u / tiles.count, u % tiles.count, u % tiles.count + 1, source, scratch);
    }
    float* products = scratch + static_cast<std::size_t>(omp_get_thread_num()) * per_thread_ + transformed_count_;
#pragma omp for
    for (std::int64_t u = 0; u < units(tiles); ++u) output(tiles, u, scratch, products);
  }
}

}  // namespace affekt
