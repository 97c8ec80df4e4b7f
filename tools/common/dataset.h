// What stands behind --data in every tool: one or several sources, joined.
#pragma once

#include <string>
#include <vector>

#include "affekt/data/dataset.h"
#include "common/io.h"

namespace affekt::cli {

struct DatasetOptions {
  bool skip_bad_rows = false;
  std::string ferplus;  ///< FER+ votes (fer2013new.csv) for the source that is all of FER2013; "" = none.
};

/// Opens each "PATH[:weight=W]" by what it is: a folder, a packed dataset, or a CSV (also compressed, or "-"), and
/// joins them in order. Skipped rows are named in notes. Folders go through libaffekt_faces, loaded when first needed.
/// @throws UsageError, DataError, IoError as the readers do.
Dataset open_datasets(const std::vector<std::string>& specs, const DatasetOptions& options, Io& io);

}  // namespace affekt::cli
