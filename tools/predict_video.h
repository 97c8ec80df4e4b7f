// affekt-predict on a video or a camera.
#pragma once

#include <string>

#include "common/cli.h"
#include "predict_pictures.h"

namespace affekt::cli {

struct VideoFlags {
  std::string file;    ///< "" = the camera.
  int camera = -1;     ///< -1 = none.
  double every = 0.2;  ///< Seconds from frame to frame.
  double smooth = 0;   ///< Seconds over which a face is averaged.
};

/// Prints each face as soon as its frame is read. Returns the exit code.
int predict_video(const Tool& tool, const PredictFlags& flags, const VideoFlags& video, Io& io);

}  // namespace affekt::cli
