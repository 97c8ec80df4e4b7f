// The seven emotions of FER2013, in the order used everywhere in this project (and in fer2013.csv).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "affekt/core/export.h"

namespace affekt {

enum class Emotion : std::uint8_t { angry, disgust, fear, happy, sad, surprise, neutral };

inline constexpr std::size_t kEmotionCount = 7;
using EmotionProbabilities = std::array<double, kEmotionCount>;  ///< Fractions that sum to 1, in Emotion order.

/// exp(z) over its sum, of seven logits.
AFFEKT_API EmotionProbabilities softmax(const float* logits);

/// Mean of several faces' probabilities; each face counts the same. @throws UsageError if there are none.
AFFEKT_API EmotionProbabilities mean_probabilities(const std::vector<EmotionProbabilities>& faces);

/// All weight on one emotion.
AFFEKT_API EmotionProbabilities one_emotion(Emotion emotion);

AFFEKT_API const char* emotion_name(Emotion emotion);
AFFEKT_API const std::vector<std::string>& emotion_names();

/// Reads a name whatever its case, also the synonyms of other data sets (anger, disgusted, happiness, sadness, ...).
AFFEKT_API std::optional<Emotion> parse_emotion(std::string_view name);

}  // namespace affekt
