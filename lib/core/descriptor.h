// Private: what reading and writing of files is made of.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace affekt {

/// @throws IoError  "PATH: WHAT: " and the system's words for errno.
[[noreturn]] void throw_io(const std::filesystem::path& path, const std::string& what);

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

struct OpenedFile {
  Descriptor file;
  bool mappable = false;  ///< A regular file that stands at its begin, also as standard input. Else it is read.
  std::size_t size = 0;   ///< Bytes, if it is mappable.
};

/// @param path  "-" is standard input. @throws IoError  missing, a folder, or not to be read.
OpenedFile open_for_reading(const std::filesystem::path& path);

/// Gives what is left to `take`, piece by piece. @throws IoError.
void read_pieces(int fd, const std::filesystem::path& path, const std::function<void(std::string_view)>& take);

/// False if the system refused, which says why in errno.
bool write_all(int fd, std::string_view bytes);

/// The first `size` bytes of a file, mapped for reading as long as the object lives.
class Mapping {
 public:
  Mapping() = default;
  /// @param path  for the message. @throws IoError.
  Mapping(int fd, std::size_t size, const std::filesystem::path& path);
  ~Mapping();
  Mapping(Mapping&& other) noexcept : map_(std::exchange(other.map_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(map_, other.map_);
    std::swap(size_, other.size_);
    return *this;
  }
  std::string_view bytes() const { return {static_cast<const char*>(map_), size_}; }
  /// It will be read from front to back.
  void expect_sequential() const;
  /// Gives back the pages that were read; the system's cache keeps them as long as there is room.
  void forget() const;

 private:
  void* map_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace affekt
