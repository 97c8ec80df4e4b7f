#include <algorithm>
#include <limits>

#include "affekt/core/csv.h"
#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/text.h"
#include "run/epoch_columns.h"

namespace affekt {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

/// The place of a column in the header, or its length.
std::size_t place_of(const std::vector<std::string>& header, const char* name) {
  return static_cast<std::size_t>(std::find(header.begin(), header.end(), name) - header.begin());
}

EpochStats read_epoch(const CsvReader& csv, std::size_t epoch, const std::vector<std::size_t>& places) {
  EpochStats stats;
  const auto number = parse_integer(csv[epoch]);
  if (!number || *number < 0 || *number > std::numeric_limits<int>::max()) {
    throw DataError(csv.place(epoch, "epoch") + "'" + printable(csv[epoch], 40) + "'");
  }
  stats.epoch = static_cast<int>(*number);
  for (std::size_t i = 0; i < places.size(); ++i) {
    stats.*kEpochColumns[i].field = places[i] < csv.size() ? parse_double(csv[places[i]]).value_or(kUnknown) : kUnknown;
  }
  return stats;
}

}  // namespace

std::string metrics_csv(const std::vector<EpochStats>& history) {
  std::string text = "epoch";
  for (const EpochColumn& column : kEpochColumns) text += std::string(",") + column.name;
  for (const EpochStats& epoch : history) {
    text += "\n" + std::to_string(epoch.epoch);
    for (const auto& [name, field, decimals, needed] : kEpochColumns) {
      text += "," + (decimals < 0 ? format_shortest(epoch.*field) : format_fixed(epoch.*field, decimals));
    }
  }
  return text + "\n";
}

std::vector<EpochStats> read_metrics(const std::filesystem::path& path) {
  constexpr std::size_t kLargest = std::size_t{64} << 20;
  const InputFile file = InputFile::open(path, kLargest);
  const std::string_view whole_lines = file.bytes().substr(0, file.bytes().find_last_of('\n') + 1);
  CsvReader csv(whole_lines, path.string(), {','});
  std::vector<EpochStats> history;
  if (!csv.next()) return history;
  std::vector<std::string> header;
  for (const CsvCell& cell : csv.row()) header.emplace_back(cell.text);
  const auto require = [&](std::size_t place, const char* name) {
    if (place == header.size()) throw DataError(printable(csv.name()) + ":1: no column '" + name + "'");
  };
  const std::size_t epoch = place_of(header, "epoch");
  require(epoch, "epoch");
  std::vector<std::size_t> places;
  for (const EpochColumn& column : kEpochColumns) {
    places.push_back(place_of(header, column.name));
    if (column.needed) require(places.back(), column.name);
  }
  while (csv.next()) {
    csv.expect_cells(header.size());
    history.push_back(read_epoch(csv, epoch, places));
  }
  return history;
}

}  // namespace affekt
