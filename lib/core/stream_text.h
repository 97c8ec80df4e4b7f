// Private: a text that is mapped and never held.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "affekt/core/text.h"
#include "core/descriptor.h"

namespace affekt {

/// A file's text; standard input ("-") is copied to an unlinked temporary file first.
class StreamText {
 public:
  /// @throws IoError  missing, unreadable, or no room for a temporary file. @throws DataError  compressed.
  explicit StreamText(const std::string& path);

  std::string_view bytes() const { return text_.bytes(); }
  /// Gives back the pages that were read.
  void forget() const { text_.forget(); }
  bool is_utf8() const;
  /// Decodes what is not UTF-8 as decode_text() does: bytes() is another text from now on.
  TextEncoding decode();

 private:
  std::string_view piece_at(std::size_t begin) const;

  Mapping text_;
};

}  // namespace affekt
