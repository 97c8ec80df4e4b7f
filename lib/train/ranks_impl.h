// The inside of Ranks, for the files that know c10d.
#pragma once

#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <torch/csrc/distributed/c10d/Work.hpp>

#include "affekt/train/ranks.h"
#include "nn/torch.h"
#include "train/rank_guard_c10d.h"
#include "train/rank_watch.h"

namespace affekt {

struct Ranks::Impl {
  RankPlace place;
  double timeout = 0;
  int local_rank = 0, threads = 1;
  int exchanges = 0;  ///< Texts exchanged so far: the same on all ranks.
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group;
  std::shared_ptr<RankWatch> watch;
  bool parted = false;

  Impl() = default;
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  /// Waits for `work`. @throws LostRank.
  void wait(const c10::intrusive_ptr<c10d::Work>& work, const at::Tensor& result);
  /// Runs `exchange` and turns its failures into LostRank with the one to blame.
  template <typename Exchange>
  auto blaming(Exchange&& exchange) -> decltype(exchange()) {
    try {
      return exchange();
    } catch (const LostRank&) {
      throw;
    } catch (const std::exception& error) {
      throw LostRank(watch->blame(error.what()));
    }
  }
};

}  // namespace affekt
