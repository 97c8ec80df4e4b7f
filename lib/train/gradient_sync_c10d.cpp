// Gradients through c10d's Reducer: buckets of some megabytes are summed over the ranks while the backward pass still
// computes the others (Li et al., "PyTorch Distributed", VLDB 2020).
#ifdef AFFEKT_NCCL
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include <algorithm>
#include <utility>

#include "affekt/core/error.h"
#include "train/c10d.h"
#include "train/collective_c10d.h"

namespace affekt {
namespace {

/// Sums a bucket. Nothing is divided: the losses are weighted by the rows already.
class SumHook : public c10d::CommHookInterface {
 public:
  SumHook(c10::intrusive_ptr<Backend> backend, std::shared_ptr<RankWatch> watch)
      : backend_(std::move(backend)), watch_(std::move(watch)) {}

  c10::intrusive_ptr<c10::ivalue::Future> runHook(c10d::GradBucket& bucket) override {
    std::vector<at::Tensor> list{bucket.getBufferRef()};
    const auto work = backend_->allreduce(list);
    // NCCL's future orders streams and does not block; the watch's is for the CPU.
    return list[0].is_cuda() ? work->getFuture() : guarded(watch_, work, list[0]);
  }
  at::Tensor parseHookResult(const c10::IValue& result) override {
    return result.isTensor() ? result.toTensor() : result.toTensorVector().at(0);
  }

 private:
  c10::intrusive_ptr<Backend> backend_;
  std::shared_ptr<RankWatch> watch_;
};

/// What sums gradients on this device, made for it. @throws UsageError  this build cannot.
c10::intrusive_ptr<Backend> backend_for(C10dCollective& ranks, bool cuda) {
  if (!cuda) return ranks.group;
#ifdef AFFEKT_NCCL
  const std::string name = "nccl/" + std::to_string(ranks.exchanges++);
  auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = std::chrono::milliseconds(static_cast<std::int64_t>(ranks.timeout * 1000));
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(c10::make_intrusive<c10d::PrefixStore>(name, ranks.store),
                                                     ranks.place.rank, ranks.place.size, options);
#else
  throw UsageError("device: this build exchanges gradients on the CPU alone, it has no NCCL (--device cpu)");
#endif
}

class C10dSync final : public GradientSync {
 public:
  C10dSync(C10dCollective& ranks, const std::vector<at::Tensor>& parameters)
      : watch_(ranks.watch), backend_(backend_for(ranks, parameters.at(0).is_cuda())) {
    group_ = group_of(backend_, parameters.at(0).is_cuda(), ranks.store);
    // The last parameters' gradients are ready first.
    reducer_ = make_reducer({parameters.rbegin(), parameters.rend()}, group_);
    reducer_->register_comm_hook(std::make_unique<SumHook>(backend_, watch_));
  }
  ~C10dSync() override {
    // After a failed exchange its buckets may still be written to.
    if (watch_->broken()) static_cast<void>(reducer_.release());
  }
  C10dSync(const C10dSync&) = delete;
  C10dSync& operator=(const C10dSync&) = delete;

  void backward(const at::Tensor& loss, bool share) override {
    if (!share) {
      loss.backward();
      return;
    }
    try {
      reducer_->rebuild_buckets();  // once, in the order in which gradients turned out to be ready
      reducer_->prepare_for_backward({});
      loss.backward();
    } catch (const LostRank&) {
      throw;
    } catch (const std::exception& error) {
      if (!watch_->broken()) throw;
      throw LostRank(watch_->blame(error.what()));
    }
  }

 private:
  std::shared_ptr<RankWatch> watch_;
  c10::intrusive_ptr<Backend> backend_;
  GroupPtr group_;
  std::unique_ptr<c10d::Reducer> reducer_;
};

}  // namespace

std::unique_ptr<GradientSync> C10dCollective::sync_gradients(const std::vector<at::Tensor>& parameters) {
  return std::make_unique<C10dSync>(*this, parameters);
}

}  // namespace affekt
