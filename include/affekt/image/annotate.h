// Boxes and words drawn into a picture.
#pragma once

#include <array>
#include <string>

#include "affekt/core/export.h"
#include "affekt/image/picture.h"

namespace affekt {

/// Draws a frame around `box` (x, y, width, height; parts outside are cut off) and `label` on a bar above it, or inside
/// at the top where there is no room. A grey picture becomes a coloured one. Line width and letters follow the
/// picture's size; only ASCII can be drawn.
AFFEKT_API void draw_face(Picture& picture, const std::array<int, 4>& box, const std::string& label);

}  // namespace affekt
