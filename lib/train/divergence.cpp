#include "train/divergence.h"

#include <algorithm>
#include <cmath>

#include "affekt/data/emotion.h"

namespace affekt {

bool LossWatch::diverges(double loss, std::int64_t rows) {
  constexpr double kMemory = 1000;  // rows
  if (!std::isfinite(loss)) return true;
  if (lowest < 0) mean = lowest = loss;
  const double keep = std::exp(-static_cast<double>(rows) / kMemory);
  mean = keep * mean + (1 - keep) * loss;
  if (mean > limit()) return true;
  lowest = std::min(lowest, mean);
  return false;
}

double LossWatch::limit() const {
  constexpr double kRise = 3;
  constexpr double kGuesses = 2;
  return std::max(kRise * lowest, kGuesses * std::log(static_cast<double>(kEmotionCount)));
}

}  // namespace affekt
