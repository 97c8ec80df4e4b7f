// Private: what a column of a track table holds, told by its name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "affekt/music/track_table.h"

namespace affekt {

enum class TextRole : std::uint8_t { none, title, artist, album, id, genre, label };

struct ColumnRole {
  TextRole text = TextRole::none;
  std::optional<TrackFeature> feature;
  bool is_date = false;     ///< year inside a date
  bool is_streams = false;  ///< popularity by rank
  int preference = 0;       ///< Of several columns with one role the lowest is taken, ties to the first.
};

/// Lower case without `_ - . space ( ) %`.
std::string normal_column_name(std::string_view name);

/// nullopt: a column this project has no use for.
std::optional<ColumnRole> role_of_column(std::string_view name);

/// Of columns with these names the one to take for a text; nullopt if none is known as such.
std::optional<std::size_t> text_column_of(const std::vector<std::string_view>& names, TextRole role);

}  // namespace affekt
