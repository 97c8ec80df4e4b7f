// What affekt-predict does.
#pragma once

#include <string>
#include <vector>

#include "affekt/data/face_prediction.h"
#include "common/cli.h"

namespace affekt::cli {

struct PredictFlags {
  std::vector<std::string> inputs;
  FaceReaderOptions reader;
  std::string annotate;  ///< Folder; "" = no copies.
};

/// Returns the exit code.
int predict_pictures(const Tool& tool, const PredictFlags& flags, Io& io);

}  // namespace affekt::cli
