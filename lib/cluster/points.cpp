#include "cluster/points.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <string>

#include "affekt/core/error.h"
#include "affekt/core/parallel.h"

namespace affekt {
namespace {

constexpr std::size_t kLeastChunk = 256;  // 4096 rows: some 150 kB at nine columns, well inside a second-level cache
constexpr std::size_t kMostChunks = 512;  // bounds the memory of the per-chunk sums

// Every step walks through all rows: with 4 KiB pages it would wait for address translation. Only a wish.
void ask_for_large_pages([[maybe_unused]] void* begin, [[maybe_unused]] std::size_t bytes) {
#ifdef MADV_HUGEPAGE
  constexpr std::size_t kPage = 4096;
  if (std::align(kPage, kPage, begin, bytes) != nullptr) ::madvise(begin, bytes / kPage * kPage, MADV_HUGEPAGE);
#endif
}

// Remembers the lowest of the positions it is told from several threads.
void note_lowest(std::atomic<std::size_t>& lowest, std::size_t position) {
  std::size_t seen = lowest.load();
  while (position < seen && !lowest.compare_exchange_weak(seen, position)) {
  }
}

}  // namespace

std::size_t chunk_blocks(const Points& points) {
  return std::max(kLeastChunk, (points.blocks() + kMostChunks - 1) / kMostChunks);
}

Points deal_rows(const RowFill& fill, std::size_t n, std::size_t d) {
  Points points;
  points.n = n;
  points.d = d;
  points.data.reserve(points.blocks() * d * kLanes);
  ask_for_large_pages(points.data.data(), points.data.capacity() * sizeof(float));
  points.data.resize(points.blocks() * d * kLanes);
  std::atomic<std::size_t> bad{n * d};
  parallel_for(points.blocks(), kLeastChunk, [&](std::size_t begin, std::size_t end) {
    const std::size_t first = begin * kLanes, last = std::min(end * kLanes, n);
    std::vector<float> rows((last - first) * d);
    fill(first, last, rows.data());
    for (std::size_t row = first; row < last; ++row) {
      float* block = points.data.data() + (row / kLanes) * d * kLanes + row % kLanes;
      for (std::size_t j = 0; j < d; ++j) {
        const float value = rows[(row - first) * d + j];
        if (!std::isfinite(value)) note_lowest(bad, row * d + j);
        block[j * kLanes] = value;
      }
    }
  });
  if (const std::size_t at = bad.load(); at < n * d) {
    std::vector<float> row(d);
    fill(at / d, at / d + 1, row.data());
    throw DataError("k-means: row " + std::to_string(at / d) + ", column " + std::to_string(at % d) +
                    " (counted from 0): " + (std::isnan(row[at % d]) ? "not a number" : "infinite") +
                    "; leave such rows out first");
  }
  return points;
}

Points deal_rows(const float* x, std::size_t n, std::size_t d) {
  return deal_rows(
      [x, d](std::size_t begin, std::size_t end, float* rows) { std::copy(x + begin * d, x + end * d, rows); }, n, d);
}

}  // namespace affekt
