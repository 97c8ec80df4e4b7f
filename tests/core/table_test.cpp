#include "affekt/core/table.h"

#include <algorithm>
#include <cmath>

#include "affekt/core/csv.h"
#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "support/catch.h"

using namespace affekt;

namespace {

Table sample() { return {{{"name", false}, {"rows", true}}, {{"a", "1"}, {"b\xC3\xA9", "200"}}}; }

}  // namespace

TEST_CASE("text tables align words left and numbers right") {
  CHECK(table_text(sample()) == "name  rows\na        1\nb\xC3\xA9     200\n");
  CHECK(table_text({{{"only"}}, {}}) == "only\n");
}

TEST_CASE("text tables are safe for a terminal") {
  Table table = sample();
  table.rows[0][0] = "\x1b[31mred\n";
  const std::string text = table_text(table);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == 3);
}

TEST_CASE("CSV quotes what needs quoting") {
  Table table = sample();
  table.rows[0] = {"a,\"b\"\nc", ""};
  CHECK(table_csv(table) == "name,rows\n\"a,\"\"b\"\"\nc\",\nb\xC3\xA9,200\n");
}

TEST_CASE("ragged tables are refused") {
  Table table = sample();
  table.rows[1].pop_back();
  CHECK_THROWS_AS(table_text(table), UsageError);
  CHECK_THROWS_AS(table_csv(table), UsageError);
}

TEST_CASE("undefined numbers are shown as such") {
  CHECK(number_or(0.12345, 3) == "0.123");
  CHECK(number_or(std::nan(""), 3) == "n/a");
  CHECK(number_or(std::nan(""), 3, "") == "");
}

TEST_CASE("what is written as a CSV cell is read as the same cell") {
  std::string line;
  const std::vector<std::string> cells = {"",           "plain",    "a,b",        "\"",     "\"\"",
                                          "two\nlines", "return\r", "semi;colon", " space "};
  for (const std::string& cell : cells) {
    if (!line.empty()) line += ',';
    append_csv_cell(line, cell);
    if (line.empty()) line = "\"\"";
  }
  CsvReader reader(line, "x.csv", {','});
  REQUIRE(reader.next());
  REQUIRE(reader.size() == cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) CHECK(reader[i] == cells[i]);
}

TEST_CASE("padding counts letters, not bytes, and cuts nothing") {
  CHECK(padded("b\xC3\xA9", 4) == "b\xC3\xA9  ");
  CHECK(padded("long", 2) == "long");
  CHECK(padded("", 0).empty());
}
