#include "affekt/video/face_smoother.h"

#include <algorithm>
#include <cmath>

#include "affekt/core/error.h"
#include "affekt/core/text.h"

namespace affekt {
namespace {

constexpr double kLeastOverlap = 0.3;
constexpr double kForgottenAfter = 1.0;  // seconds

/// Intersection over union.
double overlap(const std::array<int, 4>& a, const std::array<int, 4>& b) {
  const auto area = [](const std::array<int, 4>& box) { return static_cast<double>(box[2]) * box[3]; };
  const double width = std::min(a[0] + a[2], b[0] + b[2]) - std::max(a[0], b[0]);
  const double height = std::min(a[1] + a[3], b[1] + b[3]) - std::max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  return width * height / (area(a) + area(b) - width * height);
}

bool is_face(const FacePrediction& face) {
  return face.status == FaceStatus::ok || face.status == FaceStatus::uncertain;
}

}  // namespace

FaceSmoother::FaceSmoother(double seconds, double min_confidence) : seconds_(seconds), min_confidence_(min_confidence) {
  constexpr double kLongest = 3600;
  if (!(seconds >= 0 && seconds <= kLongest)) {
    throw UsageError("--smooth: expected 0 to 3600 seconds, found " + format_shortest(seconds));
  }
}

std::size_t FaceSmoother::matching_track(const FacePrediction& face, const std::vector<bool>& taken) const {
  std::size_t best = tracks_.size();
  double most = kLeastOverlap;
  for (std::size_t t = 0; t < taken.size(); ++t) {
    const double shared = taken[t] ? 0 : overlap(face.box, tracks_[t].box);
    if (shared >= most) {
      best = t;
      most = shared;
    }
  }
  return best;
}

std::vector<int> FaceSmoother::update(double now, std::vector<FacePrediction>& faces) {
  const auto forgotten = [&](const Track& track) { return now - track.seen > kForgottenAfter; };
  tracks_.erase(std::remove_if(tracks_.begin(), tracks_.end(), forgotten), tracks_.end());
  std::vector<bool> taken(tracks_.size(), false);
  std::vector<int> numbers;
  for (FacePrediction& face : faces) {
    if (!is_face(face)) {
      numbers.push_back(0);
      continue;
    }
    const std::size_t t = matching_track(face, taken);
    if (t < taken.size()) {
      taken[t] = true;
      Track& track = tracks_[t];
      const double share = seconds_ > 0 ? 1 - std::exp(-(now - track.seen) / seconds_) : 1;  // of the new frame
      for (std::size_t e = 0; e < kEmotionCount; ++e) {
        track.probabilities[e] += share * (face.probabilities[e] - track.probabilities[e]);
      }
    } else {
      tracks_.push_back({++last_number_, now, face.box, face.probabilities});
    }
    Track& track = tracks_[t];
    track.seen = now;
    track.box = face.box;
    face.judge(track.probabilities, min_confidence_);
    numbers.push_back(track.number);
  }
  return numbers;
}

}  // namespace affekt
