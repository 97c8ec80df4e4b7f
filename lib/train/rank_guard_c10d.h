// The watch over ranks as c10d's works and stores know it.
#pragma once

#include <memory>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <torch/csrc/distributed/c10d/Work.hpp>

#include "nn/torch.h"
#include "train/rank_watch.h"

namespace affekt {

using FuturePtr = c10::intrusive_ptr<c10::ivalue::Future>;

std::shared_ptr<RankStore> make_rank_store(c10::intrusive_ptr<c10d::Store> store);

/// What `work` gives, or LostRank as soon as the watch tells of one.
FuturePtr guarded(const std::shared_ptr<RankWatch>& watch, const c10::intrusive_ptr<c10d::Work>& work,
                  const at::Tensor& result);

}  // namespace affekt
