#include <algorithm>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "recommend/job.h"

namespace affekt::cli {
namespace {

// The file's name before what is wrong with it; reading errors name the file themselves.
std::string about(const FacePrediction& face, const std::string& what) {
  const std::string name = printable(face.file) + ": ";
  return what.rfind(name, 0) == 0 ? what : name + what;
}

bool all_unreadable(const std::vector<FacePrediction>& faces) {
  return std::all_of(faces.begin(), faces.end(), [](const auto& f) { return f.status == FaceStatus::unreadable; });
}

// "a.jpg, b.jpg and 3 more" of the pictures with this status.
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

// Why none of the faces can be used, as the error that ends the tool.
[[noreturn]] void no_usable_face(const RecommendJob& job, const std::vector<FacePrediction>& faces) {
  double best = 0;
  for (const auto& face : faces) best = std::max(best, face.status == FaceStatus::uncertain ? face.confidence : 0);
  if (best > 0) {
    throw DataError(pictures_with(FaceStatus::uncertain, faces) + ": no face read with a confidence of " +
                    format_shortest(job.faces.min_confidence) + " or more, the best has " + format_fixed(best, 2) +
                    " (lower --min-confidence)");
  }
  if (!all_unreadable(faces)) {
    throw DataError(pictures_with(FaceStatus::no_face, faces) +
                    ": no face found (--faces none if the picture is a cropped face; --emotion NAME needs no picture)");
  }
  const FacePrediction& first = faces.front();
  if (first.missing) throw IoError(about(first, first.message));
  throw DataError(about(first, first.message));
}

// Names every picture that does not count, except those the final error names.
void report(const std::vector<FacePrediction>& faces, bool hopeless, Io& io) {
  const FacePrediction* left_to_error = hopeless && all_unreadable(faces) ? &faces.front() : nullptr;
  for (const auto& face : faces) {
    if (face.status == FaceStatus::unreadable && &face != left_to_error) io.error(about(face, face.message));
    if (hopeless) continue;
    if (face.status == FaceStatus::no_face) io.warn(about(face, "no face found, it does not count"));
    if (face.status == FaceStatus::uncertain) {
      io.warn(
          about(face, "a face read with a confidence of only " + format_fixed(face.confidence, 2) + " does not count"));
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
