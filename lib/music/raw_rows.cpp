#include "music/raw_rows.h"

#include <algorithm>
#include <optional>

#include "affekt/core/csv.h"
#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/music/track_reader.h"
#include "music/column_names.h"

namespace affekt {

std::vector<std::string> raw_cells(const TrackTable& table, std::size_t row) {
  const TrackSource& source = table.sources[table.source[row]];
  CsvOptions options;
  options.delimiter = source.delimiter;
  CsvReader reader(table.raw[row], source.path, options);
  std::vector<std::string> cells;
  if (!reader.next()) return cells;
  for (std::size_t i = 0; i < reader.size(); ++i) cells.emplace_back(reader[i]);
  return cells;
}

std::vector<std::string> column_texts(const TrackTable& table, const std::string& name) {
  std::vector<std::optional<std::size_t>> places;  // a source
  std::vector<std::string> known;
  for (const TrackSource& source : table.sources) {
    const auto same = [&name](const std::string& column) {
      return normal_column_name(column) == normal_column_name(name);
    };
    auto found = std::find(source.columns.begin(), source.columns.end(), name);
    if (found == source.columns.end()) found = std::find_if(source.columns.begin(), source.columns.end(), same);
    places.emplace_back();
    if (found != source.columns.end()) places.back() = static_cast<std::size_t>(found - source.columns.begin());
    known.insert(known.end(), source.columns.begin(), source.columns.end());
  }
  if (std::none_of(places.begin(), places.end(), [](const auto& place) { return place.has_value(); })) {
    throw UsageError(unknown_name_message("column", name, known));
  }
  std::vector<std::string> texts(table.size());
  for (std::size_t row = 0; row < table.size(); ++row) {
    const auto place = places[table.source[row]];
    if (!place) continue;
    auto cells = raw_cells(table, row);
    if (*place < cells.size()) texts[row] = std::string(trim(cells[*place]));
  }
  return texts;
}

}  // namespace affekt
