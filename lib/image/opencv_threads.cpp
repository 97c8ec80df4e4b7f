#include "image/opencv_threads.h"

#include <mutex>
#include <opencv2/core/utility.hpp>

#include "affekt/core/parallel.h"

namespace affekt {

void limit_opencv_threads() {
  static std::mutex mutex;  // two callers do not tell at once; set_thread_count() is not called during work
  static int told = 0;
  const std::lock_guard<std::mutex> lock(mutex);
  const int threads = thread_count();
  if (told == threads) return;
  cv::setNumThreads(threads);
  told = threads;
}

}  // namespace affekt
