// What users write after --data.
#pragma once

#include <string>

#include "affekt/core/export.h"

namespace affekt {

/// PATH[:weight=W]
struct DataSpec {
  std::string path;
  double weight = 1.0;  ///< Of the rows in the training loss, > 0.
};

/// A path may itself hold colons: only a last ":weight=" counts. @throws UsageError  empty path, weight not a number >
/// 0.
AFFEKT_API DataSpec parse_data_spec(const std::string& text);

}  // namespace affekt
