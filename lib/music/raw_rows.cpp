#include "music/raw_rows.h"

#include "affekt/core/csv.h"

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

}  // namespace affekt
