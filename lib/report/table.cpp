#include "affekt/report/table.h"

#include <algorithm>
#include <cmath>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "report/shown_text.h"

namespace affekt {
namespace {

void check(const Table& table) {
  for (const auto& row : table.rows) {
    if (row.size() != table.columns.size()) {
      throw UsageError("a table row of " + std::to_string(row.size()) + " cells under " +
                       std::to_string(table.columns.size()) + " columns");
    }
  }
}

std::string csv_cell(const std::string& cell) {
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

std::string table_text(const Table& table) {
  check(table);
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
      const std::string padding(widths[c] - count_code_points(line[c]), ' ');
      if (c > 0) out += "  ";
      out += table.columns[c].number ? padding + line[c] : line[c] + padding;
    }
    out.erase(out.find_last_not_of(' ') + 1);
    text += out + '\n';
  }
  return text;
}

std::string table_csv(const Table& table) {
  check(table);
  std::vector<std::string> cells;
  for (const TableColumn& column : table.columns) cells.push_back(csv_cell(column.name));
  std::string text = join(cells, ",") + '\n';
  for (const auto& row : table.rows) {
    cells.clear();
    for (const std::string& cell : row) cells.push_back(csv_cell(cell));
    text += join(cells, ",") + '\n';
  }
  return text;
}

std::string table_html(const Table& table) {
  check(table);
  const auto number_class = [&](std::size_t c) { return table.columns[c].number ? " class=\"number\"" : ""; };
  std::string html = "<table>\n<thead><tr>";
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    html += std::string("<th") + number_class(c) + ">" + shown_text(table.columns[c].name) + "</th>";
  }
  html += "</tr></thead>\n<tbody>\n";
  for (const auto& row : table.rows) {
    html += "<tr>";
    for (std::size_t c = 0; c < row.size(); ++c) {
      html += std::string("<td") + number_class(c) + ">" + shown_text(row[c]) + "</td>";
    }
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table>\n";
}

std::string number_or(double value, int decimals, const std::string& missing) {
  return std::isnan(value) ? missing : format_fixed(value, decimals);
}

}  // namespace affekt
