#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <opencv2/imgproc.hpp>
#include <tuple>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/image/face_crops.h"
#include "image/face_detector.h"
#include "image/opencv_threads.h"

namespace affekt {
namespace {

constexpr const char* kCascade = "haarcascade_frontalface_alt2.xml";
/// Of Debian's opencv-data, and where OpenCV's own installation puts it.
constexpr const char* kCascadeFolders[] = {"/usr/share/opencv4/haarcascades", "/usr/local/share/opencv4/haarcascades",
                                           "/usr/share/opencv/haarcascades"};

/// "" if there is none.
std::string find_cascade() {
  for (const char* folder : kCascadeFolders) {
    std::error_code ignored;
    const auto path = std::filesystem::path(folder) / kCascade;
    if (std::filesystem::exists(path, ignored)) return path.string();
  }
  return "";
}

std::string installed_cascade() {
  std::string file = find_cascade();
  if (file.empty()) {
    throw IoError(std::string(kCascadeFolders[0]) + "/" + kCascade +
                  ": not found: install opencv-data, or name a cascade with --detector-model");
  }
  return file;
}

/// A rectangle of a grey picture, area-averaged to a chip.
void cut(const Picture& grey, const cv::Rect& area, FaceChip& chip) {
  const cv::Mat all(grey.height, grey.width, CV_8UC1, const_cast<std::uint8_t*>(grey.pixels.data()));
  cv::Mat target(kFaceSide, kFaceSide, CV_8UC1, chip.pixels.data());
  if (area.width == kFaceSide && area.height == kFaceSide) {
    all(area).copyTo(target);
    return;
  }
  const bool shrinks = area.width >= kFaceSide && area.height >= kFaceSide;
  cv::resize(all(area), target, target.size(), 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
}

/// The square of that side about the box's centre, moved and if need be cut so that it lies inside the picture.
cv::Rect crop_area(const cv::Rect& box, double side, const Picture& picture) {
  const int width = std::min(static_cast<int>(std::lround(side)), picture.width);
  const int height = std::min(static_cast<int>(std::lround(side)), picture.height);
  const auto place = [](double centre, int length, int limit) {
    return std::clamp(static_cast<int>(std::lround(centre - length / 2.0)), 0, limit - length);
  };
  return {place(box.x + box.width / 2.0, width, picture.width), place(box.y + box.height / 2.0, height, picture.height),
          width, height};
}

}  // namespace

FaceChip whole_picture_chip(const Picture& picture) {
  limit_opencv_threads();
  FaceChip chip;
  chip.box = {0, 0, picture.width, picture.height};
  cut(to_grey(picture), cv::Rect(0, 0, picture.width, picture.height), chip);
  return chip;
}

struct FaceCropper::Impl {
  DetectorOptions options;
  std::unique_ptr<FaceDetector> detector;

  FaceDetector& ready() {
    if (!detector) {
      const std::string& file = options.file;
      detector = options.kind == DetectorKind::yunet ? make_yunet_detector(file)
                                                     : make_haar_detector(file.empty() ? installed_cascade() : file);
    }
    return *detector;
  }
};

FaceCropper::FaceCropper(DetectorOptions options) : impl_(std::make_unique<Impl>()) {
  options.validate();
  impl_->options = std::move(options);
}

FaceCropper::~FaceCropper() = default;
FaceCropper::FaceCropper(FaceCropper&&) noexcept = default;
FaceCropper& FaceCropper::operator=(FaceCropper&&) noexcept = default;

std::vector<FaceChip> FaceCropper::crop(const Picture& picture, FaceSelection faces) {
  if (faces == FaceSelection::none) return {whole_picture_chip(picture)};
  limit_opencv_threads();
  FaceDetector& detector = impl_->ready();
  const bool coloured = picture.channels != 1;
  const Picture converted = coloured ? to_grey(picture) : Picture{};
  const Picture& grey = coloured ? converted : picture;
  std::vector<cv::Rect> boxes = detector.detect(detector.wants_grey() ? grey : picture);
  std::sort(boxes.begin(), boxes.end(), [](const cv::Rect& a, const cv::Rect& b) {
    const auto key = [](const cv::Rect& r) { return std::make_tuple(-std::int64_t{r.width} * r.height, r.y, r.x); };
    return key(a) < key(b);
  });
  if (faces == FaceSelection::largest && boxes.size() > 1) boxes.resize(1);
  std::vector<FaceChip> chips;
  for (const cv::Rect& box : boxes) {
    FaceChip chip;
    chip.box = {box.x, box.y, box.width, box.height};
    cut(grey, crop_area(box, detector.crop_side(box), grey), chip);
    chips.push_back(chip);
  }
  return chips;
}

std::vector<FaceChip> FaceCropper::crop_file(const std::filesystem::path& path, FaceSelection faces) {
  PictureOptions options;
  options.grey = faces == FaceSelection::none || impl_->options.wants_grey();
  return crop(load_picture(path, options), faces);
}

}  // namespace affekt

/// For affekt doctor, by dlopen: the cascade that is used unless another is named; "" = none is installed.
extern "C" AFFEKT_API const char* affekt_installed_cascade() {
  static const std::string file = affekt::find_cascade();
  return file.c_str();
}
