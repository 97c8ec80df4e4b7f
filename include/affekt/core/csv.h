// Comma-separated values with positions (RFC 4180), read in place from bytes in memory.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "affekt/core/error.h"
#include "affekt/core/export.h"

namespace affekt {

/// One cell of the current row.
struct CsvCell {
  std::string_view text;  ///< Without its quotes, doubled quotes undone. Spaces are kept.
  std::size_t line = 0;   ///< Line the cell begins on, from 1.
  bool quoted = false;
  bool in_place = true;  ///< `text` lies in the input and lives as long as it; else until the next next().
};

inline constexpr std::size_t kLongestQuotedCell = std::size_t{64} << 10;  ///< Bytes between its quotes.
/// Line ends between its quotes: charts list some hundred weeks in one cell.
inline constexpr std::size_t kMostLinesQuoted = 1000;

/// A quoted cell beyond these bounds: a quote is missing, and all rows up to the next one would be taken for text.
class AFFEKT_API LongQuoteError : public DataError {
 public:
  using DataError::DataError;
};

struct CsvOptions {
  char delimiter = 0;     ///< 0: sniff_delimiter().
  std::size_t begin = 0;  ///< First byte to read: the begin of a row.
  std::size_t end =
      std::string_view::npos;  ///< No row is begun at or after this byte; a row begun before is read whole.
  std::size_t first_line = 1;  ///< Line number of `begin`.
};

/// Reads rows one after another. Rows end with LF, CRLF or CR; quoted cells may hold delimiters, line ends and doubled
/// quotes; empty lines are passed over; a UTF-8 byte order mark is passed over. A quote inside an unquoted cell is
/// plain text. The encoding of the text is left to the caller (to_utf8() in core/text.h).
///
/// Cost: one pass, no allocation per row; cells are views into `bytes`, which must outlive the reader.
class AFFEKT_API CsvReader {
 public:
  /// @param bytes  the whole text. @param name  of the file, for messages.
  /// @throws DataError  not a text: a zero byte near the begin, or UTF-16.
  CsvReader(std::string_view bytes, std::string name, CsvOptions options = {});

  /// Reads the next row; false after the last.
  /// @throws LongQuoteError, DataError  "NAME:LINE: ..." for a quoted cell that is too long or never ends (the line it
  ///                    begins on) or text after a closing quote. The reader then stands at the following line: a
  ///                    caller that skips bad rows may go on.
  bool next();

  const std::vector<CsvCell>& row() const { return cells_; }
  std::size_t size() const { return cells_.size(); }
  std::string_view operator[](std::size_t column) const { return cells_[column].text; }
  std::size_t line() const { return row_line_; }      ///< Line the current row begins on, from 1.
  std::size_t position() const { return position_; }  ///< Byte at which the next row begins.
  std::size_t next_line() const { return line_; }     ///< Line of position().
  char delimiter() const { return delimiter_; }
  const std::string& name() const { return name_; }

  /// @throws DataError  "NAME:LINE: expected N cells, found M" unless the current row has `count` cells.
  void expect_cells(std::size_t count) const;
  /// "NAME:LINE: COLUMN: " for a message about a cell of the current row.
  std::string place(std::size_t column, std::string_view column_name) const;

 private:
  std::size_t find_cell_end(std::size_t from);
  std::size_t read_quoted(std::size_t open, CsvCell& cell, bool& escaped);
  void undo_doubled_quotes();
  template <typename Failure = DataError>
  [[noreturn]] void fail_and_resume(std::size_t at, std::size_t line, const std::string& what);

  std::string_view bytes_;
  std::string name_;
  std::size_t end_;
  char delimiter_ = ',';
  std::size_t position_ = 0;
  std::size_t line_ = 1;  // of position_
  std::size_t row_line_ = 1;
  std::vector<CsvCell> cells_;
  std::vector<std::size_t> escaped_;            // cells of this row with doubled quotes
  std::string unescaped_;                       // their texts, one after another
  std::size_t block_ = std::string_view::npos;  // begin of the 64 bytes `ends_` speaks of
  unsigned long long ends_ = 0;                 // bit i: byte block_ + i is a delimiter, CR or LF
};

/// The delimiter (comma, semicolon, tab or bar) that cuts the first rows into the most equal cells; comma if none does.
AFFEKT_API char sniff_delimiter(std::string_view bytes);

/// A stretch of whole rows.
struct CsvPart {
  std::size_t begin = 0, end = 0;  ///< Bytes [begin, end).
  std::size_t line = 1;            ///< Line number of `begin`.
};

/// Cuts a text into parts of about `part_bytes` at row ends, on all threads, for readers that work in parallel. Quotes
/// are taken to come in pairs, which a stray quote inside an unquoted cell breaks: the cut is right exactly if a reader
/// of every part ends with position() == the part's `end`; if one does not, read the whole with one reader.
AFFEKT_API std::vector<CsvPart> cut_csv(std::string_view bytes, std::size_t part_bytes);

/// Appends a cell as a CSV text holds it: in quotes if it has a comma, quote or line end, its own quotes doubled.
AFFEKT_API void append_csv_cell(std::string& line, std::string_view cell);

}  // namespace affekt
