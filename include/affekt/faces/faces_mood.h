// From faces to one mood: which of them count.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/faces/face_prediction.h"

namespace affekt {

/// Faces of one or several pictures, taken together. A face counts if it was read with enough confidence (status ok);
/// each counts the same, whatever its picture and size.
struct AFFEKT_API FacesMood {
  EmotionProbabilities probabilities{};  ///< Mean over the faces that count; zeros if there are none.
  std::size_t counted = 0;
  double min_confidence = 0;            ///< That the faces were read with; fraction.
  std::vector<FacePrediction> faces;    ///< All that were read, in the order of the pictures.
  std::vector<std::string> unreadable;  ///< A line for each picture that could not be read.
  std::vector<std::string> left_out;    ///< A line for each face, or picture without one, that does not count.

  /// @throws DataError  no face counts, with the reason. @throws IoError  if that is because no file could be opened.
  void require() const;
};

/// @param faces  as FaceReader::read() gives them.
AFFEKT_API FacesMood mood_of_faces(std::vector<FacePrediction> faces, double min_confidence);

}  // namespace affekt
