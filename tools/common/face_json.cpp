#include "common/face_json.h"

#include "affekt/core/text.h"

namespace affekt::cli {

Json probabilities_json(const EmotionProbabilities& probabilities) {
  Json json = Json::object();
  for (std::size_t e = 0; e < kEmotionCount; ++e) json[emotion_names()[e]] = probabilities[e];
  return json;
}

Json face_json(const FacePrediction& face) {
  const bool read = face.status == FaceStatus::ok || face.status == FaceStatus::uncertain;
  Json json = {{"file", to_utf8(face.file)}, {"status", face_status_name(face.status)}};
  json["box"] = read ? Json(face.box) : Json(nullptr);
  json["emotion"] = read ? Json(emotion_name(face.emotion)) : Json(nullptr);
  json["confidence"] = read ? Json(face.confidence) : Json(nullptr);
  json["probabilities"] = read ? probabilities_json(face.probabilities) : Json(nullptr);
  if (!face.message.empty()) json["message"] = to_utf8(face.message);
  return json;
}

}  // namespace affekt::cli
