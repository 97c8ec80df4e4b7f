// The training faces on the device, and what one step learns from: augmented and mixed pixels, targets, weights.
#pragma once

#include <cstddef>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/data/dataset.h"
#include "affekt/train/train_options.h"
#include "nn/augment.h"
#include "nn/torch.h"

namespace affekt {

/// n rows of a step, all on the device.
struct FaceBatch {
  at::Tensor pixels;   ///< (n, 1, 48, 48) float, 0..255, augmented and mixed; undefined where they were not asked for.
  at::Tensor targets;  ///< (n, 7), each row a distribution.
  at::Tensor weights;  ///< (n)
  at::Tensor labels;   ///< (n) int64: what a right answer is; of a mixture, the label with the larger share.
};

class AFFEKT_API FaceBatches {
 public:
  /// @param rows  the training rows of `data`.
  FaceBatches(const Dataset& data, const std::vector<std::size_t>& rows, const TrainOptions& options,
              at::Device device);

  /// The faces order[begin], ..., order[begin + count - 1]. What a face looks like depends on its row, the epoch, the
  /// seed and, of a mixture, the order, not on where a batch begins and ends: the face it is mixed with is the next of
  /// the order (of the last, the first), so a batch augments one face more than it has.
  /// @param order  the epoch_order() of `rows`.
  FaceBatch batch(const at::Tensor& order, std::int64_t begin, std::int64_t count, int epoch, bool with_pixels) const;

  const at::Tensor& images() const { return images_; }  ///< (rows, 1, 48, 48) u8, as they are.
  /// True if a face looks different in every epoch, so that nothing computed from it can be kept.
  bool changing() const { return options_.augment != AugmentKind::none || mixing(); }

 private:
  bool mixing() const { return options_.mixup > 0 || options_.cutmix > 0; }
  at::Tensor faces(const at::Tensor& positions, int epoch) const;
  /// @param with_next  the positions of the batch, and the one after it.
  void mix(const at::Tensor& with_next, int epoch, bool with_pixels, FaceBatch& batch) const;

  std::vector<std::size_t> rows_;
  TrainOptions options_;
  AugmentPolicy policy_;
  at::Tensor images_, targets_, labels_, weights_;
};

/// Positions 0..rows-1 in the order in which an epoch takes them, the same on every rank: (rows) int64 on the CPU.
AFFEKT_API at::Tensor epoch_order(std::size_t rows, std::uint64_t seed, int epoch);

/// The ranges of a set; `none` has none.
AFFEKT_API AugmentPolicy augment_policy(AugmentKind kind);

}  // namespace affekt
