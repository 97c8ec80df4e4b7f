// Private: rows of a text column written by one of several threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "affekt/music/track_table.h"

namespace affekt {

/// Writes rows [first, first + size()) of a column that is long enough already. Threads may fill slices of one column
/// at a time if their rows do not overlap; texts that have to be copied stay in the slice until settle().
class TextSlice {
 public:
  TextSlice(TextColumn& column, std::size_t first) : column_(&column), first_(first) {}

  std::size_t size() const { return size_; }
  /// Refers to `text` where it lies; it must lie in the region added last to the column.
  void push_reference(std::string_view text);
  void push_copy(std::string_view text);
  /// Moves the rows to [row, row + size()) and the copies into the column. One thread, slices in rising order of rows.
  void settle(std::size_t row);

 private:
  TextColumn* column_;
  std::size_t first_, size_ = 0;
  std::string pool_;
};

}  // namespace affekt
