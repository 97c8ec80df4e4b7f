// A table read in parts by several threads is the table read in one go.
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "affekt/core/file.h"
#include "affekt/core/parallel.h"
#include "affekt/core/text.h"
#include "affekt/music/track_reader.h"
#include "music/ugly_table.h"
#include "support/catch.h"
#include "support/temp_folder.h"

using affekt::TrackFeature;
using affekt::TrackTable;
using affekt::test::ugly_table;

namespace {

struct Read {
  TrackTable table;
  affekt::DroppedTracks dropped;
  affekt::TrackReadNotes notes;
};

std::string describe(const Read& read) {
  const TrackTable& table = read.table;
  std::string text = std::to_string(table.size()) + " " + std::to_string(read.dropped.malformed) + " " +
                     read.dropped.first_malformed + "\n" + affekt::join(read.notes.lines, "\n");
  for (std::size_t row = 0; row < table.size(); ++row) {
    text += '\n';
    for (const auto* column : {&table.id, &table.title, &table.artist, &table.raw}) {
      text += std::string(table.text(*column, row)) + '|';
    }
    text += std::string(table.primary_artist(row)) + '|' +
            affekt::format_shortest(double{table.value(TrackFeature::energy, row)}) + '|' +
            affekt::format_shortest(double{table.value(TrackFeature::tempo, row)});
  }
  return text;
}

Read read_in_parts(const std::filesystem::path& path, std::size_t part_bytes) {
  Read result;
  affekt::TrackReadOptions options;
  options.part_bytes = part_bytes;
  result.table = affekt::read_tracks(path.string(), result.dropped, result.notes, options);
  return result;
}

}  // namespace

TEST_CASE("however a file is cut into parts, the table, the counts and the places are the same") {
  const TempFolder folder;
  const auto path = folder / "tracks.csv";
  std::size_t rows = 0, malformed = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    affekt::write_file(path, ugly_table(seed, seed % 3 == 0, seed % 4 < 2));
    affekt::set_thread_count(1);
    const Read whole = read_in_parts(path, std::size_t{1} << 30);
    rows += whole.table.size();
    malformed += whole.dropped.malformed;
    const std::string expected = describe(whole);
    for (const std::size_t part_bytes : {1, 7, 64, 100, 333, 1000}) {
      affekt::set_thread_count(part_bytes % 2 == 0 ? 3 : 1);
      INFO("seed " << seed << ", parts of " << part_bytes);
      REQUIRE(describe(read_in_parts(path, part_bytes)) == expected);
    }
  }
  affekt::set_thread_count(0);
  CHECK(rows > 1000);
  CHECK(malformed > 100);
}
