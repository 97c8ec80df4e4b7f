// Private: a track table while several threads fill it, each its own stretch of rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "affekt/core/csv.h"
#include "affekt/music/track_reader.h"
#include "affekt/music/track_table.h"
#include "music/column_choice.h"
#include "music/text_slice.h"

namespace affekt {

/// What a thread read of one part of a file.
struct PartRows {
  std::size_t first = 0;  ///< Row of the table the part was written from.
  std::size_t rows = 0, malformed = 0;
  std::string first_malformed;
  std::string refused;           ///< Why the table cannot be read at all; "" if it can.
  std::vector<TextSlice> texts;  ///< As the choice's texts, then its cells, then the raw rows.
  std::vector<NumberTraits> traits;
  bool several_artists = false;
  bool utf8 = true;
  std::size_t position = 0, line = 1;  ///< Where reading ended.
};

class RowStore {
 public:
  RowStore(TrackTable& table, const ColumnChoice& choice, std::string_view bytes,
           const std::shared_ptr<const void>& owner);

  /// Makes room for rows [0, rows), on all threads.
  void resize(std::size_t rows);
  PartRows begin_part(std::size_t first);
  /// Adds a row to a part that has room for it.
  void add(PartRows& part, const CsvReader& csv, std::string_view raw);
  /// Moves the rows of the part, written further behind, to where the table's rows end.
  void settle(PartRows& part);
  /// Cuts the room to the rows there are.
  void end_rows();
  const std::vector<NumberTraits>& traits() const { return traits_; }  ///< A number of the choice each.

 private:
  std::vector<TextColumn*> text_columns();

  TrackTable& table_;
  const ColumnChoice& choice_;
  bool has_artist_ = false, several_artists_ = false;
  std::vector<NumberTraits> traits_;
};

}  // namespace affekt
