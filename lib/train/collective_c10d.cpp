// Exchanges of tensors over a Gloo group. All of them pass through the CPU but the gradients of a CUDA build.
#include "train/collective_c10d.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

namespace affekt {
namespace {

class C10dSum final : public BackgroundSum {
 public:
  C10dSum(C10dCollective& ranks, const std::vector<double>& values)
      : ranks_(ranks), values_(at::empty({static_cast<std::int64_t>(values.size())}, at::kDouble)) {
    std::copy(values.begin(), values.end(), values_.data_ptr<double>());
    std::vector<at::Tensor> list{values_};
    future_ = ranks.blaming([&] { return guarded(ranks.watch, ranks.group->allreduce(list), values_); });
  }

  std::vector<double> wait() override {
    ranks_.blaming([&] { future_->waitAndThrow(); });
    const auto* data = values_.data_ptr<double>();
    return {data, data + values_.numel()};
  }

 private:
  C10dCollective& ranks_;
  at::Tensor values_;
  FuturePtr future_;
};

}  // namespace

void C10dCollective::broadcast_from_first(const std::vector<at::Tensor>& tensors) {
  const at::NoGradGuard no_grad;
  blaming([&] {
    for (const at::Tensor& tensor : tensors) {
      // The same order of values on all ranks, whatever the memory format.
      at::Tensor values = tensor.detach().to(at::kCPU).contiguous().clone();
      std::vector<at::Tensor> list{values};
      wait(group->broadcast(list), values);
      if (!is_first()) tensor.detach().copy_(values);
    }
  });
}

at::Tensor C10dCollective::gather_rows(const at::Tensor& mine, const std::vector<std::int64_t>& counts) {
  const at::NoGradGuard no_grad;
  const at::Tensor rows = mine.detach().to(at::kCPU).contiguous();
  std::vector<std::int64_t> shape = rows.sizes().vec();
  std::int64_t width = rows.element_size();  // of a row in bytes, which go through whatever the type
  for (std::size_t i = 1; i < shape.size(); ++i) width *= shape[i];
  const std::int64_t most = *std::max_element(counts.begin(), counts.end());
  const auto padded = [&] { return at::zeros({most, width}, at::kByte); };
  std::vector<at::Tensor> in{padded()}, parts;
  std::memcpy(in[0].data_ptr(), rows.data_ptr(), rows.nbytes());
  for (int r = 0; r < size(); ++r) parts.push_back(padded());
  std::vector<std::vector<at::Tensor>> out{parts};
  blaming([&] { wait(group->allgather(out, in), in[0]); });
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

std::unique_ptr<BackgroundSum> C10dCollective::begin_sum(const std::vector<double>& values) {
  return std::make_unique<C10dSum>(*this, values);
}

}  // namespace affekt
