// Private: a text that is mapped and never held.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "affekt/core/text.h"

namespace affekt {

/// A file's text; standard input ("-") is copied to an unlinked temporary file first.
class StreamText {
 public:
  /// @throws IoError  missing, unreadable, or no room for a temporary file. @throws DataError  compressed.
  explicit StreamText(const std::string& path);
  ~StreamText();
  StreamText(const StreamText&) = delete;
  StreamText& operator=(const StreamText&) = delete;

  std::string_view bytes() const { return {static_cast<const char*>(map_), size_}; }
  /// Gives back the pages that were read.
  void forget() const;
  bool is_utf8() const;
  /// Decodes what is not UTF-8 as decode_text() does: bytes() is another text from now on.
  TextEncoding decode();

 private:
  std::string_view piece_at(std::size_t begin) const;
  void map(int fd);
  void unmap();

  std::string path_;
  void* map_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace affekt
