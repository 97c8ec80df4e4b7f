#include "train/schedule.h"

#include <algorithm>
#include <cmath>

namespace affekt {

double schedule_factor(const TrainOptions& options, double epochs_done) {
  constexpr double kPi = 3.14159265358979323846;
  const int frozen = options.frozen_epochs();
  const bool thawed = epochs_done >= frozen;
  if (thawed) epochs_done -= frozen;
  const double epochs = thawed ? options.epochs - frozen : frozen;
  const double warmup = std::min(static_cast<double>(options.warmup_epochs), epochs / 2);
  if (epochs_done < warmup) return epochs_done / warmup;
  if (!thawed) return 1;
  switch (options.schedule) {
    case ScheduleKind::constant:
    case ScheduleKind::plateau:
      return 1;
    case ScheduleKind::cosine: {
      const double done = std::min(1.0, (epochs_done - warmup) / (epochs - warmup));
      return 0.5 * (1 + std::cos(kPi * done));
    }
    case ScheduleKind::step:
      return epochs_done <= 0.5 * epochs ? 1 : epochs_done <= 0.75 * epochs ? 0.1 : 0.01;
  }
  return 1;
}

void Plateau::observe(double validation_accuracy) {
  constexpr double kRise = 1e-4;
  constexpr double kFactor = 0.2;
  constexpr int kPatience = 2;
  if (validation_accuracy > best + kRise) {
    best = validation_accuracy;
    waited = 0;
  } else if (++waited >= kPatience) {
    factor *= kFactor;
    waited = 0;
  }
}

bool stop_early(int epoch, int best_epoch, int patience) { return patience > 0 && epoch - best_epoch >= patience; }

}  // namespace affekt
