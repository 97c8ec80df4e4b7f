// What the ranks of a training exchange: texts, tensors, agreements, gradients. A process alone is a rank of one, for
// which an exchange gives what went in; so training is written once.
//
// All member functions but leave() are collective: every rank calls them in the same order.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "affekt/train/ranks.h"
#include "nn/torch.h"

namespace affekt {

/// Consecutive rows of one rank.
struct RowShare {
  std::int64_t begin = 0, count = 0;
};

/// The part of rank `rank` when `total` rows are dealt to `size` ranks as evenly as goes, in order. Where there are
/// fewer than `least` rows for each, the last ranks get none.
RowShare share_of_rows(std::int64_t total, int rank, int size, std::int64_t least);

/// Sums of single values over the ranks, made in the background until it is asked for them.
class BackgroundSum {
 public:
  virtual ~BackgroundSum() = default;
  /// The same bits on all ranks.
  virtual std::vector<double> wait() = 0;
};

/// Sums gradients over the ranks while the backward pass goes on.
class GradientSync {
 public:
  virtual ~GradientSync() = default;
  /// The backward pass from `loss`, whose gradients are added up on every rank and then summed over the ranks.
  /// @param share  False: only added up, to be shared by a later call (gradient accumulation).
  virtual void backward(const at::Tensor& loss, bool share) = 0;
};

class Collective {
 public:
  virtual ~Collective() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  virtual int local_rank() const = 0;  ///< Among the ranks of this machine, told or counted.
  virtual int threads() const = 0;     ///< This rank's share of the cores that it may run on, at least 1.
  bool is_first() const { return rank() == 0; }

  /// Rank 0's text, on all ranks.
  virtual std::string text_of_first(const std::string& text) = 0;
  /// An agreement: `texts` differ from those of rank 0 on any rank -> the same UsageError on all.
  /// @param what  Names of the texts, for the message: "data", "options", ...
  virtual void check_equal(const std::vector<std::string>& what, const std::vector<std::string>& texts) = 0;
  virtual void finish() = 0;  ///< As in Ranks, like leave().
  virtual void leave(const std::string& why) noexcept = 0;

  /// Rank 0's values in the tensors of all ranks.
  virtual void broadcast_from_first(const std::vector<at::Tensor>& tensors) = 0;
  /// The rows of all ranks one below the other; `counts[r]` of rank r. With several ranks on the CPU.
  virtual at::Tensor gather_rows(const at::Tensor& mine, const std::vector<std::int64_t>& counts) = 0;
  virtual std::unique_ptr<BackgroundSum> begin_sum(const std::vector<double>& values) = 0;
  /// @param parameters  Leaves that every backward pass gives a gradient; the same ones in the same order on all ranks.
  virtual std::unique_ptr<GradientSync> sync_gradients(const std::vector<at::Tensor>& parameters) = 0;
};

/// A process alone.
std::unique_ptr<Collective> make_solo_collective();
/// Over c10d. @throws UsageError  as Ranks::meet().
std::unique_ptr<Collective> make_c10d_collective(const RankPlace& place, double timeout);

}  // namespace affekt
