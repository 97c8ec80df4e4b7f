#include "affekt/core/csv.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "core/byte_masks.h"

namespace affekt {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kBlock = 64;

std::size_t after_byte_order_mark(std::string_view bytes) {
  return bytes.substr(0, kByteOrderMark.size()) == kByteOrderMark ? kByteOrderMark.size() : 0;
}

/// The byte after the line end at `at` (LF, CRLF or CR).
std::size_t after_line_end(std::string_view bytes, std::size_t at) {
  return at + (bytes[at] == '\r' && at + 1 < bytes.size() && bytes[at + 1] == '\n' ? 2 : 1);
}

bool is_line_end(char c) { return c == '\n' || c == '\r'; }

/// Line ends in a text: LF, CRLF and CR count one each.
std::size_t count_line_ends(std::string_view text) {
  std::size_t lines = 0;
  for (std::size_t i = text.find_first_of("\r\n"); i != std::string_view::npos; i = text.find_first_of("\r\n", i)) {
    ++lines;
    i = after_line_end(text, i);
  }
  return lines;
}

std::string too_long(const std::string& bound) {
  return "the quoted cell that begins here has more than " + bound +
         " (mend the quote that is missing, or leave a column of such texts out)";
}

constexpr std::size_t kSurelyText = 4096;  // a zero byte further behind is a matter of its row

void require_text(std::string_view bytes, const std::string& name) {
  const std::string_view head = bytes.substr(0, kSurelyText);
  if (head.substr(0, 2) == "\xFF\xFE" || head.substr(0, 2) == "\xFE\xFF") {
    throw DataError(printable(name) + ":1: the text is UTF-16; save it as UTF-8");
  }
  const std::size_t zero = head.find('\0');
  if (zero != std::string_view::npos) {
    throw DataError(printable(name) + ": not a CSV text: found a zero byte at byte " + std::to_string(zero));
  }
}

}  // namespace

CsvReader::CsvReader(std::string_view bytes, std::string name, CsvOptions options)
    : bytes_(bytes),
      name_(std::move(name)),
      end_(std::min(options.end, bytes.size())),
      delimiter_(options.delimiter),
      position_(options.begin),
      line_(options.first_line),
      row_line_(options.first_line) {
  if (position_ == 0) {
    require_text(bytes_, name_);
    position_ = after_byte_order_mark(bytes_);
  }
  if (delimiter_ == 0) delimiter_ = sniff_delimiter(bytes_);
}

/// First delimiter or line end at or after `from`; the end of the text if there is none.
std::size_t CsvReader::find_cell_end(std::size_t from) {
  std::size_t block = from & ~(kBlock - 1);
  for (; block < bytes_.size(); block += kBlock) {
    if (block != block_) {
      const std::size_t left = bytes_.size() - block;
      const char* data = bytes_.data() + block;
      ends_ = left >= kBlock ? detail::mask_of(data, delimiter_, '\n', '\r')
                             : detail::mask_of_tail(data, left, delimiter_, '\n', '\r');
      block_ = block;
    }
    const unsigned long long ahead = block < from ? ends_ >> (from - block) << (from - block) : ends_;
    if (ahead != 0) return block + static_cast<std::size_t>(__builtin_ctzll(ahead));
  }
  return bytes_.size();
}

bool CsvReader::next() {
  cells_.clear();
  escaped_.clear();
  while (position_ < end_ && is_line_end(bytes_[position_])) {
    position_ = after_line_end(bytes_, position_);
    ++line_;
  }
  if (position_ >= end_) return false;
  row_line_ = line_;
  for (std::size_t at = position_;; ++at) {
    CsvCell cell;
    cell.line = line_;
    std::size_t stop = 0;
    if (at < bytes_.size() && bytes_[at] == '"') {
      bool escaped = false;
      stop = read_quoted(at, cell, escaped);
      if (escaped) escaped_.push_back(cells_.size());
    } else {
      stop = find_cell_end(at);
      cell.text = bytes_.substr(at, stop - at);
    }
    cells_.push_back(cell);
    if (stop >= bytes_.size() || bytes_[stop] != delimiter_) {
      position_ = stop >= bytes_.size() ? stop : after_line_end(bytes_, stop);
      break;
    }
    at = stop;
  }
  ++line_;
  if (!escaped_.empty()) undo_doubled_quotes();
  return true;
}

/// Reads the quoted cell that opens at `open`; returns the place of the delimiter or line end after it.
std::size_t CsvReader::read_quoted(std::size_t open, CsvCell& cell, bool& escaped) {
  const std::size_t begin = open + 1;
  const std::string_view within = bytes_.substr(0, begin + kLongestQuotedCell + 1);  // with room for the closing quote
  std::size_t close = within.find('"', begin);
  while (close != std::string_view::npos && close + 1 < bytes_.size() && bytes_[close + 1] == '"') {
    escaped = true;
    close = within.find('"', close + 2);
  }
  if (close == std::string_view::npos && within.size() == bytes_.size()) {
    fail_and_resume(open, cell.line, "the quoted cell that begins here never ends (a quote is missing)");
  }
  if (close == std::string_view::npos) fail_and_resume<LongQuoteError>(open, cell.line, too_long("64 KiB"));
  cell.text = bytes_.substr(begin, close - begin);
  cell.quoted = true;
  const std::size_t stop = close + 1;
  const std::size_t line_ends = count_line_ends(cell.text);
  if (line_ends > kMostLinesQuoted) fail_and_resume<LongQuoteError>(open, cell.line, too_long("1000 line ends"));
  line_ += line_ends;
  if (stop < bytes_.size() && bytes_[stop] != delimiter_ && !is_line_end(bytes_[stop])) {
    const std::string found = printable(bytes_.substr(stop, 1));
    fail_and_resume(open, cell.line,
                    "cell " + std::to_string(cells_.size() + 1) + ": found '" + found +
                        "' after the closing quote (quotes inside a quoted cell are doubled)");
  }
  return stop;
}

void CsvReader::undo_doubled_quotes() {
  std::size_t needed = 0;
  for (const std::size_t i : escaped_) needed += cells_[i].text.size();
  unescaped_.clear();
  unescaped_.reserve(needed);  // no reallocation below: the views stay valid
  for (const std::size_t i : escaped_) {
    const std::size_t begin = unescaped_.size();
    const std::string_view raw = cells_[i].text;
    for (std::size_t k = 0; k < raw.size(); ++k) {
      unescaped_ += raw[k];
      if (raw[k] == '"') ++k;
    }
    cells_[i].text = std::string_view(unescaped_).substr(begin);
    cells_[i].in_place = false;
  }
}

template <typename Failure>
void CsvReader::fail_and_resume(std::size_t at, std::size_t line, const std::string& what) {
  cells_.clear();
  escaped_.clear();
  const std::size_t stop = bytes_.find_first_of("\r\n", at);
  position_ = stop == std::string_view::npos ? bytes_.size() : after_line_end(bytes_, stop);
  line_ = line + 1;
  throw Failure(printable(name_) + ":" + std::to_string(line) + ": " + what);
}

void CsvReader::expect_cells(std::size_t count) const {
  if (cells_.size() == count) return;
  throw DataError(printable(name_) + ":" + std::to_string(row_line_) + ": expected " + std::to_string(count) +
                  " cells, found " + std::to_string(cells_.size()));
}

std::string CsvReader::place(std::size_t column, std::string_view column_name) const {
  const std::size_t line = column < cells_.size() ? cells_[column].line : row_line_;
  return printable(name_) + ":" + std::to_string(line) + ": " + printable(column_name) + ": ";
}

char sniff_delimiter(std::string_view bytes) {
  constexpr std::array<char, 4> kCandidates = {',', ';', '\t', '|'};
  constexpr std::size_t kRows = 20;
  constexpr std::size_t kLooked = std::size_t{1} << 20;
  char best = ',';
  std::pair<std::size_t, std::size_t> best_score{0, 0};  // rows as wide as the header, cells in the header
  const std::string_view head = bytes.substr(0, kLooked);
  if (head.substr(0, kSurelyText).find('\0') != std::string_view::npos) return best;  // no text; the reader says so
  for (const char candidate : kCandidates) {
    CsvOptions options;
    options.delimiter = candidate;
    options.begin = after_byte_order_mark(head);
    std::size_t header = 0, equal = 0;
    CsvReader reader(head, "", options);
    for (std::size_t row = 0; row < kRows; ++row) {
      try {
        if (!reader.next()) break;
        if (row == 0) header = reader.size();
        if (reader.size() == header) ++equal;
      } catch (const DataError&) {  // a broken row, or one cut by the end of the head, speaks for no delimiter
        continue;
      }
    }
    const std::pair<std::size_t, std::size_t> score{equal, header};
    if (header > 1 && score > best_score) {
      best = candidate;
      best_score = score;
    }
  }
  return best;
}

void append_csv_cell(std::string& line, std::string_view cell) {
  if (cell.find_first_of(",\"\r\n") == std::string_view::npos) {
    line += cell;
    return;
  }
  line += '"';
  for (const char c : cell) {
    line += c;
    if (c == '"') line += c;
  }
  line += '"';
}

}  // namespace affekt
