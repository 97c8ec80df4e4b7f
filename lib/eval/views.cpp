#include "eval/views.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace affekt {
namespace {

constexpr int kCrop = 44;
constexpr int kRoom = kFaceSide - kCrop;

/// Two neighbouring cells of the crop and the weight of the second, for one cell of the result (pixel centres aligned,
/// edges repeated).
struct Sample {
  int low = 0, high = 0;
  double weight = 0;
};

Sample sample_at(int position) {
  const double at = (position + 0.5) * kCrop / kFaceSide - 0.5;
  const double floor = std::floor(at);
  const int low = static_cast<int>(floor);
  return {std::clamp(low, 0, kCrop - 1), std::clamp(low + 1, 0, kCrop - 1), at - floor};
}

void crop_and_scale(int top, int left, const std::uint8_t* from, std::uint8_t* to) {
  const auto pixel = [&](int y, int x) { return static_cast<double>(from[(top + y) * kFaceSide + left + x]); };
  for (int y = 0; y < kFaceSide; ++y) {
    const Sample v = sample_at(y);
    for (int x = 0; x < kFaceSide; ++x) {
      const Sample h = sample_at(x);
      const double upper = pixel(v.low, h.low) + h.weight * (pixel(v.low, h.high) - pixel(v.low, h.low));
      const double lower = pixel(v.high, h.low) + h.weight * (pixel(v.high, h.high) - pixel(v.high, h.low));
      to[y * kFaceSide + x] = static_cast<std::uint8_t>(std::lround(upper + v.weight * (lower - upper)));
    }
  }
}

void mirror(std::uint8_t* face) {
  for (std::uint8_t* row = face; row < face + kFacePixels; row += kFaceSide) std::reverse(row, row + kFaceSide);
}

}  // namespace

std::size_t view_count(TestTimeAugmentation tta) {
  switch (tta) {
    case TestTimeAugmentation::none:
      return 1;
    case TestTimeAugmentation::flip:
      return 2;
    case TestTimeAugmentation::tencrop:
      break;
  }
  return 10;
}

void make_view(TestTimeAugmentation tta, std::size_t view, const std::uint8_t* from, std::uint8_t* to) {
  if (tta == TestTimeAugmentation::tencrop) {
    constexpr int kCorners[5][2] = {{0, 0}, {0, kRoom}, {kRoom, 0}, {kRoom, kRoom}, {kRoom / 2, kRoom / 2}};
    const auto& corner = kCorners[view / 2];
    crop_and_scale(corner[0], corner[1], from, to);
  } else {
    std::memcpy(to, from, kFacePixels);
  }
  if (view % 2 == 1) mirror(to);
}

}  // namespace affekt
