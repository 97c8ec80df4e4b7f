// Pictures in, faces with emotion probabilities out: detector, cutter and network together.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/faces/face_prediction.h"
#include "affekt/image/picture.h"
#include "affekt/model/model_file.h"

namespace affekt {

class AFFEKT_API FacePredictor final : public FaceReader {
 public:
  /// Loads the model and replays its self-tests.
  /// @throws UsageError  min_confidence outside 0..1, unknown detector. @throws IoError, DataError  the model.
  explicit FacePredictor(const FaceReaderOptions& options);
  ~FacePredictor() override;
  FacePredictor(const FacePredictor&) = delete;
  FacePredictor& operator=(const FacePredictor&) = delete;

  const ModelCard& card() const;

  /// Faces largest first (ties: top to bottom, left to right). Never throws for a bad picture.
  /// @throws IoError, DataError  the detector file is missing or not one.
  std::vector<FacePrediction> read(const std::string& file) override;

  /// read() of pixels that are there already, such as a frame of a video.
  /// @param picture  colours R, G, B, or grey. @param name  goes into FacePrediction::file.
  /// @throws IoError, DataError  as read().
  std::vector<FacePrediction> read_picture(const Picture& picture, const std::string& name);

  /// read() of many files, in their order. Whole pictures (FaceSelection::none) are decoded on all threads and all
  /// faces are classified together; results are the same up to rounding.
  std::vector<std::vector<FacePrediction>> read_all(const std::vector<std::string>& files);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace affekt
