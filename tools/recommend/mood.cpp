#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "recommend/job.h"

namespace affekt::cli {
namespace {

std::string place(const FacePrediction& face) { return printable(face.file) + ": "; }

// Why none of the faces can be used, as the error that ends the tool.
[[noreturn]] void no_usable_face(const RecommendJob& job, const std::vector<FacePrediction>& faces) {
  for (const auto& face : faces) {
    if (face.status == FaceStatus::uncertain) {
      throw DataError(place(face) + "no face read with a confidence of " + format_shortest(job.faces.min_confidence) +
                      " or more, the best has " + format_fixed(face.confidence, 2) + " (lower --min-confidence)");
    }
  }
  for (const auto& face : faces) {
    if (face.status == FaceStatus::no_face) {
      throw DataError(place(face) +
                      "no face found (--faces none for a picture that is a cropped face; --emotion NAME "
                      "works without a picture)");
    }
  }
  const FacePrediction& first = faces.front();
  if (first.missing) throw IoError(place(first) + first.message);
  throw DataError(place(first) + first.message);
}

// Says which pictures do not count; the last line of a hopeless run is left to the error.
void report(const std::vector<FacePrediction>& faces, bool hopeless, Io& io) {
  for (const auto& face : faces) {
    if (face.status == FaceStatus::unreadable && !(hopeless && &face == &faces.front())) {
      io.error(place(face) + face.message);
    }
    if (hopeless) continue;
    if (face.status == FaceStatus::no_face) io.warn(place(face) + "no face found, it does not count");
    if (face.status == FaceStatus::uncertain) {
      io.warn(place(face) + "a face read with a confidence of only " + format_fixed(face.confidence, 2) +
              " does not count");
    }
  }
}

}  // namespace

MoodInput find_mood(const RecommendJob& job, Io& io) {
  MoodInput mood;
  if (!job.emotion.empty()) {
    mood.probabilities = one_emotion(*parse_emotion(job.emotion));
    return mood;
  }
  const auto reader = load_face_reader(job.faces);
  std::vector<EmotionProbabilities> usable;
  std::size_t unreadable = 0;
  for (const auto& picture : job.pictures) {
    for (auto& face : reader->read(picture)) {
      if (face.status == FaceStatus::ok) usable.push_back(face.probabilities);
      if (face.status == FaceStatus::unreadable) ++unreadable;
      mood.faces.push_back(std::move(face));
    }
  }
  report(mood.faces, usable.empty(), io);
  if (usable.empty()) no_usable_face(job, mood.faces);
  mood.some_failed = unreadable > 0;
  mood.probabilities = mean_probabilities(usable);
  return mood;
}

}  // namespace affekt::cli
