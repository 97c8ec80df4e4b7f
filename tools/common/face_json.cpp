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

std::vector<std::string> face_cells(const FacePrediction& face) {
  if (face.status == FaceStatus::no_face || face.status == FaceStatus::unreadable) {
    return {face_status_name(face.status), "", "", "", ""};
  }
  std::size_t next = kEmotionCount;
  for (std::size_t i = 0; i < kEmotionCount; ++i) {
    if (i == static_cast<std::size_t>(face.emotion)) continue;
    if (next == kEmotionCount || face.probabilities[i] > face.probabilities[next]) next = i;
  }
  std::vector<std::string> box;
  for (const int value : face.box) box.push_back(std::to_string(value));
  return {face_status_name(face.status), emotion_name(face.emotion), format_fixed(face.confidence, 2),
          emotion_names()[next] + " " + format_fixed(face.probabilities[next], 2), join(box, ",")};
}

}  // namespace affekt::cli
