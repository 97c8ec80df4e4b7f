// Where the faces are. One interface, two detectors out of OpenCV.
#pragma once

#include <memory>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "affekt/image/picture.h"

namespace affekt {

class FaceDetector {
 public:
  virtual ~FaceDetector() = default;
  /// Boxes inside the picture, in its pixels, in no particular order but the same every time.
  /// @param picture  grey if wants_grey().
  virtual std::vector<cv::Rect> detect(const Picture& picture) = 0;
  virtual bool wants_grey() const = 0;
  /// Side of the square crop that shows a face as FER2013 does, given a box; about the box's centre.
  virtual double crop_side(const cv::Rect& box) const = 0;
};

/// Viola-Jones cascade. @throws IoError, DataError.
std::unique_ptr<FaceDetector> make_haar_detector(const std::string& cascade_file);
/// YuNet (Wu et al., 2023) through OpenCV's dnn. @throws IoError, DataError.
std::unique_ptr<FaceDetector> make_yunet_detector(const std::string& model_file);

}  // namespace affekt
