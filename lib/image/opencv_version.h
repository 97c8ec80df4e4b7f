// Private: what differs between OpenCV 4.6 (Debian 12) and 4.10 (Debian 13), in one place.
#pragma once

#include <cmath>
#include <opencv2/core/version.hpp>

namespace affekt {

/// Edition of the YuNet model that this OpenCV reads: its name is in the file's, face_detection_yunet_2022mar.onnx.
constexpr const char* kYunetEdition = CV_VERSION_MAJOR > 4 || (CV_VERSION_MAJOR == 4 && CV_VERSION_MINOR >= 8)
                                          ? "2023mar"
                                          : "2022mar";

/// Quarter turns, clockwise, that set a video's frames upright (0 to 3), from CAP_PROP_ORIENTATION_META. Before 4.7
/// that property has the angle of the display matrix, which counts the other way, and OpenCV itself turns by it
/// (opencv#22088).
inline int quarter_turns(double orientation_meta) {
  constexpr bool kBackwards = CV_VERSION_MAJOR == 4 && CV_VERSION_MINOR < 7;
  constexpr double kQuarter = 90;
  const int quarters = static_cast<int>(std::lround(orientation_meta / kQuarter));
  return (((kBackwards ? -quarters : quarters) % 4) + 4) % 4;
}

}  // namespace affekt
