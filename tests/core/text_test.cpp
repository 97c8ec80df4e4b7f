#include "affekt/core/text.h"

#include <limits>
#include <locale>

#include "support/catch.h"

using namespace affekt;

TEST_CASE("printable text carries no escapes, controls or reorderings") {
  CHECK(printable("plain, naïve – 東京 🎵") == "plain, naïve – 東京 🎵");
  CHECK(printable("\x1b[31mred\x07") == "\uFFFD[31mred\uFFFD");
  CHECK(printable("a\nb\tc\rd") == "a b c d");
  CHECK(printable("csi \xC2\x9B") == "csi \uFFFD");  // C1 as UTF-8
  CHECK(printable("abc\xE2\x80\xAE"
                  "def") ==
        "abc\uFFFD"
        "def");  // right-to-left override
  CHECK(printable(std::string("nul\0x", 5)) == "nul\uFFFDx");
  CHECK(printable("bad \xFF\xC0\x80 utf8") == "bad \uFFFD\uFFFD\uFFFD utf8");
  CHECK(printable("abcdef", 3) == "abc…");
  CHECK(printable("abc", 3) == "abc");
}

TEST_CASE("UTF-8 is told from latin-1") {
  CHECK(is_valid_utf8("Beyonc\xC3\xA9"));
  CHECK_FALSE(is_valid_utf8("Beyonc\xE9"));
  CHECK_FALSE(is_valid_utf8("\xED\xA0\x80"));      // a surrogate
  CHECK_FALSE(is_valid_utf8("\xC0\xAF"));          // overlong
  CHECK_FALSE(is_valid_utf8("\xF4\x90\x80\x80"));  // beyond Unicode
  CHECK_FALSE(is_valid_utf8("cut \xE2\x82"));
  CHECK(to_utf8("Beyonc\xE9") == "Beyonc\xC3\xA9");
  // U+FFFD says that the text was UTF-8 once: what is broken is lost, not latin-1.
  CHECK(to_utf8("M\xEF\xBF\xBDn Beyonc\xEF\xBF, Be\xEF\" \xBF\xE9t\xC3\xA9 \xF0\x9F") ==
        "M\xEF\xBF\xBDn Beyonc\xEF\xBF\xBD, Be\xEF\xBF\xBD\" \xEF\xBF\xBD\xEF\xBF\xBDt\xC3\xA9 \xEF\xBF\xBD");
  CHECK(affekt::text_encoding("\xEF\xBF\xBD") == affekt::TextEncoding::utf8);
  CHECK(affekt::text_encoding("\xEF\xBF") == affekt::TextEncoding::latin1);
  CHECK(to_utf8("Beyonc\xC3\xA9") == "Beyonc\xC3\xA9");
  CHECK(count_code_points("é東") == 2);
}

TEST_CASE("numbers are read whole or not at all") {
  CHECK(parse_double(" +1.5e3 ") == 1500.0);
  CHECK(parse_integer("-12") == -12);
  for (const char* text : {"", " ", "1.5x", "x", "1,5", "0x10", "++1", "1 2"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_double(text));
    CHECK_FALSE(parse_integer(text));
  }
  CHECK_FALSE(parse_integer("1.0"));
  CHECK_FALSE(parse_integer("99999999999999999999"));
}

TEST_CASE("numbers are written alike everywhere") {
  CHECK(format_fixed(0.125, 2) == "0.12");
  CHECK(format_fixed(-2.5, 1) == "-2.5");
  CHECK(format_fixed(std::numeric_limits<double>::quiet_NaN(), 3) == "nan");
  for (const double value : {0.1, 1.0 / 3.0, 1e300, -5e-324, 123456789.125})
    CHECK(parse_double(format_shortest(value)) == value);
}

TEST_CASE("a misspelt name finds its neighbour, a strange one the list") {
  const std::vector<std::string> known{"happy", "sad", "neutral"};
  CHECK(nearest_name("hapy", known) == "happy");
  CHECK(nearest_name("NEUTRL", known) == "neutral");
  CHECK_FALSE(nearest_name("zzzzzzzz", known));
  CHECK(unknown_name_message("emotion", "hapy", known) == "unknown emotion 'hapy'; did you mean 'happy'?");
  CHECK(unknown_name_message("emotion", "qqqqqq", known) == "unknown emotion 'qqqqqq'; known: happy, sad, neutral");
}

TEST_CASE("splitting, joining, trimming, escaping") {
  CHECK(split("a,,b", ',') == std::vector<std::string>{"a", "", "b"});
  CHECK(split("", ',') == std::vector<std::string>{""});
  CHECK(join({"a", "b"}, "; ") == "a; b");
  CHECK(trim(" \t x y \n") == "x y");
  CHECK(trim(" \n").empty());
  CHECK(escape_xml("<a & \"b\">\x01") == "&lt;a &amp; &quot;b&quot;&gt;\uFFFD");
}
