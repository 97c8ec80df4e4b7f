#include "image/face_detector.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/objdetect.hpp>
#include <string>
#include <tuple>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/text.h"
#include "image/opencv_version.h"

namespace affekt {
namespace {

constexpr int kWorkingSide = 1024;  // longer side of what is searched; larger pictures are shrunk to it
constexpr int kSmallestFace = 30;   // pixels at that size

/// OpenCV reports to stderr as well as by exception; here only the exception counts.
class QuietOpenCv {
 public:
  QuietOpenCv() : level_(cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT)) {}
  ~QuietOpenCv() { cv::utils::logging::setLogLevel(level_); }
  QuietOpenCv(const QuietOpenCv&) = delete;
  QuietOpenCv& operator=(const QuietOpenCv&) = delete;

 private:
  cv::utils::logging::LogLevel level_;
};

cv::Mat as_mat(const Picture& picture) {
  // Mat wants a mutable pointer; nothing here writes through it.
  return {picture.height, picture.width, picture.channels == 1 ? CV_8UC1 : CV_8UC3,
          const_cast<std::uint8_t*>(picture.pixels.data())};
}

/// The picture at working size, and how many of its pixels one working pixel spans.
cv::Mat shrunk(const cv::Mat& picture, double& factor) {
  factor = std::max(1.0, std::max(picture.cols, picture.rows) / static_cast<double>(kWorkingSide));
  if (factor == 1.0) return picture;
  const auto side = [&](int pixels) { return std::max(1, static_cast<int>(std::lround(pixels / factor))); };
  cv::Mat small;
  cv::resize(picture, small, cv::Size(side(picture.cols), side(picture.rows)), 0, 0, cv::INTER_AREA);
  return small;
}

cv::Rect scaled(const cv::Rect2d& box, double factor, const Picture& picture) {
  const cv::Rect full(static_cast<int>(std::lround(box.x * factor)), static_cast<int>(std::lround(box.y * factor)),
                      static_cast<int>(std::lround(box.width * factor)),
                      static_cast<int>(std::lround(box.height * factor)));
  return full & cv::Rect(0, 0, picture.width, picture.height);
}

class HaarDetector : public FaceDetector {
 public:
  explicit HaarDetector(const std::string& file) {
    const InputFile input = InputFile::open(file, kMaxCascadeBytes);
    const QuietOpenCv quiet;
    bool loaded = false;
    try {
      const cv::FileStorage storage(std::string(input.bytes()), cv::FileStorage::READ | cv::FileStorage::MEMORY);
      loaded = storage.isOpened() && cascade_.read(storage.getFirstTopLevelNode());
    } catch (const cv::Exception&) {
      loaded = false;  // reported below
    }
    if (!loaded || cascade_.empty()) throw DataError(printable(file) + ": not an OpenCV cascade file");
  }

  bool wants_grey() const override { return true; }

  // In FER2013 the median box this cascade finds spans 0.964 of the picture, and is centred in it.
  double crop_side(const cv::Rect& box) const override { return box.width / 0.964; }

  std::vector<cv::Rect> detect(const Picture& picture) override {
    constexpr double kScaleStep = 1.1;
    constexpr int kNeighbours = 4;
    constexpr double kGroupEpsilon = 0.2;  // as detectMultiScale groups
    double factor = 1;
    const cv::Mat small = shrunk(as_mat(picture), factor);
    if (std::min(small.cols, small.rows) < kSmallestFace) return {};
    // OpenCV's threads deliver the raw windows in any order, and grouping averages in that order: sort before grouping.
    std::vector<cv::Rect> windows;
    cascade_.detectMultiScale(small, windows, kScaleStep, 0, 0, cv::Size(kSmallestFace, kSmallestFace));
    std::sort(windows.begin(), windows.end(), [](const cv::Rect& a, const cv::Rect& b) {
      return std::tie(a.width, a.y, a.x) < std::tie(b.width, b.y, b.x);
    });
    cv::groupRectangles(windows, kNeighbours, kGroupEpsilon);
    std::vector<cv::Rect> boxes;
    boxes.reserve(windows.size());
    for (const cv::Rect& window : windows) boxes.push_back(scaled(window, factor, picture));
    return boxes;
  }

 private:
  static constexpr std::size_t kMaxCascadeBytes = std::size_t{64} << 20U;
  cv::CascadeClassifier cascade_;
};

class YunetDetector : public FaceDetector {
 public:
  explicit YunetDetector(const std::string& file) : file_(printable(file)) {
    InputFile::open(file);  // a missing file is told apart from a bad one
    const QuietOpenCv quiet;
    try {
      network_ = cv::FaceDetectorYN::create(file, "", cv::Size(kSmallestSide, kSmallestSide), kScore, kOverlap);
    } catch (const cv::Exception&) {
      network_.release();  // reported below
    }
    if (network_.empty()) throw DataError(file_ + ": not a YuNet model that this OpenCV can read");
    try {  // an edition that does not fit fails with the first picture, whatever it shows
      cv::Mat found;
      network_->detect(cv::Mat::zeros(kSmallestSide, kSmallestSide, CV_8UC3), found);
    } catch (const cv::Exception&) {
      throw DataError(file_ + ": not the YuNet edition that this OpenCV (" CV_VERSION ") reads: use that of " +
                      kYunetEdition + ", or --detector haar");
    }
  }

  bool wants_grey() const override { return false; }

  // YuNet's boxes are tight ovals from brow to chin: about as high as the square of the cascade, but narrower.
  double crop_side(const cv::Rect& box) const override { return std::max(box.width, box.height); }

  std::vector<cv::Rect> detect(const Picture& picture) override {
    double factor = 1;
    cv::Mat bgr;
    cv::cvtColor(as_mat(picture), bgr, picture.channels == 1 ? cv::COLOR_GRAY2BGR : cv::COLOR_RGB2BGR);
    cv::Mat small = shrunk(bgr, factor);
    cv::copyMakeBorder(small, small, 0, std::max(0, kSmallestSide - small.rows), 0,
                       std::max(0, kSmallestSide - small.cols), cv::BORDER_REPLICATE);
    const QuietOpenCv quiet;
    cv::Mat found;  // a row a face: x, y, width, height, ten landmark coordinates, score
    try {
      network_->setInputSize(small.size());
      network_->detect(small, found);
    } catch (const cv::Exception&) {
      throw DataError("a picture of " + std::to_string(picture.width) + " x " + std::to_string(picture.height) +
                      ": YuNet fails on it with this OpenCV (" CV_VERSION "): use --detector haar");
    }
    std::vector<cv::Rect> boxes;
    for (int i = 0; i < found.rows; ++i) {
      const float* row = found.ptr<float>(i);
      const cv::Rect box = scaled(cv::Rect2d(row[0], row[1], row[2], row[3]), factor, picture);
      if (box.area() > 0) boxes.push_back(box);
    }
    return boxes;
  }

 private:
  static constexpr float kScore = 0.8F, kOverlap = 0.3F;
  static constexpr int kSmallestSide = 64;  // OpenCV's class fails on less; smaller pictures get a border
  std::string file_;                        // for messages
  cv::Ptr<cv::FaceDetectorYN> network_;
};

}  // namespace

std::unique_ptr<FaceDetector> make_haar_detector(const std::string& cascade_file) {
  return std::make_unique<HaarDetector>(cascade_file);
}

std::unique_ptr<FaceDetector> make_yunet_detector(const std::string& model_file) {
  return std::make_unique<YunetDetector>(model_file);
}

}  // namespace affekt
