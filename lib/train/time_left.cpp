#include "train/time_left.h"

#include <algorithm>

namespace affekt {

void TimeLeft::add_features(std::int64_t rows, double seconds) {
  if (rows > 0) row_seconds_ = seconds / static_cast<double>(rows);
}

double TimeLeft::seconds(const WorkLeft& left) const {
  constexpr double kTrainingPass = 3;  // forward, and twice as much backward
  const double step = seconds_a_step();
  const double validation = row_seconds_ * static_cast<double>(left.validation_rows);
  double sum = static_cast<double>(left.steps) * step + std::max(0.0, between_) * left.epochs;
  if (left.thawed_epochs > 0) {
    const double forward = left.cached ? row_seconds_ * static_cast<double>(left.step_rows) : step;
    sum += static_cast<double>(left.thawed_steps) * (step + (kTrainingPass - (left.cached ? 0 : 1)) * forward) +
           left.thawed_epochs * std::max(validation, between_);
  }
  return sum;
}

}  // namespace affekt
