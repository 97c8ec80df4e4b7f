#include "video/videoio.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "image/opencv_version.h"

namespace affekt {
namespace {

constexpr double kMaxPixels = 100e6;

/// An environment variable for as long as the object lives; then it is as the host program had it.
class Variable {
 public:
  // NOLINTBEGIN(concurrency-mt-unsafe): while a capture is opened, when no other thread of ours reads the environment
  Variable(const char* name, const std::string& value) : name_(name), before_(value_of(name)) {
    setenv(name, value.c_str(), /*overwrite=*/1);
  }
  static std::optional<std::string> value_of(const char* name) {
    const char* found = std::getenv(name);
    return found == nullptr ? std::nullopt : std::optional<std::string>(found);
  }
  ~Variable() {
    if (before_) {
      setenv(name_, before_->c_str(), /*overwrite=*/1);
    } else {
      unsetenv(name_);
    }
  }
  // NOLINTEND(concurrency-mt-unsafe)
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

/// FFmpeg draws plain text as if on a terminal; nobody means that. Texts that describe a video begin with their name.
bool is_plain_text(const std::string& path) {
  constexpr std::size_t kLooked = 4096;
  std::string head(kLooked, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(head.data(), static_cast<std::streamsize>(kLooked));
  head.resize(static_cast<std::size_t>(file.gcount()));
  for (const char* known : {"#EXTM3U", "ffconcat", "YUV4MPEG2", "<?xml", "<MPD", "v=0"}) {
    if (head.rfind(known, 0) == 0) return false;
  }
  constexpr std::string_view kTextControls = "\t\n\f\r\x1b";
  return !head.empty() && std::all_of(head.begin(), head.end(), [&](char c) {
    return static_cast<unsigned char>(c) >= 0x20 || kTextControls.find(c) != std::string_view::npos;
  });
}

class Capture final : public FrameSource {
 public:
  explicit Capture(const FrameOptions& options) : every_(options.every), is_camera_(options.file.empty()) {
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    // OpenCV asks these when it opens a file: FFmpeg says nothing itself and reads local files only.
    constexpr const char* kLogLevel = "OPENCV_FFMPEG_LOGLEVEL";
    const Variable quiet(kLogLevel, Variable::value_of(kLogLevel).value_or("-8"));
    const Variable local("OPENCV_FFMPEG_CAPTURE_OPTIONS", "protocol_whitelist;file");
    if (is_camera_) {
      open_camera(options.camera);
    } else {
      open_file(options.file);
    }
    start_ = std::chrono::steady_clock::now();
  }

  bool next(Frame& frame) override {
    while (capture_.grab()) {
      const std::int64_t number = count_++;
      const double seconds = time_of(number);
      if (seconds < due_) continue;
      if (!capture_.retrieve(image_) || image_.empty()) continue;
      // The next is due a step later; steps that no frame fell into are not made up for.
      while (every_ > 0 && due_ <= seconds) due_ += every_;
      if (turns_ > 0) cv::rotate(image_, image_, turns_ - 1);  // cv::RotateFlags counts quarter turns from 0
      cv::cvtColor(image_, rgb_, cv::COLOR_BGR2RGB);
      frame.picture = {rgb_.cols, rgb_.rows, 3, {rgb_.datastart, rgb_.dataend}};
      frame.number = number;
      frame.seconds = seconds;
      return true;
    }
    return false;
  }

 private:
  void open_file(const std::string& file) {
    const std::string name = printable(file);
    std::error_code error;
    if (!std::filesystem::exists(file, error)) throw IoError(name + ": no such video");
    if (!std::filesystem::is_regular_file(file, error)) throw IoError(name + ": not a regular file; give a video file");
    if (is_plain_text(file)) throw DataError(name + ": not a video but a text");
    // FFmpeg would take a name with a colon for an address.
    const std::string path = std::filesystem::absolute(file).string();
    try {
      capture_.open("file:" + path, cv::CAP_FFMPEG);
    } catch (const cv::Exception&) {
      capture_.release();  // reported below
    }
    if (!capture_.isOpened()) throw DataError(name + ": not a video, or damaged (FFmpeg cannot read it)");
    const double pixels = capture_.get(cv::CAP_PROP_FRAME_WIDTH) * capture_.get(cv::CAP_PROP_FRAME_HEIGHT);
    if (!(pixels > 0 && pixels <= kMaxPixels))
      throw DataError(name + ": frames of unknown size or beyond 100 megapixels");
    rate_ = capture_.get(cv::CAP_PROP_FPS);
    capture_.set(cv::CAP_PROP_ORIENTATION_AUTO, 0);
    turns_ = quarter_turns(capture_.get(cv::CAP_PROP_ORIENTATION_META));
  }

  void open_camera(int number) {
    try {
      capture_.open(number);
    } catch (const cv::Exception&) {
      capture_.release();
    }
    if (!capture_.isOpened()) throw IoError("camera " + std::to_string(number) + ": cannot be opened (ls /dev/video*)");
  }

  double time_of(std::int64_t number) const {
    if (is_camera_) return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    constexpr double kMilli = 1e-3;
    const double stamp = capture_.get(cv::CAP_PROP_POS_MSEC) * kMilli;
    if (stamp > 0 || number == 0) return stamp;
    return rate_ > 0 ? static_cast<double>(number) / rate_ : 0;
  }

  cv::VideoCapture capture_;
  cv::Mat image_, rgb_;
  double every_, rate_ = 0, due_ = 0;
  int turns_ = 0;  // quarter turns, clockwise
  bool is_camera_;
  std::int64_t count_ = 0;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace
}  // namespace affekt

extern "C" AFFEKT_API affekt::FrameSource* affekt_open_frames(const affekt::FrameOptions& options) {
  return std::make_unique<affekt::Capture>(options).release();
}
