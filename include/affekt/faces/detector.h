// What finds the faces of a picture.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "affekt/core/export.h"

namespace affekt {

/// haar: Viola and Jones' cascade, grey pictures. yunet: Wu et al., 2023, in colour, from an ONNX file.
enum class DetectorKind : std::uint8_t { haar, yunet };
AFFEKT_API const std::vector<std::pair<std::string, DetectorKind>>& detector_names();

struct DetectorOptions {
  DetectorKind kind = DetectorKind::haar;
  std::string file =
      {};  ///< Cascade or ONNX file; "" = the installed haarcascade_frontalface_alt2.xml. yunet needs one.

  bool wants_grey() const { return kind == DetectorKind::haar; }
  AFFEKT_API void validate() const;  ///< Throws UsageError for yunet without a file.
};

}  // namespace affekt
