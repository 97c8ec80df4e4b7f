// What ranks exchange: tensors, agreements, gradients. Collective, like the members of Ranks.
#pragma once

#include <cstdint>
#include <memory>
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

/// Rank 0's values in the tensors of all ranks.
void broadcast_from_first(Ranks& ranks, const std::vector<at::Tensor>& tensors);

/// The rows of all ranks one below the other, on the CPU; `counts[r]` of rank r.
at::Tensor gather_rows(Ranks& ranks, const at::Tensor& mine, const std::vector<std::int64_t>& counts);

/// Sums of single values over the ranks, made in the background between begin() and end(). The same bits on all ranks.
class BackgroundSum {
 public:
  explicit BackgroundSum(Ranks& ranks);
  ~BackgroundSum();
  BackgroundSum(const BackgroundSum&) = delete;
  BackgroundSum& operator=(const BackgroundSum&) = delete;
  void begin(const std::vector<double>& values);
  std::vector<double> end();

 private:
  struct Pending;
  std::unique_ptr<Pending> pending_;
};

/// Sums gradients over the ranks, in buckets, while the backward pass goes on (c10d's Reducer).
class GradientSync {
 public:
  /// @param parameters  Leaves that every backward pass gives a gradient; the same ones in the same order on all ranks.
  GradientSync(Ranks& ranks, const std::vector<at::Tensor>& parameters);
  ~GradientSync();
  GradientSync(const GradientSync&) = delete;
  GradientSync& operator=(const GradientSync&) = delete;

  /// The backward pass from `loss`, whose gradients are added up on every rank and then summed over the ranks.
  /// @param share  False: only added up, to be shared by a later call (gradient accumulation).
  void backward(const at::Tensor& loss, bool share = true);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace affekt
