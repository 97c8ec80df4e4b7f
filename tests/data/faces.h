// Made-up faces for tests of datasets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "affekt/core/random.h"
#include "affekt/data/dataset.h"

namespace affekt::test {

/// Pixels of every magnitude, so that numbers of one, two and three digits mix.
inline std::vector<std::uint8_t> made_up_face(std::uint64_t seed) {
  RandomStream random(seed, 99);
  std::vector<std::uint8_t> face(kFacePixels);
  for (auto& pixel : face) {
    const std::uint64_t top = random.below(3) == 0 ? 10 : (random.below(2) == 0 ? 100 : 256);
    pixel = static_cast<std::uint8_t>(random.below(top));
  }
  return face;
}

inline std::string pixel_text(const std::vector<std::uint8_t>& face) {
  std::string text;
  for (std::size_t i = 0; i < face.size(); ++i) text += (i == 0 ? "" : " ") + std::to_string(int{face[i]});
  return text;
}

/// `n` different faces; labels and splits go round.
inline Dataset made_up_dataset(std::size_t n, std::uint64_t seed = 1) {
  Dataset data;
  data.sources.push_back({"made up", 1.0, n, 0});
  for (std::size_t i = 0; i < n; ++i) {
    data.add(made_up_face(seed * 1000003 + i).data(), static_cast<Emotion>(i % kEmotionCount),
             static_cast<Split>(i / kEmotionCount % 3), 0, "row " + std::to_string(i + 1));
  }
  return data;
}

inline const char* usage_of(Split split) {
  constexpr const char* names[] = {"Training", "PublicTest", "PrivateTest"};
  return names[static_cast<std::size_t>(split)];
}

/// As fer2013.csv has it.
inline std::string as_fer2013(const Dataset& data) {
  std::string text = "emotion,pixels,Usage\n";
  for (std::size_t i = 0; i < data.size(); ++i) {
    text += std::to_string(int{data.labels[i]}) + "," + pixel_text({data.face(i), data.face(i) + kFacePixels}) + "," +
            usage_of(data.splits[i]) + "\n";
  }
  return text;
}

}  // namespace affekt::test
