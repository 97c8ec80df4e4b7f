#include "image/imgcodecs/imgcodecs.h"

#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "affekt/core/export.h"

extern "C" AFFEKT_API bool affekt_imgcodecs_decode(const unsigned char* data, std::size_t size, bool grey,
                                                   affekt::ImgcodecsSink sink, void* context) {
  namespace logging = cv::utils::logging;
  const logging::LogLevel level = logging::setLogLevel(logging::LOG_LEVEL_SILENT);
  cv::Mat picture;
  try {
    // Mat wants a mutable pointer; imdecode only reads.
    const cv::Mat buffer(1, static_cast<int>(size), CV_8UC1, const_cast<unsigned char*>(data));
    picture = cv::imdecode(buffer, grey ? cv::IMREAD_GRAYSCALE : cv::IMREAD_COLOR);
    if (!grey && !picture.empty()) cv::cvtColor(picture, picture, cv::COLOR_BGR2RGB);
  } catch (const cv::Exception&) {
    picture.release();  // reported as damaged
  }
  logging::setLogLevel(level);
  if (picture.empty()) return false;
  sink(context, picture.cols, picture.rows, picture.channels(), picture.data, picture.step);
  return true;
}
