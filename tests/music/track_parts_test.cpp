// A table read in parts by several threads is the table read in one go.
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/parallel.h"
#include "affekt/core/text.h"
#include "affekt/music/track_reader.h"
#include "music/ugly_table.h"
#include "support/catch.h"
#include "support/error_message.h"
#include "support/temp_folder.h"

using affekt::TrackFeature;
using affekt::TrackTable;
using affekt::test::ugly_table;

namespace {

using Read = affekt::TrackFile;

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
  affekt::TrackReadOptions options;
  options.part_bytes = part_bytes;
  return affekt::read_tracks(path.string(), options);
}

}  // namespace

TEST_CASE("a quote that closes thousands of lines later is refused with its line, however the file is cut") {
  const TempFolder folder;
  const auto path = folder / "tracks.csv";
  std::string text = "name,energy\nA,0.5\n\"B,0.5\n";
  for (int i = 0; i < 3000; ++i) text += "C" + std::to_string(i) + ",0.5\n";
  affekt::write_file(path, text + "D\",0.5\nE,0.5\n");
  for (const std::size_t part_bytes : {std::size_t{1} << 30, std::size_t{64}, std::size_t{5000}}) {
    CHECK(affekt::test::message_of<affekt::DataError>([&] { read_in_parts(path, part_bytes); }) ==
          path.string() +
              ":3: the quoted cell that begins here has more than 1000 line ends (mend the quote that is missing, or "
              "leave a column of such texts out)");
  }
}

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
