#include "infer/plan_memory.h"

#include <algorithm>
#include <utility>

namespace affekt {

using dnnl::memory;

memory PackedWeights::reordered(const std::vector<float>& values, const memory::desc& plain,
                                const memory::desc& wanted) const {
  memory result(wanted, engine_);
  // oneDNN wants a mutable pointer; a reorder only reads its source.
  memory source(plain, engine_, const_cast<float*>(values.data()));
  dnnl::stream stream(engine_);
  dnnl::reorder(source, result).execute(stream, source, result);
  stream.wait();
  return result;
}

memory PackedWeights::get(const std::vector<float>& values, const memory::desc& plain, const memory::desc& wanted) {
  std::vector<memory>& versions = packed_[&values];
  for (const memory& version : versions) {
    if (version.get_desc() == wanted) return version;
  }
  versions.push_back(reordered(values, plain, wanted));
  return versions.back();
}

const float* PackedWeights::get(const std::vector<float>& values, const std::function<AlignedBuffer()>& pack) {
  const auto found = own_.find(&values);
  if (found != own_.end()) return found->second.data();
  return own_.emplace(&values, pack()).first->second.data();
}

std::size_t BufferPool::take_own(std::size_t bytes) {
  const std::size_t count = (bytes + sizeof(float) - 1) / sizeof(float);
  Block block{AlignedBuffer(std::max<std::size_t>(count, 1)), bytes, true};
  std::fill_n(block.data.data(), count, 0.0F);
  blocks_.push_back(std::move(block));
  return blocks_.size() - 1;
}

std::size_t BufferPool::take(std::size_t bytes) {
  Block* best = nullptr;
  for (Block& block : blocks_) {
    if (!block.taken && block.bytes >= bytes && (best == nullptr || block.bytes < best->bytes)) best = &block;
  }
  if (best == nullptr) return take_own(bytes);
  best->taken = true;
  return static_cast<std::size_t>(best - blocks_.data());
}

void BufferPool::give_back(std::size_t number) { blocks_[number].taken = false; }

}  // namespace affekt
