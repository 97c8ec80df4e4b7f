// What is wrong with a dataset, counted.
#pragma once

#include <array>
#include <cstddef>

#include "affekt/core/export.h"
#include "affekt/data/dataset.h"

namespace affekt {

struct DatasetCheck {
  std::size_t rows = 0;
  std::array<std::size_t, kEmotionCount> classes{};                ///< Rows by emotion.
  std::array<std::array<std::size_t, kEmotionCount>, 3> splits{};  ///< The same by Split.
  std::size_t duplicates = 0;                                      ///< Rows whose pixels an earlier row has.
  std::size_t conflicts = 0;      ///< Groups of equal pixels that carry more than one label.
  std::size_t blank = 0;          ///< Rows with one grey value all over.
  std::size_t leaks_public = 0;   ///< Public rows whose pixels a train row has.
  std::size_t leaks_private = 0;  ///< Private rows whose pixels a train row has.
};

/// Looks at every row; O(n) time.
AFFEKT_API DatasetCheck check_dataset(const Dataset& data);

}  // namespace affekt
