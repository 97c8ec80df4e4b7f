#include "affekt/core/file.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <lzma.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <random>
#include <utility>
#include <vector>

#include "affekt/core/error.h"
#include "affekt/core/file_kind.h"
#include "affekt/core/text.h"
#include "core/decompress.h"
#include "core/descriptor.h"

namespace affekt {
namespace fs = std::filesystem;
namespace {

std::string shown(const fs::path& path) { return printable(path.string()); }

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
  Mapping mapping;
  std::string memory;
  bool in_memory = false;

  std::string_view bytes() const { return in_memory ? std::string_view(memory) : mapping.bytes(); }
  void replace(std::string text) {
    memory = std::move(text);
    in_memory = true;
    mapping = Mapping();
  }
};

InputFile::InputFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
InputFile::InputFile(InputFile&&) noexcept = default;
InputFile& InputFile::operator=(InputFile&&) noexcept = default;
InputFile::~InputFile() = default;

std::string_view InputFile::bytes() const { return impl_->bytes(); }

InputFile InputFile::open(const fs::path& path, std::size_t max_bytes) {
  auto impl = std::make_unique<Impl>();
  const auto require_room = [&](std::size_t size) {
    if (size > max_bytes) throw DataError(shown(path) + ": larger than " + std::to_string(max_bytes) + " bytes");
  };
  const OpenedFile opened = open_for_reading(path);
  if (opened.mappable) {
    require_room(opened.size);
    impl->mapping = Mapping(opened.file.get(), opened.size, path);
  } else {
    std::string bytes;
    read_pieces(opened.file.get(), path, [&](std::string_view piece) {
      require_room(bytes.size() + piece.size());
      bytes += piece;
    });
    impl->replace(std::move(bytes));
  }
  const FileKind kind = file_kind(impl->bytes());
  if (kind == FileKind::gzip) impl->replace(gunzip(impl->bytes(), shown(path), max_bytes));
  if (kind == FileKind::xz) impl->replace(unxz(impl->bytes(), shown(path), max_bytes));
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
  if (!write_all(fd_, bytes)) throw_io(path_, "cannot write");
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
