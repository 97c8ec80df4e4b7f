// Frames of a video file or a camera. OpenCV's videoio is slow to load: it comes in, with libaffekt_video, when the
// first source is opened.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "affekt/core/export.h"
#include "affekt/image/picture.h"

namespace affekt {

struct FrameOptions {
  std::string file;    ///< A video file; "" = the camera.
  int camera = -1;     ///< Number of the camera, from 0, if `file` is "".
  double every = 0.2;  ///< Seconds from one frame taken to the next, >= 0; 0 = every frame.
};

struct Frame {
  Picture picture;          ///< RGB.
  std::int64_t number = 0;  ///< Within the video, from 0; frames passed over count.
  double seconds = 0;       ///< From the start of the video, or since the camera was opened.
};

class AFFEKT_API FrameSource {
 public:
  virtual ~FrameSource();
  /// The next frame that is due; false at the end. Of a damaged video the frames that can be decoded are given.
  virtual bool next(Frame& frame) = 0;
};

/// Opens the file (with FFmpeg, never through the network: a file that names others elsewhere is not followed) or the
/// camera.
/// @throws UsageError  options out of range, or this build has no libaffekt_video.
/// @throws IoError     no such file or camera. @throws DataError  not a video, or frames beyond 100 megapixels.
AFFEKT_API std::unique_ptr<FrameSource> open_frames(const FrameOptions& options);

}  // namespace affekt
