// OpenCV has threads of its own, as many as there are cores.
#pragma once

namespace affekt {

/// Gives OpenCV as many threads as set_thread_count() allows. Call before work of OpenCV's that may run on several.
void limit_opencv_threads();

}  // namespace affekt
