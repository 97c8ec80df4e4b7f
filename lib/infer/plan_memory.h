// Private: what plans keep in memory: weights as their kernels want them, and blocks for values.
#pragma once

#include <cstddef>
#include <functional>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>
#include <vector>

#include "infer/aligned_buffer.h"

namespace affekt {

/// Weights in the layouts the primitives asked for, shared by the plans of all batch sizes.
class PackedWeights {
 public:
  explicit PackedWeights(const dnnl::engine& engine) : engine_(engine) {}

  /// The `values`, which are laid out as `plain` says, in layout `wanted`. Packed at the first call; the vector's
  /// address is the key, so it must stay where it is.
  dnnl::memory get(const std::vector<float>& values, const dnnl::memory::desc& plain, const dnnl::memory::desc& wanted);

  /// Likewise, and not kept.
  dnnl::memory reordered(const std::vector<float>& values, const dnnl::memory::desc& plain,
                         const dnnl::memory::desc& wanted) const;

  /// The same for our own kernels: what `pack` makes of them.
  const float* get(const std::vector<float>& values, const std::function<AlignedBuffer()>& pack);

 private:
  dnnl::engine engine_;
  std::unordered_map<const void*, std::vector<dnnl::memory>> packed_;
  std::unordered_map<const void*, AlignedBuffer> own_;
};

/// Memory blocks that values take and give back, so that values not alive together share one.
class BufferPool {
 public:
  std::size_t take(std::size_t bytes);      ///< Number of a block with at least that size; new ones are zero.
  std::size_t take_own(std::size_t bytes);  ///< A new block, zero, that nobody had before.
  void give_back(std::size_t number);
  void* data(std::size_t number) { return blocks_[number].data.data(); }

 private:
  struct Block {
    AlignedBuffer data;
    std::size_t bytes = 0;
    bool taken = false;
  };
  std::vector<Block> blocks_;
};

}  // namespace affekt
