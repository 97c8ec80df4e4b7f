// Ranks in a build without c10d: nobody can join.
#include "affekt/core/error.h"
#include "train/collective.h"

namespace affekt {

std::string rank_backends() { return ""; }

std::unique_ptr<Collective> make_c10d_collective(const RankPlace& /*place*/, double /*timeout*/) {
  throw UsageError(
      "WORLD_SIZE: this build has no data parallel training (it takes LibTorch with c10d, and Gloo's headers: "
      "libgloo-dev)");
}

}  // namespace affekt
