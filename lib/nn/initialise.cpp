// First values of the parameters, and dropout masks: all that is random inside a network.
#include <cmath>
#include <cstdint>

#include "affekt/core/random.h"
#include "nn/torch_network.h"

namespace affekt {
namespace {

constexpr std::uint64_t kInitialiseStream = 0x696e697400000000ULL;

void fill_normal(float* out, std::int64_t n, double deviation, RandomStream& random) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = static_cast<float>(deviation * random.normal());
}

void fill_uniform(float* out, std::int64_t n, double bound, RandomStream& random) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = static_cast<float>(random.uniform(-bound, bound));
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// True if ReLU follows the node and no BatchNorm behind it sets the scale right: Glorot's rule would halve the
/// variance in every such layer, and VGG16 has thirteen.
bool scale_is_its_own(const Network& network, int node) {
  bool relu = false;
  for (const Node& next : network.nodes) {
    if (next.inputs.size() != 1 || next.inputs[0] != node) continue;
    if (next.op == Op::batch_norm) return false;
    if (next.op != Op::relu) continue;
    relu = true;
    const int activation = static_cast<int>(&next - network.nodes.data());
    for (const Node& after : network.nodes) {
      if (after.op == Op::batch_norm && after.inputs[0] == activation) return false;
    }
  }
  return relu;
}

void fill_weight(const Network& network, int index, const std::vector<std::int64_t>& shape, float* out, std::int64_t n,
                 RandomStream& random) {
  const Node& node = network.nodes[static_cast<std::size_t>(index)];
  const double area = shape.size() == 4 ? static_cast<double>(shape[2] * shape[3]) : 1.0;
  const double fan_in = static_cast<double>(shape[1]) * area;
  const double fan_out = static_cast<double>(shape[0]) * area / node.groups;
  if (node.op == Op::conv && (!node.bias || scale_is_its_own(network, index))) {
    fill_normal(out, n, std::sqrt(2.0 / fan_out), random);
  } else {
    fill_uniform(out, n, std::sqrt(6.0 / (fan_in + fan_out)), random);
  }
}

std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

/// One 64-bit hash decides four elements, 16 bits each.
template <typename T>
void fill_mask(T* out, std::int64_t n, double rate, std::uint64_t key) {
  constexpr std::int64_t kLanes = 4;
  constexpr std::int64_t kGrain = 1 << 14;
  const auto threshold = static_cast<std::uint64_t>(std::lround(rate * 65536.0));
  const T kept = static_cast<T>(static_cast<float>(1.0 / (1.0 - rate)));
  const T dropped = static_cast<T>(0.0F);
  at::parallel_for(0, (n + kLanes - 1) / kLanes, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t group = begin; group < end; ++group) {
      std::uint64_t bits = mix(key + static_cast<std::uint64_t>(group) * 0x9e3779b97f4a7c15ULL);
      const std::int64_t stop = std::min(n, (group + 1) * kLanes);
      for (std::int64_t i = group * kLanes; i < stop; ++i, bits >>= 16) {
        out[i] = (bits & 0xffff) < threshold ? dropped : kept;
      }
    }
  });
}

}  // namespace

void TorchNetwork::initialise(std::uint64_t seed) {
  const at::NoGradGuard no_grad;
  for (std::size_t e = 0; e < entries_.size(); ++e) {
    Entry& entry = entries_[e];
    const Node& node = table_.nodes[static_cast<std::size_t>(entry.spec.node)];
    at::Tensor values = at::zeros(entry.spec.shape, at::kFloat);
    if (node.op == Op::batch_norm) {
      if (ends_with(entry.spec.name, ".weight") || ends_with(entry.spec.name, ".running_var")) values.fill_(1.0);
    } else if (entry.spec.shape.size() >= 2) {
      RandomStream random(seed, kInitialiseStream + e);
      fill_weight(table_, entry.spec.node, entry.spec.shape, values.data_ptr<float>(), values.numel(), random);
    }
    entry.tensor.copy_(values);
  }
}

at::Tensor dropout_mask(const at::Tensor& like, double rate, const Pass& pass, std::size_t node) {
  if (!like.device().is_cpu()) {
    return at::empty_like(like.detach()).bernoulli_(1.0 - rate).div_(1.0 - rate);
  }
  // Of pictures drawn channels-last, whatever they are, so that the layout does not choose the elements.
  const auto format = like.dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
  const at::Tensor mask = at::empty_like(like.detach(), format);
  const std::uint64_t key = mix(pass.seed ^ mix(pass.step * 0x9e3779b97f4a7c15ULL + node + 1));
  if (mask.scalar_type() == at::kBFloat16) {
    fill_mask(mask.data_ptr<at::BFloat16>(), mask.numel(), rate, key);
  } else {
    fill_mask(mask.data_ptr<float>(), mask.numel(), rate, key);
  }
  return mask.contiguous(like.suggest_memory_format());
}

}  // namespace affekt
