#include "train_ranks.h"

#include <cstdlib>

#include "affekt/core/error.h"

namespace affekt::cli {

RankPlace place_of_process() {
  return find_rank_place([](const char* name) -> const char* { return std::getenv(name); });
}

int with_ranks(Io& io, const RankPlace& place, double timeout, const std::atomic<int>& signal,
               const std::function<void(Ranks&)>& work) {
  if (place.rank > 0) io.configure(/*quiet=*/true, /*verbose=*/false);
  Ranks ranks = Ranks::meet(place, timeout);
  try {
    work(ranks);
  } catch (const Interrupted& interrupted) {
    ranks.finish();  // the first is still saving
    if (ranks.is_first()) throw;
    return 128 + (signal != 0 ? signal.load() : interrupted.signal);
  } catch (const std::exception& error) {
    ranks.leave(error.what());
    throw;
  }
  ranks.finish();
  return 0;
}

}  // namespace affekt::cli
