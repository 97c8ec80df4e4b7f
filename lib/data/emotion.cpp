#include "affekt/data/emotion.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"

namespace affekt {

const std::vector<std::string>& emotion_names() {
  static const std::vector<std::string> names = {"angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"};
  return names;
}

EmotionProbabilities softmax(const float* logits) {
  EmotionProbabilities result{};
  const double largest = *std::max_element(logits, logits + kEmotionCount);
  double sum = 0;
  for (std::size_t i = 0; i < kEmotionCount; ++i) sum += result[i] = std::exp(logits[i] - largest);
  for (double& value : result) value /= sum;
  return result;
}

EmotionProbabilities mean_probabilities(const std::vector<EmotionProbabilities>& faces) {
  if (faces.empty()) throw UsageError("mean of no faces: at least one is needed");
  EmotionProbabilities mean{};
  for (const auto& face : faces) {
    for (std::size_t e = 0; e < kEmotionCount; ++e) mean[e] += face[e] / static_cast<double>(faces.size());
  }
  return mean;
}

EmotionProbabilities one_emotion(Emotion emotion) {
  EmotionProbabilities one{};
  one[static_cast<std::size_t>(emotion)] = 1;
  return one;
}

const char* emotion_name(Emotion emotion) { return emotion_names().at(static_cast<std::size_t>(emotion)).c_str(); }

std::optional<Emotion> parse_emotion(std::string_view name) {
  static const std::pair<const char*, Emotion> synonyms[] = {
      {"anger", Emotion::angry},         {"disgusted", Emotion::disgust}, {"fearful", Emotion::fear},
      {"afraid", Emotion::fear},         {"scared", Emotion::fear},       {"happiness", Emotion::happy},
      {"joy", Emotion::happy},           {"sadness", Emotion::sad},       {"surprised", Emotion::surprise},
      {"surprising", Emotion::surprise}, {"neutrality", Emotion::neutral}};
  const std::string lower = lower_ascii(trim(name));
  for (std::size_t i = 0; i < kEmotionCount; ++i) {
    if (lower == emotion_names()[i]) return static_cast<Emotion>(i);
  }
  for (const auto& [synonym, emotion] : synonyms) {
    if (lower == synonym) return emotion;
  }
  return std::nullopt;
}

}  // namespace affekt
