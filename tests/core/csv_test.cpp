#include "affekt/core/csv.h"

#include <algorithm>
#include <ctime>
#include <string>
#include <vector>

#include "affekt/core/error.h"
#include "affekt/core/parallel.h"
#include "affekt/core/random.h"
#include "support/catch.h"

namespace {

using Rows = std::vector<std::vector<std::string>>;

Rows read_all(affekt::CsvReader& reader) {
  Rows rows;
  while (reader.next()) {
    rows.emplace_back();
    for (const auto& cell : reader.row()) rows.back().emplace_back(cell.text);
  }
  return rows;
}

Rows read_all(const std::string& text, affekt::CsvOptions options = {}) {
  affekt::CsvReader reader(text, "f.csv", options);
  return read_all(reader);
}

std::string error_of(affekt::CsvReader& reader) {
  try {
    while (reader.next()) {
    }
  } catch (const affekt::DataError& error) {
    return error.what();
  }
  return "";
}

/// Cells made of what hurts: quotes, delimiters, line ends, nothing, and texts longer than a block of 64 bytes.
std::string ugly_cell(affekt::RandomStream& random) {
  static const std::string alphabet = "ab\",\n\r;\t |";
  std::string cell;
  const std::size_t length = random.below(10) == 0 ? random.below(200) : random.below(6);
  for (std::size_t i = 0; i < length; ++i) cell += alphabet[random.below(alphabet.size())];
  return cell;
}

std::string as_csv(const Rows& rows, const std::string& line_end, affekt::RandomStream& random) {
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) text += ',';
      if (row[i].find_first_of("\",\r\n") == std::string::npos && random.below(3) > 0) {
        text += row[i];
        continue;
      }
      text += '"';
      for (const char c : row[i]) text += c == '"' ? std::string("\"\"") : std::string(1, c);
      text += '"';
    }
    text += line_end;
  }
  return text;
}

std::size_t lines_in(const std::string& text) {
  std::size_t lines = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' || (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n'))) ++lines;
  }
  return lines;
}

}  // namespace

TEST_CASE("any table survives writing as RFC 4180 and reading, with right lines, whole and in parts") {
  affekt::RandomStream random(7);
  for (int round = 0; round < 300; ++round) {
    Rows rows(1 + random.below(30));
    for (auto& row : rows) {
      for (std::size_t i = 0, n = 2 + random.below(4); i < n; ++i) row.push_back(ugly_cell(random));
    }
    const std::vector<std::string> line_ends = {"\n", "\r\n", "\r"};
    const std::string& line_end = line_ends[random.below(3)];
    std::string text = as_csv(rows, line_end, random);
    if (random.below(2) == 0) text.resize(text.size() - line_end.size());  // the last row need not end its line
    affekt::CsvOptions options;
    options.delimiter = ',';
    REQUIRE(read_all(text, options) == rows);

    affekt::CsvReader reader(text, "f.csv", options);
    for (std::size_t begin = 0; reader.next(); begin = reader.position()) {
      REQUIRE(reader.line() == 1 + lines_in(text.substr(0, begin)));
      for (const auto& cell : reader.row()) {
        if (!cell.in_place) continue;
        const auto at = static_cast<std::size_t>(cell.text.data() - text.data());
        REQUIRE(cell.line == 1 + lines_in(text.substr(0, at)));
      }
    }

    Rows joined;
    std::size_t expected_begin = 0;
    for (const auto& part : affekt::cut_csv(text, 1 + random.below(text.size() + 50))) {
      REQUIRE(part.begin == expected_begin);
      REQUIRE(part.line == 1 + lines_in(text.substr(0, part.begin)));
      expected_begin = part.end;
      options.begin = part.begin;
      options.end = part.end;
      options.first_line = part.line;
      affekt::CsvReader part_reader(text, "f.csv", options);
      for (auto& row : read_all(part_reader)) joined.push_back(std::move(row));
      REQUIRE(part_reader.position() == part.end);
    }
    REQUIRE(expected_begin == text.size());
    REQUIRE(joined == rows);
  }
}

TEST_CASE("a cell's end is found wherever it lies in a block") {
  for (std::size_t length = 0; length < 200; ++length) {
    const std::string cell(length, 'x');
    const std::string quoted = "\"" + cell + "\"";
    REQUIRE(read_all(cell + "," + quoted + ",z") == Rows{{cell, cell, "z"}});
    REQUIRE(read_all("a," + cell) == Rows{{"a", cell}});
  }
}

TEST_CASE("byte order mark, empty lines, empty cells and stray quotes") {
  CHECK(read_all("\xEF\xBB\xBF\"a\",b\n1,2\n") == Rows{{"a", "b"}, {"1", "2"}});
  CHECK(read_all("\n\r\n\ra,b\n\n\n,\n\n") == Rows{{"a", "b"}, {"", ""}});
  CHECK(read_all("a,b\n12\" mix,5'4\"\n") == Rows{{"a", "b"}, {"12\" mix", "5'4\""}});
  CHECK(read_all("a,\"\"\n\"\"\"\",x\n") == Rows{{"a", ""}, {"\"", "x"}});
  CHECK(read_all("").empty());
  CHECK(read_all("\xEF\xBB\xBF").empty());
  CHECK(read_all("alone") == Rows{{"alone"}});
}

TEST_CASE("the delimiter is sniffed") {
  CHECK(affekt::sniff_delimiter("a;b;c\n1,5;2,5;3,5\n") == ';');
  CHECK(affekt::sniff_delimiter("a\tb\n1,2,3\t4\n") == '\t');
  CHECK(affekt::sniff_delimiter("a|b\n1|2\n") == '|');
  CHECK(affekt::sniff_delimiter("name,artists\n\"x;y;z\",\"a;b\"\n") == ',');
  CHECK(affekt::sniff_delimiter("one column\n1\n2\n") == ',');
  CHECK(affekt::sniff_delimiter("") == ',');
  CHECK(affekt::sniff_delimiter("a,b\n\"never closed,1\n2,3\n") == ',');
  CHECK(read_all("a;b\n1;2\n") == Rows{{"a", "b"}, {"1", "2"}});
}

TEST_CASE("a quoted cell that never ends is reported where it begins, and the rows after it can still be read") {
  const std::string text = "a,b\n1,2\n3,\"open\n5,6\n7,8\n";
  affekt::CsvReader reader(text, "f.csv");
  CHECK(error_of(reader) == "f.csv:3: the quoted cell that begins here never ends (a quote is missing)");
  CHECK(read_all(reader) == Rows{{"5", "6"}, {"7", "8"}});
  CHECK(reader.line() == 5);
}

TEST_CASE(
    "a quoted cell is bounded: a quote that closes far behind is reported where it opens, and takes no row with it") {
  const auto lines = [](int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += "x,y\n";
    return text;
  };
  SECTION("by line ends") {
    CHECK(read_all("a,b\n1,\"" + lines(1000) + "\"\n").size() == 2);
    const std::string text = "a,b\n1,2\n3,\"open\n" + lines(5000) + "4,end\"\n5,6\n";
    affekt::CsvReader reader(text, "f.csv");
    CHECK(error_of(reader) ==
          "f.csv:3: the quoted cell that begins here has more than 1000 line ends (mend the quote that is missing, or "
          "leave a column of such texts out)");
    CHECK(read_all(reader).size() == 5002);
    CHECK(reader.line() == 5005);
  }
  SECTION("by bytes") {
    const std::size_t most = std::size_t{64} << 10;
    CHECK(read_all("a,b\n1,\"" + std::string(most, 'x') + "\"\n").size() == 2);
    const std::string text = "a,b\n3,\"" + std::string(most + 1, 'x') + "\"\n5,6\n";
    affekt::CsvReader reader(text, "f.csv");
    CHECK(error_of(reader) ==
          "f.csv:2: the quoted cell that begins here has more than 64 KiB (mend the quote that is missing, or leave a "
          "column of such texts out)");
    CHECK(read_all(reader) == Rows{{"5", "6"}});
  }
  SECTION("doubled quotes are counted as they stand") {
    std::string doubled;
    for (int i = 0; i < (32 << 10); ++i) doubled += "\"\"";
    CHECK(read_all("a,b\n1,\"" + doubled + "\"\n").size() == 2);
    CHECK_THROWS_AS(read_all("a,b\n1,\"" + doubled + "\"\"\"\n"), affekt::LongQuoteError);
  }
}

TEST_CASE("text after a closing quote is an error on its own line") {
  const std::string text = "a,b\n\"x\ny\",\"q\"r\n7,8\n";
  affekt::CsvReader reader(text, "f.csv");
  CHECK(error_of(reader) ==
        "f.csv:3: cell 2: found 'r' after the closing quote (quotes inside a quoted cell are doubled)");
  CHECK(read_all(reader) == Rows{{"7", "8"}});
}

TEST_CASE("the number of cells and the place of a cell") {
  const std::string text = "a,b\n\"1\n1\",2\n1,2,3\n";
  affekt::CsvReader reader(text, "f.csv");
  REQUIRE(reader.next());
  CHECK_NOTHROW(reader.expect_cells(2));
  REQUIRE(reader.next());
  CHECK(reader.place(0, "a") == "f.csv:2: a: ");
  CHECK(reader.place(1, "b") == "f.csv:3: b: ");
  REQUIRE(reader.next());
  CHECK_THROWS_WITH(reader.expect_cells(2), "f.csv:4: expected 2 cells, found 3");
}

TEST_CASE("what is no text is refused") {
  CHECK_THROWS_WITH(read_all(std::string("a,b\n\0c", 6)), "f.csv: not a CSV text: found a zero byte at byte 4");
  CHECK_THROWS_WITH(read_all(std::string("\xFF\xFE"
                                         "a\0",
                                         4)),
                    "f.csv:1: the text is UTF-16; save it as UTF-8");
}

TEST_CASE("the time to cut a text grows with its size, however far apart its quotes are") {
  affekt::set_thread_count(1);
  const auto seconds_for = [](std::size_t megabytes) {
    std::string text = "\"";  // all that follows lies inside, up to the last row
    while (text.size() < megabytes << 20U) text += "some,row\n";
    text += "\",x\nlast,row\n";
    const std::clock_t begin = std::clock();
    CHECK(affekt::cut_csv(text, std::size_t{8} << 10).size() == 2);
    return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  };
  double once = 1e9, twice = 1e9;
  for (int round = 0; round < 5; ++round) {
    once = std::min(once, seconds_for(4));
    twice = std::min(twice, seconds_for(8));
  }
  affekt::set_thread_count(0);
  INFO(once << " s and " << twice << " s");
  CHECK(twice < 3 * once);
}

TEST_CASE("a stray quote spoils a cut, and the reader's position tells") {
  std::string text = "a,b\n";
  for (int i = 0; i < 40; ++i) text += i == 3 ? "12\" mix,1\n" : "x,\"quoted\ncell\"\n";
  bool right = true;
  for (const auto& part : affekt::cut_csv(text, 50)) {
    affekt::CsvOptions options{',', part.begin, part.end, part.line};
    affekt::CsvReader reader(text, "f.csv", options);
    try {
      read_all(reader);
    } catch (const affekt::DataError&) {
      right = false;
    }
    right = right && reader.position() == part.end;
  }
  CHECK_FALSE(right);
  CHECK(read_all(text).size() == 41);
}
