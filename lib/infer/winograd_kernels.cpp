#include "infer/winograd_kernels.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "infer/winograd_kernels.cpp"
#include <hwy/foreach_target.h>
// Highway wants this order.
#include <hwy/highway.h>

#include "infer/epilogue-inl.h"
#include "infer/matrix-inl.h"
#include "infer/winograd_transforms-inl.h"

HWY_BEFORE_NAMESPACE();
namespace affekt {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Place of a tile among the images.
struct TilePlace {
  std::int64_t image, down, across;  ///< down, across: of its first result.
  TilePlace(const WinogradShape& shape, std::int64_t tile) {
    const std::int64_t across_count = shape.tiles_across(), in_image = across_count * shape.tiles_down();
    image = tile / in_image;
    down = tile % in_image / across_count * shape.tile;
    across = tile % across_count * shape.tile;
  }
};

/// One tile of one block of channels. @param step  floats from an element of the tile to the next
template <int kTile, int kBlock, bool kInside>
HWY_ATTR void InputTile(const WinogradShape& shape, const float* plane, std::int64_t top, std::int64_t left, float* out,
                        std::int64_t step) {
  constexpr int kSide = kTile + 2;
  const Tag<kBlock> tag;
  using V = Vector<kBlock>;
  for (int lane = 0; lane < kBlock; lane += static_cast<int>(hn::Lanes(tag))) {
    V half[kSide][kSide];
    for (int x = 0; x < kSide; ++x) {
      V column[kSide], transformed[kSide];
      for (int y = 0; y < kSide; ++y) {
        const std::int64_t row = top + y, at = left + x;
        const bool there = kInside || (row >= 0 && row < shape.height && at >= 0 && at < shape.width);
        column[y] = there ? hn::LoadU(tag, plane + (row * shape.width + at) * kBlock + lane) : hn::Zero(tag);
      }
      InputTransform<kTile>(tag, column, transformed);
      for (int y = 0; y < kSide; ++y) half[y][x] = transformed[y];
    }
    for (int y = 0; y < kSide; ++y) {
      V transformed[kSide];
      InputTransform<kTile>(tag, half[y], transformed);
      for (int x = 0; x < kSide; ++x) hn::StoreU(transformed[x], tag, out + (y * kSide + x) * step + lane);
    }
  }
}

template <int kTile, int kBlock>
HWY_ATTR void InputTiles(const WinogradShape& shape, const WinogradTiles& tiles, std::int64_t channel_block,
                         std::int64_t begin, std::int64_t end, const float* source, float* transformed) {
  const std::int64_t blocks = shape.inputs / kBlock, plane = shape.height * shape.width * kBlock;
  const std::int64_t step = blocks * tiles.capacity * kBlock;
  for (std::int64_t i = begin; i < end; ++i) {
    const TilePlace place(shape, tiles.first + i);
    const float* in = source + (place.image * blocks + channel_block) * plane;
    float* out = transformed + (channel_block * tiles.capacity + i) * kBlock;
    const std::int64_t top = place.down - shape.top, left = place.across - shape.left;
    const bool inside = top >= 0 && left >= 0 && top + kTile + 2 <= shape.height && left + kTile + 2 <= shape.width;
    if (inside) {
      InputTile<kTile, kBlock, true>(shape, in, top, left, out, step);
    } else {
      InputTile<kTile, kBlock, false>(shape, in, top, left, out, step);
    }
  }
}

/// @param step  floats from an element of the tile to the next
template <int kTile, int kBlock>
HWY_ATTR void OutputTile(const WinogradShape& shape, const TilePlace& place, std::int64_t channel,
                         const float* products, std::int64_t step, const Epilogue& what, float* target) {
  constexpr int kSide = kTile + 2;
  const Tag<kBlock> tag;
  using V = Vector<kBlock>;
  const std::int64_t plane = place.image * shape.outputs / kBlock + channel / kBlock;
  const std::int64_t rows = std::min<std::int64_t>(kTile, shape.out_height - place.down);
  const std::int64_t columns = std::min<std::int64_t>(kTile, shape.out_width - place.across);
  for (int lane = 0; lane < kBlock; lane += static_cast<int>(hn::Lanes(tag))) {
    V half[kTile][kSide];
    for (int x = 0; x < kSide; ++x) {
      V column[kSide], back[kTile];
      for (int y = 0; y < kSide; ++y) column[y] = hn::LoadU(tag, products + (y * kSide + x) * step + lane);
      OutputTransform<kTile>(tag, column, back);
      for (int y = 0; y < kTile; ++y) half[y][x] = back[y];
    }
    for (int y = 0; y < kTile; ++y) {
      if (y >= rows) break;
      const std::int64_t at =
          ((plane * shape.out_height + place.down + y) * shape.out_width + place.across) * kBlock + lane;
      V row[kTile];
      OutputTransform<kTile>(tag, half[y], row);
      Finish<kTile, kBlock>(what, channel + lane, at, row, columns);
      for (std::int64_t x = 0; x < kTile; ++x) {
        if (x < columns) hn::StoreU(row[x], tag, target + at + x * kBlock);
      }
    }
  }
}

template <int kTile, int kBlock>
HWY_ATTR void OutputTiles(const WinogradShape& shape, const WinogradTiles& tiles, std::int64_t chunk,
                          std::int64_t begin, std::int64_t end, const float* transformed, const float* weights,
                          const Epilogue& what, float* products, float* target) {
  constexpr std::int64_t kSide = kTile + 2, kElements = kSide * kSide, kChunk = std::int64_t{2} * kBlock;
  const std::int64_t blocks = shape.inputs / kBlock, step = tiles.capacity * kBlock, count = end - begin;
  const float* matrix = weights + chunk * kElements * shape.inputs * kChunk;
  for (std::int64_t p = 0; p < kElements; ++p) {
    MultiplyBlock<kBlock>(count, transformed + p * blocks * step + begin * kBlock, step, blocks,
                          matrix + p * shape.inputs * kChunk, false, products + p * count * kChunk);
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const TilePlace place(shape, tiles.first + begin + i);
    for (std::int64_t part = 0; part < kChunk; part += kBlock) {
      OutputTile<kTile, kBlock>(shape, place, chunk * kChunk + part, products + i * kChunk + part, count * kChunk, what,
                                target);
    }
  }
}

HWY_ATTR void Input(const WinogradShape& shape, const WinogradTiles& tiles, std::int64_t channel_block,
                    std::int64_t begin, std::int64_t end, const float* source, float* transformed) {
  const auto tiles_of = [&shape](auto by_four, auto by_three) { return shape.tile == 4 ? by_four : by_three; };
  const auto work = shape.block == 8 ? tiles_of(InputTiles<4, 8>, InputTiles<3, 8>)
                                     : tiles_of(InputTiles<4, kLargestBlock>, InputTiles<3, kLargestBlock>);
  work(shape, tiles, channel_block, begin, end, source, transformed);
}

HWY_ATTR void Output(const WinogradShape& shape, const WinogradTiles& tiles, std::int64_t chunk, std::int64_t begin,
                     std::int64_t end, const float* transformed, const float* weights, const Epilogue& what,
                     float* products, float* target) {
  const auto tiles_of = [&shape](auto by_four, auto by_three) { return shape.tile == 4 ? by_four : by_three; };
  const auto work = shape.block == 8 ? tiles_of(OutputTiles<4, 8>, OutputTiles<3, 8>)
                                     : tiles_of(OutputTiles<4, kLargestBlock>, OutputTiles<3, kLargestBlock>);
  work(shape, tiles, chunk, begin, end, transformed, weights, what, products, target);
}

}  // namespace HWY_NAMESPACE
}  // namespace affekt
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace affekt {

HWY_EXPORT(Input);
HWY_EXPORT(Output);

void winograd_input(const WinogradShape& shape, const WinogradTiles& tiles, std::int64_t channel_block,
                    std::int64_t begin, std::int64_t end, const float* source, float* transformed) {
  HWY_DYNAMIC_DISPATCH(Input)(shape, tiles, channel_block, begin, end, source, transformed);
}

void winograd_output(const WinogradShape& shape, const WinogradTiles& tiles, std::int64_t chunk, std::int64_t begin,
                     std::int64_t end, const float* transformed, const float* weights, const Epilogue& what,
                     float* products, float* target) {
  HWY_DYNAMIC_DISPATCH(Output)(shape, tiles, chunk, begin, end, transformed, weights, what, products, target);
}

}  // namespace affekt
#endif
