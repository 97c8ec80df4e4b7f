#include "affekt/faces/detector.h"

#include "affekt/core/error.h"

namespace affekt {

const std::vector<std::pair<std::string, DetectorKind>>& detector_names() {
  static const std::vector<std::pair<std::string, DetectorKind>> names = {{"haar", DetectorKind::haar},
                                                                          {"yunet", DetectorKind::yunet}};
  return names;
}

void DetectorOptions::validate() const {
  if (kind == DetectorKind::yunet && file.empty()) {
    throw UsageError("detector: yunet needs its ONNX file; name it with --detector-model");
  }
}

}  // namespace affekt
