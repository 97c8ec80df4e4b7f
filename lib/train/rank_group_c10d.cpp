// Exchanges of tensors over a Gloo group. All of them pass through the CPU but the gradients of a CUDA build.
#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

#include "train/rank_group.h"
#include "train/ranks_impl.h"

namespace affekt {

void broadcast_from_first(Ranks& ranks, const std::vector<at::Tensor>& tensors) {
  const at::NoGradGuard no_grad;
  ranks.impl().blaming([&] {
    for (const at::Tensor& tensor : tensors) {
      // The same order of values on all ranks, whatever the memory format.
      at::Tensor values = tensor.detach().to(at::kCPU).contiguous().clone();
      std::vector<at::Tensor> list{values};
      ranks.impl().wait(ranks.impl().group->broadcast(list), values);
      if (!ranks.is_first()) tensor.detach().copy_(values);
    }
  });
}

at::Tensor gather_rows(Ranks& ranks, const at::Tensor& mine, const std::vector<std::int64_t>& counts) {
  const at::NoGradGuard no_grad;
  const at::Tensor rows = mine.detach().to(at::kCPU).contiguous();
  std::vector<std::int64_t> shape = rows.sizes().vec();
  std::int64_t width = rows.element_size();  // of a row in bytes, which go through whatever the type
  for (std::size_t i = 1; i < shape.size(); ++i) width *= shape[i];
  const std::int64_t most = *std::max_element(counts.begin(), counts.end());
  const auto padded = [&] { return at::zeros({most, width}, at::kByte); };
  std::vector<at::Tensor> in{padded()}, parts;
  std::memcpy(in[0].data_ptr(), rows.data_ptr(), rows.nbytes());
  for (int r = 0; r < ranks.size(); ++r) parts.push_back(padded());
  std::vector<std::vector<at::Tensor>> out{parts};
  ranks.impl().blaming([&] { ranks.impl().wait(ranks.impl().group->allgather(out, in), in[0]); });
  shape[0] = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
  at::Tensor all = at::empty(shape, rows.options());
  auto* next = static_cast<std::uint8_t*>(all.data_ptr());
  for (std::size_t r = 0; r < parts.size(); ++r) {
    const auto size = static_cast<std::size_t>(counts[r] * width);
    std::memcpy(next, parts[r].data_ptr(), size);
    next += size;
  }
  return all;
}

struct BackgroundSum::Pending {
  Ranks& ranks;
  at::Tensor values;
  FuturePtr future;
};

BackgroundSum::BackgroundSum(Ranks& ranks) : pending_(new Pending{ranks, {}, {}}) {}
BackgroundSum::~BackgroundSum() = default;

void BackgroundSum::begin(const std::vector<double>& values) {
  at::Tensor tensor = at::empty({static_cast<std::int64_t>(values.size())}, at::kDouble);
  std::copy(values.begin(), values.end(), tensor.data_ptr<double>());
  pending_->values = tensor;
  std::vector<at::Tensor> list{tensor};
  Ranks::Impl& impl = pending_->ranks.impl();
  pending_->future = impl.blaming([&] { return guarded(impl.watch, impl.group->allreduce(list), tensor); });
}

std::vector<double> BackgroundSum::end() {
  pending_->ranks.impl().blaming([&] { pending_->future->waitAndThrow(); });
  const auto* data = pending_->values.data_ptr<double>();
  return {data, data + pending_->values.numel()};
}

}  // namespace affekt
