// Mixing of training faces: a face is blended with another (mixup), or gets a box of it (cutmix).
#pragma once

#include <cstdint>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/core/random.h"
#include "affekt/train/train_options.h"
#include "nn/augment.h"
#include "nn/torch.h"

namespace affekt {

/// How a face is mixed with its partner.
struct Mix {
  double share = 1;     ///< Of the face itself in the mixture, its label and its weight: 0..1.
  bool pasted = false;  ///< True: cutmix.
  PixelBox box;         ///< Of the partner, pasted into the face at the same place.
};

/// A number from Beta(a, a), a > 0, finite for every a however small.
AFFEKT_API double draw_beta(double a, RandomStream& random);

/// The mixture of a row of a data set in an epoch: a function of its key (seed, epoch, row) alone.
///   mixup   Zhang et al., ICLR 2018: the share of the face is drawn from Beta(A, A).
///   cutmix  Yun et al., ICCV 2019: likewise, and the partner's share is the area of a box with the face's proportions,
///           its centre anywhere in the face; what lies outside is cut off, and the share is that of the pixels.
/// With both each face gets one of them, with probability one half. Not for options that have neither.
AFFEKT_API Mix draw_mix(const TrainOptions& options, std::uint64_t epoch, std::uint64_t row);

/// @param faces, partners  (n, 1, h, w) float. @returns the mixture, of the same shape.
AFFEKT_API at::Tensor mix_faces(const at::Tensor& faces, const at::Tensor& partners, const std::vector<Mix>& mixes);

/// Targets (n, 7) and weights (n) of mixtures.
struct MixedTargets {
  at::Tensor targets;  ///< Each row sums to one, as those mixed do.
  at::Tensor weights;
};

/// weight * cross-entropy(target) of the mixture is the sum over both faces of share * weight * cross-entropy(target).
/// @param shares  (n) of the first face.
AFFEKT_API MixedTargets mix_targets(const MixedTargets& faces, const MixedTargets& partners, const at::Tensor& shares);

}  // namespace affekt
