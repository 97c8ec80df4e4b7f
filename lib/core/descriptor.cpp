#include "core/descriptor.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "affekt/core/error.h"
#include "affekt/core/text.h"

namespace affekt {

void throw_io(const std::filesystem::path& path, const std::string& what) {
  throw IoError(printable(path.string()) + ": " + what + ": " + std::strerror(errno));
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

OpenedFile open_for_reading(const std::filesystem::path& path) {
  Descriptor file(path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) throw_io(path, "cannot open");
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) throw_io(path, "cannot read");
  if (S_ISDIR(info.st_mode)) throw IoError(printable(path.string()) + ": is a folder, expected a file");
  // A file of the system that is made as it is read says that it is empty.
  const bool mappable = S_ISREG(info.st_mode) && info.st_size > 0 && ::lseek(file.get(), 0, SEEK_CUR) == 0;
  return {std::move(file), mappable, mappable ? static_cast<std::size_t>(info.st_size) : 0};
}

void read_pieces(int fd, const std::filesystem::path& path, const std::function<void(std::string_view)>& take) {
  std::vector<char> buffer(std::size_t{1} << 20);
  for (;;) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_io(path, "cannot read");
    if (got == 0) return;
    take({buffer.data(), static_cast<std::size_t>(got)});
  }
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

Mapping::Mapping(int fd, std::size_t size, const std::filesystem::path& path) : size_(size) {
  if (size == 0) return;  // which the system does not map
  void* map = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (map == MAP_FAILED) throw_io(path, "cannot map");
  map_ = map;
}

Mapping::~Mapping() {
  if (map_ != nullptr) ::munmap(map_, size_);
}

void Mapping::expect_sequential() const {
  if (map_ != nullptr) ::madvise(map_, size_, MADV_SEQUENTIAL);
}

void Mapping::forget() const {
  if (map_ != nullptr) ::madvise(map_, size_, MADV_DONTNEED);
}

}  // namespace affekt
