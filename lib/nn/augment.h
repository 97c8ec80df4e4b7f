// Random changes of training faces: one affine warp a face, the whole batch at once.
#pragma once

#include <cstdint>
#include <vector>

#include "affekt/core/export.h"
#include "nn/torch.h"

namespace affekt {

/// Ranges the parameters of a warp are drawn from, uniformly.
struct AugmentPolicy {
  double flip = 0;      ///< Probability of mirroring left-right.
  double rotation = 0;  ///< Degrees, +-.
  double shift = 0;     ///< Fraction of the side, +-, in each direction.
  double zoom = 0;      ///< Relative size 1 - zoom .. 1 + zoom.
};

/// light: flip 0.5, rotation 10 degrees, shift 0.1, zoom 0.15.
AFFEKT_API AugmentPolicy light_augmentation();
/// paper: the ranges of the notebook the study resembles: flip 0.5, rotation 10 degrees, shift 0.1, zoom 0.2 (there
/// drawn for width and height apart).
AFFEKT_API AugmentPolicy paper_augmentation();

/// What happens to one face: about its centre, mirror, then rotate, then zoom, then shift.
struct Warp {
  bool flip = false;
  double angle = 0;                 ///< Radians, counter-clockwise as seen.
  double zoom = 1;                  ///< Greater than 1 enlarges.
  double shift_x = 0, shift_y = 0;  ///< Fractions of the side, right and down.
};

/// The warp of a face in an epoch: a function of its key (seed, epoch, row) alone, so batching cannot change it.
AFFEKT_API Warp draw_warp(const AugmentPolicy& policy, std::uint64_t seed, std::uint64_t epoch, std::uint64_t row);

/// Applies warps[i] to face i. Bilinear; outside the face its border pixels are repeated.
/// @param pixels  (n, 1, h, w) float with h == w. @returns the same shape.
AFFEKT_API at::Tensor warp_faces(const at::Tensor& pixels, const std::vector<Warp>& warps);

}  // namespace affekt
