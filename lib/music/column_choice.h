// Private: which columns of a file are read, and as what.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "affekt/music/track_reader.h"
#include "affekt/music/track_table.h"
#include "music/column_loader.h"
#include "music/column_names.h"

namespace affekt {

struct ColumnChoice {
  struct Text {
    TextRole role = TextRole::none;
    std::size_t column = 0;
  };
  std::vector<Text> texts;                        ///< In the order of TextRole.
  std::vector<NumberLoader> numbers;              ///< In the order of TrackFeature.
  std::vector<std::optional<std::size_t>> cells;  ///< Columns of TrackReadOptions::cells, as far as the file has them.
};

/// By the columns' names and what the user says; notes tell each choice. @throws DataError  no audio feature.
ColumnChoice choose_columns(const TrackSource& source, const TrackReadOptions& options, TrackReadNotes& notes);

TextColumn& text_column(TrackTable& table, TextRole role);

}  // namespace affekt
