// Random changes of training faces, the whole batch at once on its device: one affine warp a face, then light, then a
// box that hides a part.
#pragma once

#include <cstdint>
#include <vector>

#include "affekt/core/export.h"
#include "nn/torch.h"

namespace affekt {

/// Ranges the parameters of a change are drawn from, uniformly. All 0: nothing is changed.
struct AugmentPolicy {
  double flip = 0;      ///< Probability of mirroring left-right.
  double rotation = 0;  ///< Degrees, +-.
  double shift = 0;     ///< Fraction of the side, +-, in each direction.
  double zoom = 0;      ///< Relative size 1 - zoom .. 1 + zoom, below 1.
  double stretch = 0;   ///< Further factors 1 - stretch .. 1 + stretch, one for the width and one for the height.
  double shear = 0;     ///< Degrees, +-, by which upright lines lean, below 90.
  int crop = 0;         ///< Pixels, +-: a crop at a random place of the face padded by so many repeated border pixels.
  double brightness = 0;  ///< Share of white that is added or taken away, +-.
  double contrast = 0;    ///< Factor 1 - contrast .. 1 + contrast on the distance from middle grey.
  /// Random erasing (Zhong et al., AAAI 2020): probability, and the erased share of the face; sides 1:3 to 3:1.
  double erase = 0;
  double erase_smallest = 0.02, erase_largest = 0.2;
};

/// light: flip 0.5, rotation 10 degrees, shift 0.1, zoom 0.15.
AFFEKT_API AugmentPolicy light_augmentation();
/// paper: the ranges of the notebook the study resembles: flip 0.5, rotation 10 degrees, shift 0.1, zoom 0.2 (there
/// drawn for width and height apart).
AFFEKT_API AugmentPolicy paper_augmentation();
/// strong: flip 0.5, rotation 15 degrees, zoom 0.2, stretch 0.1, shear 10 degrees, crop 5 pixels, brightness 0.2,
/// contrast 0.3, erase with probability 0.5.
AFFEKT_API AugmentPolicy strong_augmentation();

/// Where the pixels of one face go: about its centre, mirror, then lean, then rotate, then zoom, then shift.
struct Warp {
  bool flip = false;
  double angle = 0;                     ///< Radians, counter-clockwise as seen.
  double zoom = 1;                      ///< Greater than 1 enlarges.
  double shift_x = 0, shift_y = 0;      ///< Fractions of the side, right and down.
  double stretch_x = 1, stretch_y = 1;  ///< Times zoom.
  double shear = 0;                     ///< Radians; upright lines lean to the right above the centre.
  int crop_x = 0, crop_y = 0;           ///< Pixels, right and down; added to the shift.
};

/// A rectangle of pixels; empty if it has no rows or no columns.
struct PixelBox {
  std::int64_t top = 0, left = 0, height = 0, width = 0;
  std::int64_t area() const { return height * width; }
};

/// What happens to one face.
struct FaceChange {
  Warp warp;
  double brightness = 0;  ///< Share of white.
  double contrast = 1;
  PixelBox erased;
  int fill = 0;  ///< Grey level of the erased box.
};

/// The change of a face of 48 x 48 in an epoch: a function of its key (seed, epoch, row) alone, so neither batches nor
/// ranks nor a resumed run can change it. Every range has draws of its own: one range does not move another's.
AFFEKT_API FaceChange draw_change(const AugmentPolicy& policy, std::uint64_t seed, std::uint64_t epoch,
                                  std::uint64_t row);

/// Applies changes[i] to face i. Bilinear; outside the face its border pixels are repeated. A warp that moves pixels to
/// pixels (whole shifts, mirrors, quarter turns) copies them exactly. Grey levels stay within 0..255.
/// @param pixels  (n, 1, h, w) float, 0..255, with h == w. @returns the same shape.
AFFEKT_API at::Tensor augment_faces(const at::Tensor& pixels, const std::vector<FaceChange>& changes);

/// 1 inside boxes[i] of face i, 0 outside: (n, 1, height, width) float on `device`.
AFFEKT_API at::Tensor box_masks(const std::vector<PixelBox>& boxes, std::int64_t height, std::int64_t width,
                                at::Device device);

}  // namespace affekt
