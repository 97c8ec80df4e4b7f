// The door of libaffekt_video: OpenCV's videoio alone costs some 160 ms at program start.
#pragma once

#include "affekt/video/frames.h"

namespace affekt {

inline constexpr char kVideoLibrary[] = "affekt_video";

/// A new source, which the caller owns. Throws what open_frames() throws.
inline constexpr char kOpenFrames[] = "affekt_open_frames";
using OpenFrames = FrameSource* (*)(const FrameOptions&);

}  // namespace affekt
