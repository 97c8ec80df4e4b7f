// Files in and out: mapped or decompressed reading, atomic writing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "affekt/core/export.h"

namespace affekt {

/// The bytes of a file, mapped read-only where possible. `.gz` and `.xz` are recognised by their magic bytes and
/// decompressed to memory; "-" reads standard input. Movable; the bytes live as long as the object.
class AFFEKT_API InputFile {
 public:
  /// @param max_bytes  the largest accepted (decompressed) size; a decompression bomb is refused beyond it.
  /// @throws IoError   missing, a directory, or unreadable.
  /// @throws DataError larger than max_bytes, or a damaged compressed stream.
  static InputFile open(const std::filesystem::path& path, std::size_t max_bytes = std::size_t{16} << 30);

  std::string_view bytes() const;

  InputFile(InputFile&&) noexcept;
  InputFile& operator=(InputFile&&) noexcept;
  ~InputFile();

 private:
  struct Impl;
  explicit InputFile(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Writes a file beside its place and renames it in commit(): a crash leaves the old file or the new one, never half of
/// one. Without commit() the destructor removes what was written. Parent folders are not made.
class AFFEKT_API AtomicFile {
 public:
  /// @throws IoError  the place cannot be written.
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// @throws IoError  disk full or write error.
  void write(std::string_view bytes);
  void write(const void* data, std::size_t size) { write({static_cast<const char*>(data), size}); }
  /// Flushes to disk and renames over the destination. @throws IoError.
  void commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path part_;
  int fd_ = -1;
};

/// AtomicFile for a text that is already in memory.
AFFEKT_API void write_file(const std::filesystem::path& path, std::string_view bytes);

/// Makes `dir` (and its parents) and fails now, not after hours of work, if files cannot be made in it.
/// @throws IoError  a parent is a regular file, or no permission.
AFFEKT_API void ensure_writable_folder(const std::filesystem::path& dir);

/// Fails now if a file could not be written at `path` later. Leaves nothing behind. @throws IoError.
AFFEKT_API void check_writable_file(const std::filesystem::path& path);

/// 16 hexadecimal digits of CRC-64 (ECMA-182): tells damaged or exchanged files apart; not a defence against forgery.
AFFEKT_API std::string digest_hex(std::string_view bytes);

/// Continues a digest over several pieces: start with 0.
AFFEKT_API std::uint64_t digest_update(std::uint64_t digest, const void* data, std::size_t size);
AFFEKT_API std::string digest_text(std::uint64_t digest);

/// Folder of bundled files (`share/`, `configs/`): $AFFEKT_DATA_DIR, else beside the running program's install or build
/// tree: bin/../share/affekt. `relative` like "models/default.safetensors" or "configs/moods.json". @throws IoError
/// naming the places tried.
AFFEKT_API std::filesystem::path find_bundled(const std::string& relative);

}  // namespace affekt
