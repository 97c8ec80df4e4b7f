#include <iterator>

#include "affekt/data/emotion.h"
#include "recommend/job.h"

namespace affekt::cli {

FacesMood find_mood(const RecommendJob& job, Io& io) {
  if (!job.emotion.empty()) {
    FacesMood mood;
    mood.probabilities = one_emotion(*parse_emotion(job.emotion));
    return mood;
  }
  const auto reader = load_face_reader(job.faces);
  std::vector<FacePrediction> faces;
  for (const auto& picture : job.pictures) {
    std::vector<FacePrediction> found = reader->read(picture);
    std::move(found.begin(), found.end(), std::back_inserter(faces));
  }
  FacesMood mood = mood_of_faces(std::move(faces), job.faces.min_confidence);
  // Where none can be read, the first is the error that ends the tool.
  const bool hopeless = mood.unreadable.size() == mood.faces.size();
  for (std::size_t i = hopeless ? 1 : 0; i < mood.unreadable.size(); ++i) io.error(mood.unreadable[i]);
  mood.require();
  for (const std::string& line : mood.left_out) io.warn(line);
  return mood;
}

}  // namespace affekt::cli
