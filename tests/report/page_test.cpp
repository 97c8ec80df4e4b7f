#include "affekt/core/error.h"
#include "affekt/report/chart.h"
#include "affekt/report/html_page.h"
#include "support/catch.h"

using namespace affekt;
using Catch::Matchers::ContainsSubstring;

namespace {

Table sample() { return {{{"name", false}, {"rows", true}}, {{"a", "1"}, {"b\xC3\xA9", "200"}}}; }

}  // namespace

TEST_CASE("HTML escapes and marks numbers") {
  Table table = sample();
  table.rows[0][0] = "<b>&";
  const std::string html = table_html(table);
  CHECK_THAT(html, ContainsSubstring("<td>&lt;b&gt;&amp;</td><td class=\"number\">1</td>"));
}

TEST_CASE("ragged tables are refused on a page") {
  Table table = sample();
  table.rows[1].pop_back();
  CHECK_THROWS_AS(table_html(table), UsageError);
}

TEST_CASE("a page holds everything in order, escaped, and loads nothing") {
  HtmlPage page("A <title>");
  page.heading("H&H").paragraph("p<script>").table(sample()).figure("<svg></svg>\n", "c\"").preformatted("x<y");
  const std::string html = page.text();
  CHECK(html.rfind("<!DOCTYPE html>", 0) == 0);
  CHECK_THAT(html, ContainsSubstring("<title>A &lt;title&gt;</title>") && ContainsSubstring("<h2>H&amp;H</h2>") &&
                       ContainsSubstring("<p>p&lt;script&gt;</p>") && ContainsSubstring("<svg></svg>") &&
                       ContainsSubstring("<pre>x&lt;y</pre>"));
  CHECK(html.find("H&amp;H") < html.find("<svg>"));
  CHECK(html.find("<script") == std::string::npos);
  CHECK(html.find("src=") == std::string::npos);
}

TEST_CASE("nothing on a page reorders what a reader sees") {
  const std::string title = "one \u202Eowt\u2069 three";
  HtmlPage page(title);
  Table table = sample();
  table.rows[0][0] = table.columns[0].name = title;
  page.heading(title).paragraph(title).table(table).figure("", title).preformatted(title + "\nline 2");
  Chart chart;
  chart.title = chart.x_label = title;
  chart.series = {{title, {0, 1}, {0, 1}, {title, title}}};
  page.figure(scatter_chart_svg(chart), "");
  const std::string html = page.text();
  CHECK(html.find("\u202E") == std::string::npos);
  CHECK(html.find("\u2069") == std::string::npos);
  CHECK_THAT(html, ContainsSubstring("<h2>one \uFFFDowt\uFFFD three</h2>") && ContainsSubstring("three\nline 2</pre>"));
  const std::string long_text(500, 'x');
  CHECK_THAT(HtmlPage("").paragraph(long_text).text(), ContainsSubstring("<p>" + long_text + "</p>"));
}
