#include "core/stream_text.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "affekt/core/error.h"
#include "affekt/core/file_kind.h"
#include "affekt/core/text.h"

namespace affekt {
namespace {

constexpr std::size_t kPiece = std::size_t{4} << 20;

/// A file without a name in the temporary folder: gone when it is closed, whatever happens.
class TemporaryFile {
 public:
  TemporaryFile() : folder_(std::filesystem::temp_directory_path().string()), file_(open_in(folder_)) {}

  void write(std::string_view bytes) {
    if (!write_all(file_.get(), bytes))
      throw_io(folder_, "cannot write a temporary file (TMPDIR names another folder)");
    size_ += bytes.size();
  }
  Mapping map() const { return {file_.get(), size_, folder_}; }

 private:
  static int open_in(const std::string& folder) {
    std::string pattern = folder + "/affekt-XXXXXX";
    const int fd = ::mkostemp(pattern.data(), O_CLOEXEC);
    if (fd < 0) throw_io(folder, "cannot make a temporary file (TMPDIR names another folder)");
    ::unlink(pattern.c_str());
    return fd;
  }

  std::string folder_;
  Descriptor file_;
  std::size_t size_ = 0;
};

}  // namespace

StreamText::StreamText(const std::string& path) {
  const OpenedFile opened = open_for_reading(path);
  if (opened.mappable) {
    text_ = Mapping(opened.file.get(), opened.size, path);
  } else {
    TemporaryFile copy;
    read_pieces(opened.file.get(), path, [&](std::string_view piece) { copy.write(piece); });
    text_ = copy.map();
  }
  const FileKind kind = file_kind(bytes());
  if (kind == FileKind::gzip || kind == FileKind::xz) {
    throw DataError(printable(path) +
                    ": compressed, and a stream reads plain text; unpack it into the tool: gzip -dc or xz -dc FILE | "
                    "... -");
  }
  text_.expect_sequential();
}

/// Up to three bytes that continue a letter belong to a piece.
std::string_view StreamText::piece_at(std::size_t begin) const {
  std::size_t end = std::min(bytes().size(), begin + kPiece);
  while (end < bytes().size() && end < begin + kPiece + 3 && (static_cast<unsigned char>(bytes()[end]) & 0xC0U) == 0x80)
    ++end;
  return bytes().substr(begin, end - begin);
}

bool StreamText::is_utf8() const {
  for (std::size_t begin = 0; begin < bytes().size();) {
    const std::string_view piece = piece_at(begin);
    if (!is_valid_utf8(piece)) return false;
    begin += piece.size();
    forget();
  }
  return true;
}

TextEncoding StreamText::decode() {
  TextEncoding encoding = TextEncoding::latin1;
  for (std::size_t begin = 0; begin < bytes().size() && encoding == TextEncoding::latin1;) {
    const std::string_view piece = piece_at(begin);
    if (piece.find("\xEF\xBF\xBD") != std::string_view::npos) encoding = TextEncoding::broken_utf8;
    begin += piece.size();
    forget();
  }
  TemporaryFile copy;
  for (std::size_t begin = 0; begin < bytes().size();) {
    const std::string_view piece = piece_at(begin);
    copy.write(decode_text(piece, encoding));
    begin += piece.size();
    forget();
  }
  text_ = copy.map();
  text_.expect_sequential();
  return encoding;
}

}  // namespace affekt
