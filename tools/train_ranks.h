// affekt-train as one of several ranks.
#pragma once

#include <atomic>
#include <functional>

#include "affekt/train/ranks.h"
#include "common/io.h"

namespace affekt::cli {

/// The place that the environment gives this process. @throws UsageError.
RankPlace place_of_process();

/// Runs `work` with the other ranks, if there are any. All ranks end together: normally, at a signal that
/// any of them got, or because one failed, in which case the others learn why. Ranks but the first are quiet.
/// @param signal  What catch_interrupts() gave.
/// @returns the exit code.
int with_ranks(Io& io, const RankPlace& place, double timeout, const std::atomic<int>& signal,
               const std::function<void(Ranks&)>& work);

}  // namespace affekt::cli
