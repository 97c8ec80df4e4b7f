// Steadier emotions over time: a face is followed from frame to frame and its probabilities are averaged.
#pragma once

#include <vector>

#include "affekt/core/export.h"
#include "affekt/faces/face_prediction.h"

namespace affekt {

class AFFEKT_API FaceSmoother {
 public:
  /// @param seconds         Time constant of the average: what was seen so long ago counts 1/e as much; 0 = no average.
  /// @param min_confidence  Below this the smoothed status is uncertain.
  /// @throws UsageError  seconds negative or not finite.
  FaceSmoother(double seconds, double min_confidence);

  /// Follows the faces of the frame at time `now` (seconds, not decreasing) and replaces their probabilities, emotion,
  /// confidence and status by the smoothed ones. A face is the one of an earlier frame whose box overlaps most
  /// (intersection over union at least 0.3), if that was seen in the last second.
  /// @returns  a number for each face, from 1, the same while the face is followed; 0 where there is no face.
  std::vector<int> update(double now, std::vector<FacePrediction>& faces);

 private:
  struct Track {
    int number = 0;
    double seen = 0;
    std::array<int, 4> box{};
    EmotionProbabilities probabilities{};
  };
  std::size_t matching_track(const FacePrediction& face, const std::vector<bool>& taken) const;

  double seconds_, min_confidence_;
  int last_number_ = 0;
  std::vector<Track> tracks_;
};

}  // namespace affekt
