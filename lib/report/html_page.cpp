#include "affekt/report/html_page.h"

#include <vector>

#include "report/shown_text.h"

namespace affekt {
namespace {

constexpr const char* kStyle =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 "
    "1rem;color:#222;background:#fff}"
    "h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem}"
    "table{border-collapse:collapse;font-size:.9rem;display:block;overflow-x:auto}"
    "th,td{padding:.25rem .7rem;border-bottom:1px solid #ddd;text-align:left;vertical-align:top}"
    ".number{text-align:right;font-variant-numeric:tabular-nums}"
    "figure{margin:1.5rem 0}figure svg{max-width:100%;height:auto}figcaption{color:#555;font-size:.9rem}"
    "pre{background:#f5f5f5;padding:.8rem;overflow-x:auto}";

}  // namespace

std::string table_html(const Table& table) {
  check_table(table);
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

HtmlPage::HtmlPage(const std::string& title) : title_(title) {}

HtmlPage& HtmlPage::heading(const std::string& text) {
  body_ += "<h2>" + shown_text(text) + "</h2>\n";
  return *this;
}

HtmlPage& HtmlPage::paragraph(const std::string& text) {
  body_ += "<p>" + shown_text(text) + "</p>\n";
  return *this;
}

HtmlPage& HtmlPage::table(const Table& table) {
  body_ += table_html(table);
  return *this;
}

HtmlPage& HtmlPage::figure(const std::string& svg, const std::string& caption) {
  body_ += "<figure>\n" + svg;
  if (!caption.empty()) body_ += "<figcaption>" + shown_text(caption) + "</figcaption>\n";
  body_ += "</figure>\n";
  return *this;
}

HtmlPage& HtmlPage::preformatted(const std::string& text) {
  std::vector<std::string> lines;
  for (const std::string& line : split(text, '\n')) lines.push_back(shown_text(line));
  body_ += "<pre>" + join(lines, "\n") + "</pre>\n";
  return *this;
}

std::string HtmlPage::text() const {
  const std::string title = shown_text(title_);
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
         "<title>" +
         title + "</title>\n<style>" + kStyle + "</style>\n</head>\n<body>\n<h1>" + title + "</h1>\n" + body_ +
         "</body>\n</html>\n";
}

}  // namespace affekt
