#include "infer/face_input.h"

#include <algorithm>
#include <array>
#include <vector>

#include "affekt/data/dataset.h"

namespace affekt {
namespace {

/// Where an output pixel lies between two input pixels.
struct Tap {
  std::size_t low = 0, high = 0;
  float weight = 0;  ///< Of `high`.
};

std::vector<Tap> taps(std::size_t from, std::size_t to) {
  std::vector<Tap> result(to);
  for (std::size_t i = 0; i < to; ++i) {
    const double ratio = static_cast<double>(from) / static_cast<double>(to);
    const double centre = std::max(0.0, (static_cast<double>(i) + 0.5) * ratio - 0.5);
    result[i].low = std::min(static_cast<std::size_t>(centre), from - 1);
    result[i].high = std::min(result[i].low + 1, from - 1);
    result[i].weight = static_cast<float>(centre - static_cast<double>(result[i].low));
  }
  return result;
}

void resize_bilinear(const std::uint8_t* face, const std::vector<Tap>& taps, float* out) {
  for (const Tap& y : taps) {
    const std::uint8_t* upper = face + y.low * kFaceSide;
    const std::uint8_t* lower = face + y.high * kFaceSide;
    for (const Tap& x : taps) {
      const auto along = [&](const std::uint8_t* row) {
        return static_cast<float>(row[x.low]) * (1 - x.weight) + static_cast<float>(row[x.high]) * x.weight;
      };
      *out++ = along(upper) * (1 - y.weight) + along(lower) * y.weight;
    }
  }
}

}  // namespace

void fill_input(const ModelCard& card, const std::uint8_t* faces, std::size_t n, float* input) {
  const auto side = static_cast<std::size_t>(card.image_size);
  const std::size_t plane = side * side;
  const std::vector<Tap> steps = side == kFaceSide ? std::vector<Tap>{} : taps(kFaceSide, side);
  std::vector<float> grey(plane);
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint8_t* face = faces + i * kFacePixels;
    if (steps.empty()) {
      std::copy(face, face + kFacePixels, grey.begin());
    } else {
      resize_bilinear(face, steps, grey.data());
    }
    for (std::size_t c = 0; c < static_cast<std::size_t>(card.channels); ++c) {
      const auto scale = static_cast<float>(card.preprocessing.scale / card.preprocessing.std.at(c));
      const auto shift = static_cast<float>(-card.preprocessing.mean.at(c) / card.preprocessing.std.at(c));
      for (float value : grey) *input++ = value * scale + shift;
    }
  }
}

}  // namespace affekt
