// A table read in blocks is the table read whole.
#include "affekt/music/track_stream.h"

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

std::string describe_row(const TrackTable& table, std::size_t row) {
  std::string text = std::to_string(table.source[row]) + '|';
  for (const auto* column : {&table.id, &table.title, &table.artist, &table.raw}) {
    text += std::string(table.text(*column, row)) + '|';
  }
  text += table.primary_artist(row);
  for (std::size_t i = 0; i < affekt::kTrackFeatureCount; ++i) {
    text += '|' + affekt::format_shortest(double{table.value(static_cast<TrackFeature>(i), row)});
  }
  return text + '\n';
}

std::string describe_rows(const TrackTable& table) {
  std::string text;
  for (std::size_t row = 0; row < table.size(); ++row) text += describe_row(table, row);
  return text;
}

struct Read {
  std::string rows, notes, first_malformed;
  std::size_t malformed = 0, blocks = 0, passes = 0;
};

Read read_whole(const std::vector<std::string>& paths) {
  Read read;
  TrackTable all;
  affekt::DroppedTracks dropped;
  for (const std::string& path : paths) {
    const affekt::TrackFile file = affekt::read_tracks(path);
    all.append(file.table);
    dropped.add_malformed(file.dropped.malformed, file.dropped.first_malformed);
    read.notes += affekt::join(file.notes.lines, "\n");
  }
  read.rows = describe_rows(all);
  read.first_malformed = dropped.first_malformed;
  read.malformed = dropped.malformed;
  return read;
}

Read read_blocks(const std::vector<std::string>& paths, std::size_t block_bytes, std::size_t part_bytes) {
  Read read;
  affekt::TrackStreamOptions options;
  options.block_bytes = block_bytes;
  options.part_bytes = part_bytes;
  affekt::TrackStream stream(paths, options);
  TrackTable block;
  do {
    stream.rewind();
    read.rows.clear();
    read.blocks = 0;
    ++read.passes;
    while (stream.next(block)) {
      REQUIRE(block.size() > 0);
      read.rows += describe_rows(block);
      ++read.blocks;
    }
  } while (!stream.settled());
  for (std::size_t file = 0; file < paths.size(); ++file) read.notes += affekt::join(stream.notes(file).lines, "\n");
  read.first_malformed = stream.malformed().first_malformed;
  read.malformed = stream.malformed().malformed;
  return read;
}

void check_same(const Read& whole, const Read& blocks) {
  CHECK(blocks.rows == whole.rows);
  CHECK(blocks.notes == whole.notes);
  CHECK(blocks.malformed == whole.malformed);
  CHECK(blocks.first_malformed == whole.first_malformed);
  CHECK(blocks.passes <= 3);
}

std::string many(const std::string& row, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += row;
  return text;
}

}  // namespace

TEST_CASE("however a file is cut into blocks, rows, numbers, counts, places and notes are those of the whole") {
  const TempFolder folder;
  const std::string path = (folder / "ugly.csv").string();
  std::size_t most = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const bool lost_letters = seed % 8 == 5;  // one U+FFFD makes latin-1 letters broken UTF-8
    affekt::write_file(path,
                       ugly_table(seed, seed % 4 == 1, seed % 3 == 2) + (lost_letters ? "\n\xEF\xBF\xBD\xEF" : ""));
    const Read whole = read_whole({path});
    CHECK((whole.notes.find("broken letters") != std::string::npos) == lost_letters);
    for (const std::size_t bytes : {1U, 97U, 700U, 1000000U}) {
      INFO("seed " << seed << ", blocks of " << bytes);
      const Read blocks = read_blocks({path}, bytes, bytes / 3 + 1);
      check_same(whole, blocks);
      most = std::max(most, blocks.blocks);
    }
  }
  CHECK(most > 100);
}

TEST_CASE("a quote that closes thousands of lines later is refused in a stream, too") {
  const TempFolder folder;
  const std::string path = (folder / "tracks.csv").string();
  affekt::write_file(path, "name,energy\nA,0.5\n\"B,0.5\n" + many("C,0.5\n", 3000) + "D\",0.5\nE,0.5\n");
  for (const std::size_t bytes : {8U, 700U, 1000000U}) {
    const std::string refused =
        affekt::test::message_of<affekt::DataError>([&] { read_blocks({path}, bytes, bytes / 3 + 1); });
    CHECK(
        affekt::test::contains(refused, "tracks.csv:3: the quoted cell that begins here has more than 1000 line ends"));
  }
}

TEST_CASE("blocks are the same at any thread count") {
  const TempFolder folder;
  const std::string path = (folder / "ugly.csv").string();
  affekt::write_file(path, ugly_table(5, false, true));
  affekt::set_thread_count(1);
  const Read one = read_blocks({path}, 700, 100);
  affekt::set_thread_count(4);
  const Read four = read_blocks({path}, 700, 100);
  affekt::set_thread_count(0);
  check_same(one, four);
  CHECK(one.blocks == four.blocks);
}

TEST_CASE("units are those of the whole file, whatever its first block looks like") {
  const TempFolder folder;
  const std::string path = (folder / "units.csv").string();
  const std::string header = "name,artist,energy,valence,duration\n";
  // All 0 or 1 at first, percents behind; seconds behind what might be milliseconds, and the other way round.
  for (const auto& [first, behind] : {std::pair{"a,b,1,0,200\n", "c,d,80,35,190.5\n"},
                                      {"a,b,1,0,200000\n", "c,d,0.5,7,190\n"},
                                      {"a,b,40,60,200\n", "c,d,0.5,0.25,200000\n"}}) {
    affekt::write_file(path, header + many(first, 30) + many(behind, 50));
    const Read blocks = read_blocks({path}, 100, 50);
    CHECK(blocks.rows == read_whole({path}).rows);
    CHECK(blocks.passes == 2);
    CHECK(blocks.blocks > 5);
  }
  affekt::write_file(path, header + many("a,b,40,60,200\n", 80));
  CHECK(read_blocks({path}, 100, 50).passes == 1);
}

TEST_CASE("several tables of their own columns, encodings and delimiters are one stream") {
  const TempFolder folder;
  const std::vector<std::string> paths = {(folder / "a.csv").string(), (folder / "b.csv").string(),
                                          (folder / "c.csv").string()};
  affekt::write_file(paths[0], "name,artist,energy\n" + many("x,y,0.5\n", 40));
  affekt::write_file(paths[1], "id;name;artist;valence_%\n" + many("1;u;v;50\n", 40) + "2;Caf\xE9;v;25\n");
  affekt::write_file(paths[2], "name,artist,tempo\n" + many("z,Bj\xF6rk,120\n", 10) + "broken,row\n");
  const Read whole = read_whole(paths), blocks = read_blocks(paths, 64, 16);
  check_same(whole, blocks);
  CHECK(blocks.passes == 2);
  const affekt::TrackStream stream(paths);
  CHECK(stream.has(TrackFeature::tempo));
  CHECK(stream.has(TrackFeature::tempo, 2));
  CHECK_FALSE(stream.has(TrackFeature::tempo, 0));
  CHECK_FALSE(stream.has(TrackFeature::key));
}

TEST_CASE("a rank of streams is left out of a stream, and the notes say so") {
  const TempFolder folder;
  const std::string path = (folder / "streams.csv").string();
  affekt::write_file(path, "track_name,artist,streams,energy\na,b,1000,0.5\nc,d,2000,0.25\n");
  REQUIRE(affekt::read_tracks(path).table.has(TrackFeature::popularity));
  affekt::TrackStream stream({path});
  CHECK_FALSE(stream.has(TrackFeature::popularity));
  CHECK(affekt::test::contains(affekt::join(stream.notes(0).lines, "\n"), "left out: a rank of streams"));
}

TEST_CASE("what cannot be streamed is refused in words") {
  const TempFolder folder;
  const std::string packed = (folder / "t.csv.gz").string(), empty = (folder / "empty.csv").string();
  affekt::write_file(packed, "\x1f\x8b\x08 and so on");
  affekt::write_file(empty, "");
  CHECK_THROWS_AS(affekt::TrackStream({packed}), affekt::DataError);
  CHECK_THROWS_AS(affekt::TrackStream({empty}), affekt::DataError);
  CHECK_THROWS_AS(affekt::TrackStream({folder.path().string()}), affekt::IoError);
  CHECK_THROWS_AS(affekt::TrackStream({(folder / "none.csv").string()}), affekt::IoError);
  affekt::write_file(empty, "name,energy\n");
  affekt::TrackStream stream({empty});
  TrackTable block;
  CHECK_FALSE(stream.next(block));
  CHECK(stream.settled());
}
