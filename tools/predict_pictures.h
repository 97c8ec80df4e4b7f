// What affekt-predict does.
#pragma once

#include <string>
#include <vector>

#include "affekt/faces/face_prediction.h"
#include "affekt/image/picture.h"
#include "common/cli.h"

namespace affekt::cli {

struct PredictFlags {
  std::vector<std::string> inputs;
  FaceReaderOptions reader;
  std::string annotate;  ///< Folder; "" = no copies.
};

/// Draws box, emotion and confidence of every face into the picture.
void mark_faces(Picture& picture, const std::vector<FacePrediction>& faces);

/// Returns the exit code.
int predict_pictures(const Tool& tool, const PredictFlags& flags, Io& io);

}  // namespace affekt::cli
