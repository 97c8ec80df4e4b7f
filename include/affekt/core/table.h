// A table of texts, for terminals, CSV files and pages alike.
#pragma once

#include <string>
#include <vector>

#include "affekt/core/export.h"

namespace affekt {

struct TableColumn {
  std::string name;
  bool number = false;  ///< Aligned to the right.
};

struct Table {
  std::vector<TableColumn> columns;
  std::vector<std::vector<std::string>> rows;  ///< Each as long as `columns`; "" is an empty cell.
};

/// @throws UsageError  a row of another length.
AFFEKT_API void check_table(const Table& table);

/// Columns padded with spaces, a header line, no trailing spaces; cells pass through printable().
/// @throws UsageError  as check_table(); so does table_csv().
AFFEKT_API std::string table_text(const Table& table);
/// RFC 4180 with LF line ends.
AFFEKT_API std::string table_csv(const Table& table);

/// A number with fixed decimals, or `missing` for NaN.
AFFEKT_API std::string number_or(double value, int decimals, const std::string& missing = "n/a");

}  // namespace affekt
