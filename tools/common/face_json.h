// A face as affekt-predict prints it and other tools repeat it.
#pragma once

#include <string>
#include <vector>

#include "affekt/faces/face_prediction.h"
#include "common/cli.h"

namespace affekt::cli {

/// file, status, box, emotion, confidence, probabilities; the last four are null for no_face and unreadable, which also
/// has a message.
Json face_json(const FacePrediction& face);

/// Probabilities under the names of their emotions.
Json probabilities_json(const EmotionProbabilities& probabilities);

/// For a line of text: status, emotion, confidence, second best emotion, box; the last four empty without a face.
std::vector<std::string> face_cells(const FacePrediction& face);

}  // namespace affekt::cli
