#include "image/imgcodecs/imgcodecs.h"

#include <iostream>
#include <mutex>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "affekt/core/export.h"

namespace logging = cv::utils::logging;

namespace {

/// OpenCV 4.6 reports damaged pictures on std::cerr itself, past its logger; the caller's message says it once.
class QuietErrors {
 public:
  QuietErrors() : lock_(mutex()), buffer_(std::cerr.rdbuf(nullptr)), level_(logging::setLogLevel(kSilent)) {}
  ~QuietErrors() {
    std::cerr.rdbuf(buffer_);
    logging::setLogLevel(level_);
  }
  QuietErrors(const QuietErrors&) = delete;
  QuietErrors& operator=(const QuietErrors&) = delete;

 private:
  static constexpr auto kSilent = logging::LOG_LEVEL_SILENT;
  static std::mutex& mutex() {
    static std::mutex one;
    return one;
  }

  std::lock_guard<std::mutex> lock_;
  std::streambuf* buffer_;
  logging::LogLevel level_;
};

}  // namespace

extern "C" AFFEKT_API bool affekt_imgcodecs_decode(const unsigned char* data, std::size_t size, bool grey,
                                                   affekt::ImgcodecsSink sink, void* context) {
  cv::Mat picture;
  try {
    const QuietErrors quiet;
    // Mat wants a mutable pointer; imdecode only reads.
    const cv::Mat buffer(1, static_cast<int>(size), CV_8UC1, const_cast<unsigned char*>(data));
    picture = cv::imdecode(buffer, grey ? cv::IMREAD_GRAYSCALE : cv::IMREAD_COLOR);
    if (!grey && !picture.empty()) cv::cvtColor(picture, picture, cv::COLOR_BGR2RGB);
  } catch (const cv::Exception&) {
    picture.release();  // reported as damaged
  }
  if (picture.empty()) return false;
  sink(context, picture.cols, picture.rows, picture.channels(), picture.data, picture.step);
  return true;
}
