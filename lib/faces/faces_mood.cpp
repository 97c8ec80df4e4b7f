#include "affekt/faces/faces_mood.h"

#include <algorithm>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"

namespace affekt {
namespace {

/// The file's name before what is wrong with it; reading errors name the file themselves.
std::string about(const FacePrediction& face, const std::string& what) {
  const std::string name = printable(face.file) + ": ";
  return what.rfind(name, 0) == 0 ? what : name + what;
}

bool all_unreadable(const std::vector<FacePrediction>& faces) {
  return std::all_of(faces.begin(), faces.end(), [](const auto& f) { return f.status == FaceStatus::unreadable; });
}

/// "a.jpg, b.jpg and 3 more" of the pictures with this status.
std::string pictures_with(FaceStatus status, const std::vector<FacePrediction>& faces) {
  constexpr std::size_t kNamed = 4;
  std::vector<std::string> names;
  for (const auto& face : faces) {
    const std::string name = printable(face.file);
    if (face.status == status && (names.empty() || names.back() != name)) names.push_back(name);
  }
  if (names.size() <= kNamed) return join(names, ", ");
  const std::size_t more = names.size() - kNamed;
  names.resize(kNamed);
  return join(names, ", ") + " and " + std::to_string(more) + " more";
}

}  // namespace

FacesMood mood_of_faces(std::vector<FacePrediction> faces, double min_confidence) {
  FacesMood mood;
  mood.min_confidence = min_confidence;
  std::vector<EmotionProbabilities> counted;
  for (const FacePrediction& face : faces) {
    switch (face.status) {
      case FaceStatus::ok:
        counted.push_back(face.probabilities);
        break;
      case FaceStatus::unreadable:
        mood.unreadable.push_back(about(face, face.message));
        break;
      case FaceStatus::no_face:
        mood.left_out.push_back(about(face, "no face found, it does not count"));
        break;
      case FaceStatus::uncertain:
        mood.left_out.push_back(about(
            face, "a face read with a confidence of only " + format_fixed(face.confidence, 2) + " does not count"));
        break;
    }
  }
  mood.counted = counted.size();
  if (!counted.empty()) mood.probabilities = mean_probabilities(counted);
  mood.faces = std::move(faces);
  return mood;
}

void FacesMood::require() const {
  if (counted > 0) return;
  if (faces.empty()) throw UsageError("mood: no pictures, so no faces");
  double best = 0;
  for (const FacePrediction& face : faces) {
    if (face.status == FaceStatus::uncertain) best = std::max(best, face.confidence);
  }
  if (best > 0) {
    throw DataError(pictures_with(FaceStatus::uncertain, faces) + ": no face read with a confidence of " +
                    format_shortest(min_confidence) + " or more, the best has " + format_fixed(best, 2) +
                    " (lower --min-confidence)");
  }
  if (!all_unreadable(faces)) {
    throw DataError(pictures_with(FaceStatus::no_face, faces) +
                    ": no face found (--faces none if the picture is a cropped face; --emotion NAME needs no picture)");
  }
  if (faces.front().missing) throw IoError(unreadable.front());
  throw DataError(unreadable.front());
}

}  // namespace affekt
