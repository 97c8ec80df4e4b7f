#include "music/table_reader.h"

#include <algorithm>
#include <atomic>

#include "affekt/core/error.h"
#include "affekt/core/parallel.h"
#include "affekt/core/text.h"

namespace affekt {
namespace {

constexpr std::size_t kLongestRow = (std::size_t{1} << 20) - 1;  // what a TextColumn can hold
constexpr int kMostCuts = 4;  // each cut after the first follows a stray quote; then one reader goes on to the end

}  // namespace

bool TableReader::open() {
  if (text_.bytes.size() > kLongestRow &&
      text_.bytes.substr(0, kLongestRow).find_first_of("\r\n") == std::string_view::npos) {
    throw DataError(printable(path_) + ":1: no line end within 1 MiB, expected a CSV file with a header line");
  }
  CsvReader csv(text_.bytes, printable(path_));
  read_header(csv);
  position_ = csv.position();
  line_ = csv.next_line();
  if (!is_valid_utf8(text_.bytes.substr(0, position_))) return false;
  choice_ = choose_columns(source_, options_, notes_);
  return true;
}

bool TableReader::read(std::size_t bytes, TrackTable& table, std::vector<NumberTraits>& traits) {
  RowStore store(table, choice_, text_.bytes, text_.owner);
  // A line end, so that no letter of several bytes is cut.
  std::size_t end = text_.bytes.size();
  if (bytes < end - position_) {
    const std::size_t line_end = text_.bytes.find_first_of("\r\n", position_ + bytes);
    if (line_end != std::string_view::npos) end = line_end + 1;
  }
  for (int cuts = 0; position_ < end; ++cuts) {
    if (!read_on(store, table, end, cuts)) return false;
  }
  store.end_rows();
  traits = store.traits();
  return position_ <= end || is_valid_utf8(text_.bytes.substr(end, position_ - end));
}

void TableReader::read_header(CsvReader& csv) {
  if (!csv.next()) throw DataError(printable(path_) + ": empty, expected a CSV file with a header line");
  source_.path = path_;
  source_.delimiter = csv.delimiter();
  for (std::size_t i = 0; i < csv.size(); ++i) source_.columns.emplace_back(trim(csv[i]));
  const char* names[] = {"comma", "semicolon", "tab", "bar"};
  notes_.lines.push_back(std::string("delimiter: ") + names[std::string_view(",;\t|").find(source_.delimiter)]);
}

/// Cuts what is left up to `end` and reads the parts on all threads, up to the first whose begin turns out to lie
/// within a row.
bool TableReader::read_on(RowStore& store, TrackTable& table, std::size_t end, int cuts) {
  const auto parts = cut(end, cuts);
  std::vector<std::size_t> first = {table.rows};  // rows of the table, an upper bound a part
  for (std::size_t i = 0; i < parts.size(); ++i) {
    first.push_back(first.back() + most_rows(parts[i], i + 1 < parts.size() ? &parts[i + 1] : nullptr));
  }
  store.resize(first.back());
  std::vector<PartRows> read(parts.size());
  std::atomic<bool> utf8{true};
  parallel_for(parts.size(), 1, [&](std::size_t i, std::size_t) {
    if (!utf8) return;
    const CsvPart& part = parts[i];
    if (cuts == 0 && !is_valid_utf8(text_.bytes.substr(part.begin, part.end - part.begin))) {
      utf8 = false;
      return;
    }
    CsvReader csv(text_.bytes, printable(path_), {source_.delimiter, part.begin, part.end, part.line});
    read[i] = store.begin_part(first[i]);
    read_part(store, csv, part, read[i]);
  });
  if (!utf8) return false;
  for (std::size_t i = 0; i < parts.size() && parts[i].begin == position_; ++i) {
    if (!read[i].refused.empty()) throw DataError(read[i].refused);
    position_ = read[i].position;
    line_ = read[i].line;
    dropped_.add_malformed(read[i].malformed, read[i].first_malformed);
    store.settle(read[i]);
  }
  return true;
}

std::vector<CsvPart> TableReader::cut(std::size_t end, int cuts) const {
  if (cuts >= kMostCuts) return {{position_, end, line_}};
  auto parts = cut_csv(text_.bytes.substr(position_, end - position_), options_.part_bytes);
  for (CsvPart& part : parts) part = {part.begin + position_, part.end + position_, part.line + line_ - 1};
  return parts;
}

/// Rows that can begin in the part: each has a line end in it (where the part was cut within a row, that row's own is
/// the last byte), but for one at the end of the text; and a good row has a byte after each of its cells.
std::size_t TableReader::most_rows(const CsvPart& part, const CsvPart* next) const {
  const std::string_view bytes = text_.bytes.substr(part.begin, part.end - part.begin);
  const auto is_end = [](char c) { return c == '\n' || c == '\r'; };
  const std::size_t line_ends = next != nullptr
                                    ? next->line - part.line
                                    : static_cast<std::size_t>(std::count_if(bytes.begin(), bytes.end(), is_end)) + 1;
  return std::min(line_ends, bytes.size() / std::max<std::size_t>(source_.columns.size(), 2) + 1);
}

void TableReader::read_part(RowStore& store, CsvReader& csv, const CsvPart& part, PartRows& rows) const {
  const bool zeros = text_.bytes.substr(part.begin, part.end - part.begin).find('\0') != std::string_view::npos;
  for (;;) {
    const std::size_t begin = csv.position();
    std::string fault;
    try {
      if (!csv.next()) break;
      const std::string_view raw = row_bytes(begin, csv.position());
      fault = fault_of(csv, raw, zeros || csv.position() > part.end);
      if (fault.empty()) store.add(rows, csv, raw);
    } catch (const LongQuoteError& error) {  // left out, it could hide any number of songs
      rows.refused = error.what();
      break;
    } catch (const DataError& error) {  // the reader stands at the next line
      fault = error.what();
    }
    if (!fault.empty() && rows.malformed++ == 0) rows.first_malformed = std::move(fault);
  }
  rows.position = csv.position();
  rows.line = csv.next_line();
}

// The row without its line end and without empty lines before it.
std::string_view TableReader::row_bytes(std::size_t begin, std::size_t end) const {
  std::string_view raw = text_.bytes.substr(begin, end - begin);
  const auto is_end = [](char c) { return c == '\n' || c == '\r'; };
  while (!raw.empty() && is_end(raw.back())) raw.remove_suffix(1);
  while (!raw.empty() && is_end(raw.front())) raw.remove_prefix(1);
  return raw;
}

/// Why a row cannot be used; "" if it can.
std::string TableReader::fault_of(const CsvReader& csv, std::string_view raw, bool zeros) const {
  const std::size_t wanted = source_.columns.size();
  const auto at = [&](const std::string& fault) {
    return printable(path_) + ":" + std::to_string(csv.line()) + ": " + fault;
  };
  if (csv.size() != wanted) {
    return at(std::to_string(csv.size()) + " cells where the header has " + std::to_string(wanted));
  }
  if (raw.size() > kLongestRow) return at("a row of more than 1 MiB");
  if (zeros && raw.find('\0') != std::string_view::npos) return at("a zero byte");
  return {};
}

}  // namespace affekt
