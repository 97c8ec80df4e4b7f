// Small text services shared by readers, writers and messages.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "affekt/core/export.h"

namespace affekt {

/// `text` made safe for a terminal: control characters and escapes (C0, DEL, C1 in UTF-8), bidi overrides and invalid
/// UTF-8 become U+FFFD; newlines and tabs become spaces. At most `max_chars` code points, then an ellipsis.
AFFEKT_API std::string printable(std::string_view text, std::size_t max_chars = 200);

/// What a text without a declared encoding is taken for.
enum class TextEncoding {
  utf8,
  latin1,
  broken_utf8,  ///< Not valid, but with U+FFFD in it, which no latin-1 text spells: somebody lost letters of it before.
};
AFFEKT_API TextEncoding text_encoding(std::string_view text);
/// As UTF-8; what is broken becomes U+FFFD, one for each letter begun.
AFFEKT_API std::string decode_text(std::string_view text, TextEncoding encoding);
/// "UTF-8", "latin-1", ... for people.
AFFEKT_API const char* encoding_name(TextEncoding encoding);

/// decode_text() by text_encoding().
AFFEKT_API std::string to_utf8(std::string_view text);
AFFEKT_API bool is_valid_utf8(std::string_view text);

/// The candidate with the smallest edit distance, if it is near enough to be a likely misspelling.
AFFEKT_API std::optional<std::string> nearest_name(std::string_view name, const std::vector<std::string>& candidates);

/// "unknown WHAT 'NAME'; did you mean 'X'?" or "...; known: a, b, c" for messages of UsageError.
AFFEKT_API std::string unknown_name_message(std::string_view what, std::string_view name,
                                            const std::vector<std::string>& candidates);

/// Locale-independent. The whole text must be the number (surrounding spaces allowed).
AFFEKT_API std::optional<double> parse_double(std::string_view text);
AFFEKT_API std::optional<long long> parse_integer(std::string_view text);

/// Fixed notation with '.' whatever the locale.
AFFEKT_API std::string format_fixed(double value, int decimals);
/// Shortest text that reads back as the same number; NaN is "nan".
AFFEKT_API std::string format_shortest(double value);

AFFEKT_API std::string_view trim(std::string_view text);
AFFEKT_API std::string lower_ascii(std::string_view text);
AFFEKT_API std::vector<std::string> split(std::string_view text, char separator);
AFFEKT_API std::string join(const std::vector<std::string>& parts, std::string_view separator);

/// Text for inside XML/HTML content or a double-quoted attribute; characters XML 1.0 forbids become U+FFFD.
AFFEKT_API std::string escape_xml(std::string_view text);

/// Number of terminal columns is approximated by code points.
AFFEKT_API std::size_t count_code_points(std::string_view utf8);

/// `text` and as many spaces as fill `columns`; a longer text as it is.
AFFEKT_API std::string padded(std::string text, std::size_t columns);

}  // namespace affekt
