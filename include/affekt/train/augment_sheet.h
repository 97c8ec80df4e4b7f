// A picture of what training faces look like after augmentation and mixing.
#pragma once

#include "affekt/core/export.h"
#include "affekt/core/png.h"
#include "affekt/data/dataset.h"
#include "affekt/train/train_options.h"

namespace affekt {

struct AugmentSheet {
  Picture picture;  ///< Grey.
  int faces = 0;    ///< Rows of the sheet: training faces, every class in its proportion.
  int draws = 0;    ///< Further columns beside the face as it is: what training would see in so many first epochs.
};

/// No training happens. The same data and options give the same sheet.
/// @throws UsageError  an option out of range, no such device, no rows to train on or to select with.
AFFEKT_API AugmentSheet augment_sheet(const Dataset& data, const TrainOptions& options);

}  // namespace affekt
