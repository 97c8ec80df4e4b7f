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
#include "train/rank_group.h"
#include "train/ranks_impl.h"

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

}  // namespace

struct GradientSync::Impl {
  Ranks& ranks;
  c10::intrusive_ptr<Backend> backend;
  GroupPtr group;
  std::unique_ptr<c10d::Reducer> reducer;

  void connect(bool cuda) {
    Ranks::Impl& own = ranks.impl();
    if (cuda) {
#ifdef AFFEKT_NCCL
      const std::string name = "nccl/" + std::to_string(own.exchanges++);
      auto options = c10d::ProcessGroupNCCL::Options::create();
      options->timeout = std::chrono::milliseconds(static_cast<std::int64_t>(own.timeout * 1000));
      backend = c10::make_intrusive<c10d::ProcessGroupNCCL>(c10::make_intrusive<c10d::PrefixStore>(name, own.store),
                                                            own.place.rank, own.place.size, options);
#else
      throw UsageError("device: this build exchanges gradients on the CPU alone, it has no NCCL (--device cpu)");
#endif
    } else {
      backend = own.group;
    }
    group = group_of(backend, cuda, own.store);
  }
};

GradientSync::GradientSync(Ranks& ranks, const std::vector<at::Tensor>& parameters)
    : impl_(new Impl{ranks, {}, {}, {}}) {
  impl_->connect(parameters.at(0).is_cuda());
  // The last parameters' gradients are ready first.
  impl_->reducer = make_reducer({parameters.rbegin(), parameters.rend()}, impl_->group);
  impl_->reducer->register_comm_hook(std::make_unique<SumHook>(impl_->backend, ranks.impl().watch));
}

GradientSync::~GradientSync() {
  // After a failed exchange its buckets may still be written to.
  if (impl_->ranks.impl().watch->broken()) static_cast<void>(impl_->reducer.release());
}

void GradientSync::backward(const at::Tensor& loss, bool share) {
  if (!share) {
    loss.backward();
    return;
  }
  const auto watch = impl_->ranks.impl().watch;
  try {
    impl_->reducer->rebuild_buckets();  // once, in the order in which gradients turned out to be ready
    impl_->reducer->prepare_for_backward({});
    loss.backward();
  } catch (const LostRank&) {
    throw;
  } catch (const std::exception& error) {
    if (!watch->broken()) throw;
    throw LostRank(watch->blame(error.what()));
  }
}

}  // namespace affekt
