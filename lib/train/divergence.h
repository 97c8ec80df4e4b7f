// When a training loss is no longer one to go on with.
#pragma once

#include <cstdint>
#include <string>

#include "affekt/core/export.h"

namespace affekt {

/// Follows the mean training loss of about the last thousand rows, whatever the size of a batch: one unlucky batch is
/// no divergence.
struct AFFEKT_API LossWatch {
  double mean = 0;     ///< Exponentially weighted, beginning with the first loss.
  double lowest = -1;  ///< The lowest mean so far; -1 = nothing seen.

  /// Takes the mean loss of the next `rows` rows. @returns true if it diverges: it is not finite, or the mean is above
  /// limit().
  bool diverges(double loss, std::int64_t rows);
  /// Three times the lowest mean so far, and not less than twice the loss of guessing among seven classes (3.89).
  double limit() const;
  /// Far from the limit: a state to go back to.
  bool calm() const { return mean <= 0.5 * limit(); }
};

/// Thrown within a run when its loss diverges. Not an error yet: the run goes back and on at a lower rate.
struct Diverged {
  std::string what;  ///< "the loss is not finite in epoch 3, step 14".
};

}  // namespace affekt
