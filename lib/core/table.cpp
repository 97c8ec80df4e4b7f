#include "affekt/core/table.h"

#include <algorithm>
#include <cmath>

#include "affekt/core/csv.h"
#include "affekt/core/error.h"
#include "affekt/core/text.h"

namespace affekt {

void check_table(const Table& table) {
  for (const auto& row : table.rows) {
    if (row.size() != table.columns.size()) {
      throw UsageError("a table row of " + std::to_string(row.size()) + " cells under " +
                       std::to_string(table.columns.size()) + " columns");
    }
  }
}

std::string table_text(const Table& table) {
  check_table(table);
  std::vector<std::vector<std::string>> lines(1);
  for (const TableColumn& column : table.columns) lines[0].push_back(printable(column.name));
  for (const auto& row : table.rows) {
    lines.emplace_back();
    for (const std::string& cell : row) lines.back().push_back(printable(cell));
  }
  std::vector<std::size_t> widths(table.columns.size(), 0);
  for (const auto& line : lines) {
    for (std::size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], count_code_points(line[c]));
  }
  std::string text;
  for (const auto& line : lines) {
    std::string out;
    for (std::size_t c = 0; c < line.size(); ++c) {
      if (c > 0) out += "  ";
      if (table.columns[c].number) out.append(widths[c] - count_code_points(line[c]), ' ');
      out += table.columns[c].number ? line[c] : padded(line[c], widths[c]);
    }
    out.erase(out.find_last_not_of(' ') + 1);
    text += out + '\n';
  }
  return text;
}

std::string table_csv(const Table& table) {
  check_table(table);
  std::string text;
  const auto append_line = [&](std::size_t cells, const auto& cell_at) {
    for (std::size_t c = 0; c < cells; ++c) {
      if (c > 0) text += ',';
      append_csv_cell(text, cell_at(c));
    }
    text += '\n';
  };
  append_line(table.columns.size(), [&](std::size_t c) -> const std::string& { return table.columns[c].name; });
  for (const auto& row : table.rows) {
    append_line(row.size(), [&](std::size_t c) -> const std::string& { return row[c]; });
  }
  return text;
}

std::string number_or(double value, int decimals, const std::string& missing) {
  return std::isnan(value) ? missing : format_fixed(value, decimals);
}

}  // namespace affekt
