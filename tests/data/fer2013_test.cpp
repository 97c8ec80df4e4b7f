#include "affekt/data/fer2013.h"

#include <string>
#include <vector>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/parallel.h"
#include "data/pixel_text.h"
#include "faces.h"
#include "support/catch.h"
#include "support/temp_folder.h"

using namespace affekt;
using namespace affekt::test;

namespace {

const std::string kAdvice = " (--skip-bad-rows skips and counts such rows)";
const std::string kHeader = "emotion,pixels,Usage\n";

std::string refusal(const std::string& text, const Fer2013Options& options = {}) {
  try {
    parse_fer2013_csv(text, "f.csv", options);
  } catch (const DataError& error) {
    return error.what();
  }
  return "accepted";
}

std::string good_row(std::uint64_t seed = 1) { return "3," + pixel_text(made_up_face(seed)) + ",Training\n"; }

std::string row_of_values(std::size_t count) {
  std::string text = "0,";
  for (std::size_t i = 0; i < count; ++i) text += i == 0 ? "7" : " 7";
  return text + ",Training\n";
}

void check_same(const Dataset& found, const Dataset& expected) {
  CHECK(found.pixels == expected.pixels);
  CHECK(found.labels == expected.labels);
  CHECK(found.splits == expected.splits);
  CHECK(found.digest() == expected.digest());
}

}  // namespace

TEST_CASE("pixels, labels, splits and row numbers come out as they went in") {
  const Dataset made = made_up_dataset(50);
  const Dataset read = parse_fer2013_csv(as_fer2013(made), "f.csv");
  check_same(read, made);
  CHECK(read.names == made.names);
  REQUIRE(read.sources.size() == 1);
  CHECK(read.sources[0].path == "f.csv");
  CHECK(read.sources[0].rows == 50);
  CHECK(read.sources[0].skipped == 0);
}

TEST_CASE("a text of many parts gives the same rows at any number of threads") {
  const Dataset made = made_up_dataset(1500);  // 12 MB: several parts
  std::string text = as_fer2013(made);
  for (const int threads : {1, 3}) {
    set_thread_count(threads);
    const Dataset read = parse_fer2013_csv(text, "f.csv");
    check_same(read, made);
    CHECK(read.names == made.names);
  }
  SECTION("a bad row far behind keeps its line, and the first bad row is the one reported") {
    text += "9,1 2 3,Training\n8,1,Training\n";
    CHECK(refusal(text) == "f.csv:1502: emotion: '9' is not one of 0 to 6" + kAdvice);
    Fer2013Options options;
    options.skip_bad_rows = true;
    const Dataset read = parse_fer2013_csv(text + good_row(), "f.csv", options);
    CHECK(read.size() == 1501);
    CHECK(read.sources[0].skipped == 2);
    CHECK(read.names.back() == "row 1503");
  }
  SECTION("a quote that closes thousands of lines later costs its row only, and stops the reading unless skipped") {
    const std::size_t first = text.find('\n') + 1;
    const std::size_t last = text.rfind('\n', text.size() - 2) + 1;
    text.insert(last, "\"");
    text.insert(first, "\"");
    CHECK(refusal(text) ==
          "f.csv:2: the quoted cell that begins here has more than 64 KiB (mend the quote that is missing, or leave a "
          "column of such texts out)" +
              kAdvice);
    Fer2013Options options;
    options.skip_bad_rows = true;
    const Dataset read = parse_fer2013_csv(text, "f.csv", options);
    CHECK(read.size() == 1498);
    CHECK(read.sources[0].skipped == 2);
  }
  SECTION("a stray quote spoils the cut but not the rows") {
    const std::size_t at = text.find("Training\n", text.size() / 3);
    text.replace(at, 9, "Train\"ing\n");
    Fer2013Options options;
    options.skip_bad_rows = true;
    const Dataset read = parse_fer2013_csv(text, "f.csv", options);
    CHECK(read.size() == 1499);
    CHECK(read.sources[0].skipped == 1);
  }
  set_thread_count(0);
}

TEST_CASE("the header may have spaces, another order, another case, further columns, quotes and CRLF") {
  const Dataset made = made_up_dataset(9);
  std::string text = " Usage,\"EMOTION\",note, pixels \r\n";
  for (std::size_t i = 0; i < made.size(); ++i) {
    text += std::string("\"") + usage_of(made.splits[i]) + "\", " + std::to_string(int{made.labels[i]}) + " ,x,\"" +
            pixel_text({made.face(i), made.face(i) + kFacePixels}) + "\"\r\n";
  }
  check_same(parse_fer2013_csv(text, "f.csv"), made);
}

TEST_CASE("without a Usage column all rows are train, and labels may be names") {
  const std::string pixels = pixel_text(made_up_face(4));
  const Dataset read = parse_fer2013_csv("emotion,pixels\n6," + pixels + "\nHappiness," + pixels + "\n", "train.csv");
  CHECK(read.splits == std::vector<Split>(2, Split::train));
  CHECK(read.labels == std::vector<std::uint8_t>{6, 3});
}

TEST_CASE("every kind of bad row is reported with file, line, column and what was found") {
  const std::string pixels = pixel_text(made_up_face(2));
  const auto bad = [](const std::string& row) { return refusal(kHeader + good_row() + row); };
  CHECK(bad(row_of_values(2303)) == "f.csv:3: pixels: expected 2304 values, found 2303" + kAdvice);
  CHECK(bad(row_of_values(2305)) == "f.csv:3: pixels: expected 2304 values, found 2305" + kAdvice);
  CHECK(bad("0,,Training\n") == "f.csv:3: pixels: expected 2304 values, found 0" + kAdvice);
  CHECK(bad("0," + pixels + " 256,Training\n") == "f.csv:3: pixels: value 2305 is '256' (expected 0 to 255)" + kAdvice);
  CHECK(bad("0,1 -2 " + pixels + ",Training\n") == "f.csv:3: pixels: value 2 is '-2' (expected 0 to 255)" + kAdvice);
  CHECK(bad("0,1 2.5 3,Training\n") == "f.csv:3: pixels: value 2 is '2.5' (expected 0 to 255)" + kAdvice);
  CHECK(bad("0,99999999999999999999 1,Training\n") ==
        "f.csv:3: pixels: value 1 is '99999999999999999999' (expected 0 to 255)" + kAdvice);
  CHECK(bad("7," + pixels + ",Training\n") == "f.csv:3: emotion: '7' is not one of 0 to 6" + kAdvice);
  CHECK(bad("-1," + pixels + ",Training\n") == "f.csv:3: emotion: '-1' is not one of 0 to 6" + kAdvice);
  CHECK(bad("," + pixels + ",Training\n") == "f.csv:3: emotion: '' is not one of 0 to 6" + kAdvice);
  CHECK(bad("0," + pixels + ",Test\n") ==
        "f.csv:3: Usage: 'Test' is not Training, PublicTest or PrivateTest" + kAdvice);
  CHECK(bad("0," + pixels + "\n") == "f.csv:3: expected 3 cells, found 2" + kAdvice);
  CHECK(bad("0," + pixels + ",Training,x,y,z\n") == "f.csv:3: expected 3 cells, found 6" + kAdvice);
  CHECK(bad("0,\"" + pixels + ",Training\n") ==
        "f.csv:3: the quoted cell that begins here never ends (a quote is missing)" + kAdvice);
}

TEST_CASE("text from the file cannot play tricks on the terminal") {
  const std::string message = refusal(kHeader + "\x1b[31m,1,Training\n");
  CHECK(message.find('\x1b') == std::string::npos);
  CHECK(message.find("f.csv:2: emotion: '") == 0);
}

TEST_CASE("bad rows are skipped, counted and named when asked for") {
  std::string text = kHeader;
  for (int i = 0; i < 15; ++i) text += good_row(static_cast<std::uint64_t>(i)) + "0,1 2,Training\n";
  std::vector<std::string> notes;
  Fer2013Options options;
  options.skip_bad_rows = true;
  options.on_note = [&notes](const std::string& note) { notes.push_back(note); };
  const Dataset read = parse_fer2013_csv(text, "f.csv", options);
  CHECK(read.size() == 15);
  CHECK(read.sources[0].rows == 15);
  CHECK(read.sources[0].skipped == 15);
  CHECK(read.names[1] == "row 3");
  REQUIRE(notes.size() == 11);
  CHECK(notes.front() == "skipped f.csv:3: pixels: expected 2304 values, found 2");
  CHECK(notes.back() == "skipped 5 more bad rows of f.csv");
  CHECK(refusal(kHeader + "0,1,Training\n", options) == "f.csv: no usable row, 1 bad ones skipped");
}

TEST_CASE("files that are no FER2013 are refused in words that help") {
  CHECK(refusal("") == "f.csv: the file is empty");
  CHECK(refusal("\n\n") == "f.csv: the file is empty");
  CHECK(refusal("emotion,pixels,Usage") == "f.csv: no rows after the header");
  CHECK(refusal(kHeader + "\n\n") == "f.csv: no rows after the header");
  CHECK(refusal("pixels\n1 2 3\n") ==
        "f.csv:1: no column 'emotion': these faces have no labels (the contest's test.csv?); use fer2013.csv");
  CHECK(refusal("name,artist\na,b\n") ==
        "f.csv:1: no column 'pixels'; expected a header with the columns emotion, pixels, Usage");
  CHECK(refusal("emotion,pixels,Emotion\n") == "f.csv:1: the column 'emotion' is there twice");
  CHECK(refusal(std::string("\x89PNG\r\n\x1a\n\0\0\0", 11)).find("f.csv: not a CSV text") == 0);
}

TEST_CASE("the fast reader of pixels agrees with the slow one") {
  std::vector<std::uint8_t> face(kFacePixels);
  const std::vector<std::uint8_t> expected = made_up_face(5);
  const std::string plain = pixel_text(expected);
  std::string odd = "  ";
  for (const std::uint8_t pixel : expected)
    odd += "\t" + std::string(pixel % 3, '0') + std::to_string(int{pixel}) + " \n";
  for (const auto& text : {plain, plain + " ", " " + plain, odd}) {
    REQUIRE(detail::parse_pixels(text, face.data()));
    REQUIRE(face == expected);
  }
  // Any one byte changed to any other gives a refusal, or the text's plain reading.
  RandomStream random(11);
  for (int i = 0; i < 3000; ++i) {
    std::string text = plain;
    text[random.below(text.size())] = static_cast<char>(random.below(256));
    const std::string what = detail::describe_bad_pixels(text);
    const bool sound = what == "expected 2304 values, found 2304";
    REQUIRE(detail::parse_pixels(text, face.data()) == sound);
  }
}

TEST_CASE("a file is read from disk, and a missing one is said to be missing") {
  const TempFolder folder;
  const Dataset made = made_up_dataset(3);
  write_file(folder / "f.csv", as_fer2013(made));
  check_same(read_fer2013_csv(folder / "f.csv"), made);
  CHECK_THROWS_AS(read_fer2013_csv(folder / "none.csv"), IoError);
}
