#include "affekt/core/file.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <lzma.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <random>
#include <utility>
#include <vector>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "core/decompress.h"

namespace affekt {
namespace fs = std::filesystem;
namespace {

std::string shown(const fs::path& path) { return printable(path.string()); }

[[noreturn]] void throw_io(const fs::path& path, const std::string& what) {
  throw IoError(shown(path) + ": " + what + ": " + std::strerror(errno));
}

/// A file descriptor that closes itself.
struct Descriptor {
  int fd = -1;
  explicit Descriptor(int value) : fd(value) {}
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
};

/// Everything a pipe or special file gives, up to max_bytes.
std::string read_stream(int fd, const fs::path& path, std::size_t max_bytes) {
  std::string bytes;
  std::vector<char> buffer(std::size_t{1} << 20);
  for (;;) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_io(path, "cannot read");
    if (got == 0) return bytes;
    if (bytes.size() + static_cast<std::size_t>(got) > max_bytes) {
      throw DataError(shown(path) + ": larger than " + std::to_string(max_bytes) + " bytes");
    }
    bytes.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

/// Six letters and digits, as mkostemps() would choose them; that one makes files for their owner only.
std::string random_letters() {
  constexpr std::string_view kLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::random_device random;
  std::uniform_int_distribution<std::size_t> place(0, kLetters.size() - 1);
  std::string letters;
  while (letters.size() < 6) letters += kLetters[place(random)];
  return letters;
}

/// Gives an open file the mode of the one it is to replace, if there is one, and its owner and group where the system
/// lets us. Rights of a group that could not be kept go to no other. False if the mode could not be set.
bool keep_permissions(const fs::path& replaced, int fd) {
  constexpr mode_t kPermissions = 0777;
  struct stat before {};
  if (::stat(replaced.c_str(), &before) != 0) return true;
  mode_t mode = before.st_mode & kPermissions;
  const bool kept =
      ::fchown(fd, before.st_uid, before.st_gid) == 0 || ::fchown(fd, static_cast<uid_t>(-1), before.st_gid) == 0;
  if (!kept) mode &= ~static_cast<mode_t>(S_IRWXG);
  return ::fchmod(fd, mode) == 0;
}

}  // namespace

struct InputFile::Impl {
  void* map = nullptr;
  std::size_t map_size = 0;
  std::string memory;
  bool in_memory = false;

  ~Impl() {
    if (map != nullptr) ::munmap(map, map_size);
  }
  std::string_view bytes() const {
    return in_memory ? std::string_view(memory) : std::string_view(static_cast<const char*>(map), map_size);
  }
  void replace(std::string text) {
    memory = std::move(text);
    in_memory = true;
    if (map != nullptr) ::munmap(map, map_size);
    map = nullptr;
  }
};

InputFile::InputFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
InputFile::InputFile(InputFile&&) noexcept = default;
InputFile& InputFile::operator=(InputFile&&) noexcept = default;
InputFile::~InputFile() = default;

std::string_view InputFile::bytes() const { return impl_->bytes(); }
bool InputFile::mapped() const { return !impl_->in_memory; }

InputFile InputFile::open(const fs::path& path, std::size_t max_bytes) {
  auto impl = std::make_unique<Impl>();
  const bool standard_input = path == "-";
  const Descriptor file(standard_input ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd < 0) throw_io(path, "cannot open");
  struct stat info {};
  if (::fstat(file.fd, &info) != 0) throw_io(path, "cannot read");
  if (S_ISDIR(info.st_mode)) throw IoError(shown(path) + ": is a folder, expected a file");
  if (S_ISREG(info.st_mode) && !standard_input) {
    impl->map_size = static_cast<std::size_t>(info.st_size);
    if (impl->map_size > max_bytes) {
      throw DataError(shown(path) + ": larger than " + std::to_string(max_bytes) + " bytes");
    }
    if (impl->map_size > 0) {
      void* map = ::mmap(nullptr, impl->map_size, PROT_READ, MAP_PRIVATE, file.fd, 0);
      if (map == MAP_FAILED) throw_io(path, "cannot map");
      impl->map = map;
    } else {
      impl->in_memory = true;
    }
  } else {
    impl->replace(read_stream(file.fd, path, max_bytes));
  }
  if (is_gzip(impl->bytes())) {
    impl->replace(gunzip(impl->bytes(), shown(path), max_bytes));
  } else if (is_xz(impl->bytes())) {
    impl->replace(unxz(impl->bytes(), shown(path), max_bytes));
  }
  return InputFile(std::move(impl));
}

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)) {
  std::error_code error;
  if (fs::is_symlink(path_, error)) path_ = fs::weakly_canonical(path_, error);  // write what the link stands for
  const bool replaces = fs::exists(path_, error);
  if (replaces && !fs::is_regular_file(path_, error)) {
    throw IoError(shown(path_) + ": is not a regular file, so it cannot be replaced by one");
  }
  constexpr mode_t kOwnerOnly = 0600, kAnyNewFile = 0666;  // of which the system takes the umask
  do {
    part_ = path_.string() + "." + random_letters() + ".part";
    fd_ = ::open(part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, replaces ? kOwnerOnly : kAnyNewFile);
  } while (fd_ < 0 && errno == EEXIST);
  if (fd_ >= 0) return;
  part_.clear();
  throw_io(path_, "cannot write");
}

AtomicFile::~AtomicFile() {
  if (fd_ >= 0) ::close(fd_);
  if (!part_.empty()) ::unlink(part_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd_, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw_io(path_, "cannot write");
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
}

void AtomicFile::commit() {
  if (!keep_permissions(path_, fd_) || ::fsync(fd_) != 0) throw_io(path_, "cannot write");
  if (::close(std::exchange(fd_, -1)) != 0) throw_io(path_, "cannot write");
  if (::rename(part_.c_str(), path_.c_str()) != 0) throw_io(path_, "cannot write");
  part_.clear();
}

void write_file(const fs::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

void ensure_writable_folder(const fs::path& dir) {
  std::error_code error;
  fs::create_directories(dir, error);
  if (error || !fs::is_directory(dir)) {
    throw IoError(shown(dir) + ": cannot make this folder: " + (error ? error.message() : "a file is in the way"));
  }
  const AtomicFile probe(dir / ".affekt-writable");
}

void check_writable_file(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) throw IoError(shown(path) + ": is a folder, expected a file to write");
  const AtomicFile probe(path);
}

std::uint64_t digest_update(std::uint64_t digest, const void* data, std::size_t size) {
  return lzma_crc64(static_cast<const std::uint8_t*>(data), size, digest);
}

std::string digest_text(std::uint64_t digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(16, '0');
  for (std::size_t i = 0; i < text.size(); ++i) text[text.size() - 1 - i] = kDigits[(digest >> (4 * i)) & 15U];
  return text;
}

std::string digest_hex(std::string_view bytes) { return digest_text(digest_update(0, bytes.data(), bytes.size())); }

fs::path find_bundled(const std::string& relative) {
  std::vector<fs::path> roots;
  const auto add = [&roots](const fs::path& root) {
    if (std::find(roots.begin(), roots.end(), root.lexically_normal()) == roots.end()) {
      roots.push_back(root.lexically_normal());
    }
  };
  if (const char* dir = std::getenv("AFFEKT_DATA_DIR"); dir != nullptr && *dir != '\0') {
    add(dir);
  } else {
    std::error_code error;
    add(fs::read_symlink("/proc/self/exe", error).parent_path() / "../share/affekt");
    Dl_info library{};
    if (::dladdr(reinterpret_cast<const void*>(&digest_text), &library) != 0 && library.dli_fname != nullptr) {
      const fs::path lib = fs::path(library.dli_fname).parent_path();
      add(lib / "../share/affekt");
      add(lib / "../../share/affekt");  // lib/<architecture>/
    }
  }
  std::vector<std::string> tried;
  for (const auto& root : roots) {
    std::error_code error;
    if (fs::exists(root / relative, error)) return root / relative;
    tried.push_back(shown(root));
  }
  throw IoError("bundled file " + relative + " not found in " + join(tried, ", ") + "; set AFFEKT_DATA_DIR");
}

}  // namespace affekt
