// Data parallel training: several processes (ranks), each with a part of every batch, that share their gradients.
//
// All member functions but leave() are collective: every rank calls them in the same order. They return on all ranks or
// end with LostRank on all that are left.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "affekt/core/error.h"
#include "affekt/core/export.h"

namespace affekt {

/// Which of the processes this one is, and where they meet.
struct RankPlace {
  int rank = 0;
  int size = 1;         ///< Number of ranks.
  int local_rank = -1;  ///< Among the ranks of this machine; -1 = not told.
  std::string address;  ///< Of the machine of rank 0: name or number.
  int port = 29500;     ///< There.
  /// The launcher serves the meeting point, not rank 0 (torchrun); of which attempt this is.
  bool served = false;
  std::string attempt;

  bool alone() const { return size == 1; }
};

/// Reads RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and MASTER_PORT; without RANK and WORLD_SIZE, and with MASTER_ADDR,
/// the names of Open MPI (OMPI_COMM_WORLD_*), of other MPIs (PMI_*, MPI_LOCALRANKID) and of Slurm (SLURM_PROCID,
/// SLURM_NTASKS, SLURM_LOCALID). Alone if there are none.
/// @param variable  Looks up one variable; null = not set. std::getenv fits.
/// @throws UsageError  a malformed or missing value, or Open MPI's ranks without MASTER_ADDR.
AFFEKT_API RankPlace find_rank_place(const std::function<const char*(const char*)>& variable);

/// What this build can exchange gradients with: "gloo", "gloo and nccl", or "" where it has no data parallel.
AFFEKT_API std::string rank_backends();

class Collective;

/// The connection of one process to the others, of which there may be none.
class AFFEKT_API Ranks {
 public:
  /// A process alone: what is exchanged comes back.
  static Ranks alone();
  /// Meets the others, if `place` has any. From here on every rank tells the others twice a second that it is alive.
  /// @param timeout  Seconds: how long to wait for the others here, and after how long of silence one counts as lost.
  /// @throws UsageError  this build has no data parallel; nobody answers at the address; some ranks do not come.
  static Ranks meet(const RankPlace& place, double timeout);
  /// Leaves without a word if neither finish() nor leave() was called: the others count it as lost.
  ~Ranks();
  Ranks(Ranks&& other) noexcept;
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  int rank() const;
  int size() const;
  bool is_first() const { return rank() == 0; }

  /// Waits for all and parts in good order.
  void finish();
  /// Not collective: tells the others why this rank ends, so that they end with LostRank.
  void leave(const std::string& why) noexcept;

  Collective& collective() { return *collective_; }  ///< For the library itself.

 private:
  explicit Ranks(std::unique_ptr<Collective> collective);
  std::unique_ptr<Collective> collective_;
};

}  // namespace affekt
