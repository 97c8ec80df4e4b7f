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

  /// What a face looks like depends on its row, the epoch and the seed alone, not on the others of the batch.
  /// @param positions  int64 on the CPU: which of `rows`.
  FaceBatch batch(const at::Tensor& positions, int epoch, bool with_pixels) const;

  const at::Tensor& images() const { return images_; }  ///< (rows, 1, 48, 48) u8, as they are.
  /// True if a face looks different in every epoch, so that nothing computed from it can be kept.
  bool changing() const { return options_.augment != AugmentKind::none || mixing(); }

 private:
  bool mixing() const { return options_.mixup > 0 || options_.cutmix > 0; }
  at::Tensor faces(const at::Tensor& positions, int epoch) const;
  void mix(const at::Tensor& positions, int epoch, bool with_pixels, FaceBatch& batch) const;

  std::vector<std::size_t> rows_;
  TrainOptions options_;
  AugmentPolicy policy_;
  at::Tensor images_, targets_, labels_, weights_;
};

/// The ranges of a set; `none` has none.
AFFEKT_API AugmentPolicy augment_policy(AugmentKind kind);

}  // namespace affekt
