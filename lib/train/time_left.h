// How long a run still takes, guessed from what its steps and epochs took so far.
#pragma once

#include <cstdint>

#include "affekt/core/export.h"

namespace affekt {

/// The part of a run that lies ahead.
struct WorkLeft {
  std::int64_t steps = 0;         ///< Of this phase, in all of its epochs.
  int epochs = 0;                 ///< Of this phase, the running one included.
  std::int64_t thawed_steps = 0;  ///< Of the epochs after the backbone thaws, while it is frozen; else 0.
  int thawed_epochs = 0;          ///< Likewise.
  std::int64_t step_rows = 0;     ///< Rows in a step.
  std::int64_t validation_rows = 0;
  bool cached = false;  ///< The steps of this phase read features instead of computing the backbone.
};

/// Phases are guessed each from their own steps. Before the backbone thaws, its epochs are guessed from what its
/// forward pass took: a training pass is about three of them.
class AFFEKT_API TimeLeft {
 public:
  void begin_phase() { steps_ = 0, step_seconds_ = 0, between_ = -1; }
  void add_step(double seconds) { ++steps_, step_seconds_ += seconds; }
  /// The backbone's forward pass over `rows`, for a cache of features, took so long.
  void add_features(std::int64_t rows, double seconds);
  /// What an epoch took besides its steps: validation, saving.
  void end_epoch(double seconds) { between_ = seconds; }

  double seconds_a_step() const { return steps_ > 0 ? step_seconds_ / static_cast<double>(steps_) : 0; }
  double seconds(const WorkLeft& left) const;

 private:
  std::int64_t steps_ = 0;
  double step_seconds_ = 0;
  double between_ = -1;     ///< Of the newest epoch of this phase; negative = none is finished.
  double row_seconds_ = 0;  ///< Forward pass of the backbone for one row; 0 = not known.
};

}  // namespace affekt
