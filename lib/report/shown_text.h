// Text of others on a page or in a figure.
#pragma once

#include <limits>
#include <string>

#include "affekt/core/text.h"

namespace affekt {

/// Names come from files of others: controls and characters that reorder what a reader sees become U+FFFD, line breaks
/// spaces; the rest is escaped for HTML and SVG.
inline std::string shown_text(const std::string& text) {
  return escape_xml(printable(text, std::numeric_limits<std::size_t>::max()));
}

}  // namespace affekt
