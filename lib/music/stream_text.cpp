#include "music/stream_text.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

#include "affekt/core/error.h"
#include "affekt/core/text.h"

namespace affekt {
namespace {

constexpr std::size_t kPiece = std::size_t{4} << 20;

[[noreturn]] void throw_io(const std::string& path, const std::string& what) {
  throw IoError(printable(path) + ": " + what + ": " + std::strerror(errno));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

/// A file without a name in the temporary folder: gone when it is closed, whatever happens.
class TemporaryFile {
 public:
  TemporaryFile() : folder_(std::filesystem::temp_directory_path().string()), file_(open_in(folder_)) {}

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t put = ::write(file_.get(), bytes.data(), bytes.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) throw_io(folder_, "cannot write a temporary file (TMPDIR names another folder)");
      bytes.remove_prefix(static_cast<std::size_t>(put));
    }
  }
  int get() const { return file_.get(); }

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
};

void copy_stream(int fd, const std::string& path, TemporaryFile& file) {
  std::vector<char> buffer(kPiece);
  for (;;) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_io(path, "cannot read");
    if (got == 0) return;
    file.write({buffer.data(), static_cast<std::size_t>(got)});
  }
}

void refuse_compressed(std::string_view bytes, const std::string& path) {
  const std::string_view magics[] = {"\x1f\x8b", std::string_view("\xFD"
                                                                  "7zXZ\0",
                                                                  6)};
  for (const std::string_view magic : magics) {
    if (bytes.substr(0, magic.size()) != magic) continue;
    throw DataError(printable(path) +
                    ": compressed, and a stream reads plain text; unpack it into the tool: gzip -dc or xz -dc FILE | "
                    "... -");
  }
}

}  // namespace

StreamText::StreamText(const std::string& path) : path_(path) {
  const bool standard_input = path == "-";
  const Descriptor file(standard_input ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) throw_io(path, "cannot open");
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) throw_io(path, "cannot read");
  if (S_ISDIR(info.st_mode)) throw IoError(printable(path) + ": is a folder, expected a file");
  if (S_ISREG(info.st_mode) && ::lseek(file.get(), 0, SEEK_CUR) == 0) {
    map(file.get());
  } else {
    TemporaryFile copy;
    copy_stream(file.get(), path, copy);
    map(copy.get());
  }
  try {
    refuse_compressed(bytes(), path);
  } catch (...) {
    unmap();
    throw;
  }
}

StreamText::~StreamText() { unmap(); }

void StreamText::map(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) throw_io(path_, "cannot read");
  const auto size = static_cast<std::size_t>(info.st_size);
  void* map = nullptr;
  if (size > 0) {
    map = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED) throw_io(path_, "cannot map");
    ::madvise(map, size, MADV_SEQUENTIAL);
  }
  unmap();
  map_ = map;
  size_ = size;
}

void StreamText::unmap() {
  if (map_ != nullptr) ::munmap(map_, size_);
  map_ = nullptr;
  size_ = 0;
}

// Of a file mapped for reading: the pages stay in the system's cache as long as there is room.
void StreamText::forget() const {
  if (map_ != nullptr) ::madvise(map_, size_, MADV_DONTNEED);
}

/// Up to three bytes that continue a letter belong to a piece.
std::string_view StreamText::piece_at(std::size_t begin) const {
  std::size_t end = std::min(size_, begin + kPiece);
  while (end < size_ && end < begin + kPiece + 3 && (static_cast<unsigned char>(bytes()[end]) & 0xC0U) == 0x80) ++end;
  return bytes().substr(begin, end - begin);
}

bool StreamText::is_utf8() const {
  for (std::size_t begin = 0; begin < size_;) {
    const std::string_view piece = piece_at(begin);
    if (!is_valid_utf8(piece)) return false;
    begin += piece.size();
    forget();
  }
  return true;
}

TextEncoding StreamText::decode() {
  TextEncoding encoding = TextEncoding::latin1;
  for (std::size_t begin = 0; begin < size_ && encoding == TextEncoding::latin1;) {
    const std::string_view piece = piece_at(begin);
    if (piece.find("\xEF\xBF\xBD") != std::string_view::npos) encoding = TextEncoding::broken_utf8;
    begin += piece.size();
    forget();
  }
  TemporaryFile copy;
  for (std::size_t begin = 0; begin < size_;) {
    const std::string_view piece = piece_at(begin);
    copy.write(decode_text(piece, encoding));
    begin += piece.size();
    forget();
  }
  map(copy.get());
  return encoding;
}

}  // namespace affekt
