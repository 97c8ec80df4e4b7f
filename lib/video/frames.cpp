#include "affekt/video/frames.h"

#include <cmath>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/plugin.h"
#include "affekt/core/text.h"
#include "image/opencv_threads.h"
#include "video/videoio.h"

namespace affekt {

FrameSource::~FrameSource() = default;

std::unique_ptr<FrameSource> open_frames(const FrameOptions& options) {
  constexpr double kLongest = 86'400;
  if (!(options.every >= 0 && options.every <= kLongest)) {
    throw UsageError("--every: expected 0 to 86400 seconds, found " + format_shortest(options.every));
  }
  if (options.file.empty() && options.camera < 0) throw UsageError("--camera: expected 0 or more, found none");
  std::string why;
  void* symbol = plugin_symbol(kVideoLibrary, kOpenFrames, &why);
  if (symbol == nullptr) throw UsageError("videos cannot be read: libaffekt_video cannot be loaded (" + why + ")");
  limit_opencv_threads();
  return std::unique_ptr<FrameSource>(reinterpret_cast<OpenFrames>(symbol)(options));
}

}  // namespace affekt
