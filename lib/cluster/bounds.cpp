#include "cluster/bounds.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace affekt {
namespace {

/// a + b, rounded up where it is rounded.
float add_up(float a, double b) {
  const double exact = double{a} + b;
  const auto sum = static_cast<float>(exact);
  return double{sum} < exact ? std::nextafter(sum, std::numeric_limits<float>::infinity()) : sum;
}

}  // namespace

Bounds::Bounds(const Points& points, std::size_t k)
    : lower(points.blocks() * kLanes), moved(k), shrink(1.0F - static_cast<float>(points.d + 8) * 0x1p-22F) {}

void Bounds::follow(const std::vector<float>& from, const std::vector<float>& to) {
  constexpr double kRoundings = 1 + 1e-9;  // more than those of the distance itself
  const std::size_t d = to.size() / moved.size();
  double longest = 0, second = 0;
  std::size_t farthest = 0;
  for (std::size_t c = 0; c < moved.size(); ++c) {
    double squared = 0;
    for (std::size_t i = c * d; i < (c + 1) * d; ++i) squared += std::pow(double{to[i]} - double{from[i]}, 2);
    const double way = std::sqrt(squared) * kRoundings;
    if (way > longest) {
      second = longest;
      longest = way;
      farthest = c;
    } else {
      second = std::max(second, way);
    }
  }
  for (std::size_t c = 0; c < moved.size(); ++c) moved[c] = add_up(moved[c], c == farthest ? second : longest);
}

}  // namespace affekt
