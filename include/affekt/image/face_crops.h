// Faces found in a picture and cut out as FER2013 shows them: 48 x 48 grey.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/faces/detector.h"
#include "affekt/faces/picture_access.h"
#include "affekt/image/picture.h"

namespace affekt {

/// Detector and cutter. Deterministic: the same picture gives the same boxes in the same order. Not for several threads
/// at once.
class AFFEKT_API FaceCropper {
 public:
  /// The detector file is read when the first picture needs it.
  /// @throws UsageError  yunet without a model file.
  explicit FaceCropper(DetectorOptions options = {});
  ~FaceCropper();
  FaceCropper(FaceCropper&&) noexcept;
  FaceCropper& operator=(FaceCropper&&) noexcept;

  /// Faces of an upright picture, largest box first (ties: top to bottom, left to right). With FaceSelection::largest
  /// at most one; with none the whole picture is one face, and a 48 x 48 grey picture stays as it is, byte for byte.
  ///
  /// The picture is searched at a working size of at most 1024 pixels a side for faces of at least 30 pixels there, so
  /// a face must span about 3 % of the longer side. Boxes are in pixels of the full picture.
  /// @throws IoError, DataError  the detector file is missing or not one.
  std::vector<FaceChip> crop(const Picture& picture, FaceSelection faces);

  /// crop() of load_picture().
  std::vector<FaceChip> crop_file(const std::filesystem::path& path, FaceSelection faces);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The whole picture as a chip: grey, area-averaged to 48 x 48 (aspect ratio not kept).
AFFEKT_API FaceChip whole_picture_chip(const Picture& picture);

}  // namespace affekt
