#include "affekt/image/annotate.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

namespace affekt {
namespace {

void make_coloured(Picture& picture) {
  if (picture.channels == 3) return;
  std::vector<std::uint8_t> rgb;
  rgb.reserve(picture.pixels.size() * 3);
  for (std::uint8_t grey : picture.pixels) rgb.insert(rgb.end(), 3, grey);
  picture.pixels = std::move(rgb);
  picture.channels = 3;
}

}  // namespace

void draw_face(Picture& picture, const std::array<int, 4>& box, const std::string& label) {
  constexpr double kReferenceSide = 800;  // pictures of this size get two-pixel lines
  const cv::Scalar frame(255, 176, 0), ink(0, 0, 0);
  make_coloured(picture);
  cv::Mat canvas(picture.height, picture.width, CV_8UC3, picture.pixels.data());
  const double zoom = std::max(0.4, std::max(picture.width, picture.height) / kReferenceSide);
  const int line = std::max(1, static_cast<int>(2 * zoom));
  const cv::Rect face(box[0], box[1], box[2], box[3]);
  cv::rectangle(canvas, face, frame, line);

  const double letters = 0.6 * zoom;
  const int stroke = std::max(1, static_cast<int>(zoom));
  int below = 0;
  const cv::Size text = cv::getTextSize(label, cv::FONT_HERSHEY_SIMPLEX, letters, stroke, &below);
  const int bar = text.height + below + 2 * line;
  const int top = face.y >= bar ? face.y - bar : face.y;
  const int left = std::clamp(face.x, 0, std::max(0, picture.width - text.width - 2 * line));
  cv::rectangle(canvas, cv::Rect(left, top, text.width + 2 * line, bar), frame, cv::FILLED);
  cv::putText(canvas, label, cv::Point(left + line, top + line + text.height), cv::FONT_HERSHEY_SIMPLEX, letters, ink,
              stroke, cv::LINE_AA);
}

}  // namespace affekt
