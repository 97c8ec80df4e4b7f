#include "cluster/kernels.h"

#include <algorithm>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cluster/kernels.cpp"
#include <hwy/foreach_target.h>
// Highway wants this order.
#include <hwy/highway.h>

#include "cluster/nearest-inl.h"
#include "cluster/step-inl.h"

HWY_BEFORE_NAMESPACE();
namespace affekt {
namespace HWY_NAMESPACE {

HWY_ATTR void NearestBlocks(const Points& points, std::size_t begin, std::size_t end, const PaddedCentroids& centroids,
                            std::int32_t* labels, float* squared) {
  for_tiles<false>(points, begin, end, centroids, [=](std::size_t first, std::size_t blocks, const Tile& tile) {
    std::copy_n(tile.labels.data(), blocks * kLanes, labels + (first - begin) * kLanes);
    if (squared != nullptr) std::copy_n(tile.squared.data(), blocks * kLanes, squared + (first - begin) * kLanes);
  });
}

HWY_ATTR void LloydBlocks(const Points& points, std::size_t begin, std::size_t end, const PaddedCentroids& centroids,
                          std::int32_t* labels, ChunkSums& out) {
  Step step(points, begin, end, centroids.k, labels, out);
  for_tiles<false>(points, begin, end, centroids,
                   [&](std::size_t first, std::size_t blocks, const Tile& tile)
                       HWY_ATTR { step.take(first, blocks, tile.labels.data(), tile.squared.data()); });
  step.finish();
}

}  // namespace HWY_NAMESPACE
}  // namespace affekt
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace affekt {

HWY_EXPORT(NearestBlocks);
HWY_EXPORT(LloydBlocks);

PaddedCentroids::PaddedCentroids(const float* centroids, std::size_t count, std::size_t columns)
    : k(count), d(columns), data((count + 3) / 4 * 4 * columns + 4, std::numeric_limits<float>::infinity()) {
  std::copy_n(centroids, count * columns, data.begin());
}

void nearest_blocks(const Points& points, std::size_t begin, std::size_t end, const PaddedCentroids& centroids,
                    std::int32_t* labels, float* squared) {
  HWY_DYNAMIC_DISPATCH(NearestBlocks)(points, begin, end, centroids, labels, squared);
}

void lloyd_blocks(const Points& points, std::size_t begin, std::size_t end, const PaddedCentroids& centroids,
                  std::int32_t* labels, ChunkSums& out) {
  HWY_DYNAMIC_DISPATCH(LloydBlocks)(points, begin, end, centroids, labels, out);
}

}  // namespace affekt
#endif  // HWY_ONCE
