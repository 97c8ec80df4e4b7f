// A self-contained HTML page: one file, no scripts, nothing loaded from elsewhere. All texts are escaped.
#pragma once

#include <string>

#include "affekt/core/export.h"
#include "affekt/core/table.h"

namespace affekt {

/// A table as HTML, numbers marked by the class "number". @throws UsageError  as check_table().
AFFEKT_API std::string table_html(const Table& table);

class AFFEKT_API HtmlPage {
 public:
  explicit HtmlPage(const std::string& title);

  HtmlPage& heading(const std::string& text);
  HtmlPage& paragraph(const std::string& text);
  HtmlPage& table(const Table& table);
  /// @param svg  as chart.h makes it; put into the page as it is, so never text from outside.
  HtmlPage& figure(const std::string& svg, const std::string& caption = "");
  /// Preformatted text.
  HtmlPage& preformatted(const std::string& text);

  /// The whole page; more may be added afterwards.
  std::string text() const;

 private:
  std::string title_;
  std::string body_;
};

}  // namespace affekt
