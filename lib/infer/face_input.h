// From grey faces to network input.
#pragma once

#include <cstddef>
#include <cstdint>

#include "affekt/model/model_file.h"

namespace affekt {

/// Fills `input` (n, channels, side, side) from `faces` (n, 48, 48), as the card says. Where side is not 48 the face is
/// resized by bilinear interpolation between pixel centres (no corner alignment), before scaling.
void fill_input(const ModelCard& card, const std::uint8_t* faces, std::size_t n, float* input);

}  // namespace affekt
