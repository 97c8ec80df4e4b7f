// A table read in parts by several threads is the table read in one go.
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "affekt/core/file.h"
#include "affekt/core/parallel.h"
#include "affekt/core/random.h"
#include "affekt/core/text.h"
#include "affekt/music/track_reader.h"
#include "support/catch.h"
#include "support/temp_folder.h"

using affekt::TrackFeature;
using affekt::TrackTable;

namespace {

struct Read {
  TrackTable table;
  affekt::DroppedTracks dropped;
  affekt::TrackReadNotes notes;
};

// Cells, line ends and quotes of all kinds, broken ones among them.
std::string ugly_table(std::uint64_t seed, bool latin1, bool stray_quotes) {
  affekt::RandomStream random(seed);
  const auto pick = [&random](const std::vector<std::string>& from) { return from[random.below(from.size())]; };
  const std::string end = pick({"\n", "\r\n", "\r"});
  const std::string mark = pick({",", ";", "\t"});
  std::string text = (!latin1 && random.below(2) == 0 ? "\xEF\xBB\xBF" : "") + std::string("id") + mark + "name" +
                     mark + "artists" + mark + "energy" + mark + "tempo" + end;
  std::vector<std::string> names = {"plain",
                                    "\"quoted" + mark + "cell\"",
                                    "\"two" + end + "lines\"",
                                    "\"a \"\"b\"\"\"",
                                    "",
                                    "\"\"",
                                    "\"\n\r\n\r\"",
                                    "\"\"\"\"",
                                    " padded ",
                                    latin1 ? "Caf\xE9" : "Caf\xC3\xA9 \xF0\x9F\x8E\xB5"};
  if (stray_quotes) names.insert(names.end(), {"12\" mix", "\"B\"x", "a\"b\"", "\"never closed"});
  const std::vector<std::string> artists = {"A",    "['A']", "\"['A', 'B']\"",       "\"['D\"\"x']\"",
                                            "A; B", "[]",    "\"['A" + end + "B']\""};
  const std::vector<std::string> numbers = {"0.5", "1", "-7.25e-3", "NA", "",   "\"0.25\"",
                                            "50%", "x", "1e400",    "0",  ".5", "12345678901234567890"};
  for (int row = 0; row < 25; ++row)
    text += "x" + mark + "y" + mark + "z" + mark + "0.5" + mark + "120" + end;  // tell the delimiter
  for (std::size_t rows = 40 + random.below(250); rows > 0; --rows) {
    if (random.below(15) == 0)
      text += pick({end, "short", std::string(text.size() > 5000 ? "z\0z" : "zzz", 3),
                    mark + mark + mark + mark + mark + mark}) +
              end;
    text += std::to_string(random.below(1000)) + mark + pick(names) + mark + pick(artists) + mark + pick(numbers) +
            mark + pick(numbers) + (rows == 1 && random.below(2) == 0 ? "" : end);
  }
  return text;
}

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
