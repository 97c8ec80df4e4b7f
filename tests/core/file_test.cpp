#include "affekt/core/file.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <lzma.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "affekt/core/error.h"
#include "affekt/core/file_kind.h"
#include "affekt/core/safetensors.h"
#include "support/catch.h"
#include "support/temp_folder.h"

using namespace affekt;
namespace fs = std::filesystem;

namespace {

std::atomic<int> umask_calls{0};

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string xz(const std::string& text) {
  std::string out(lzma_stream_buffer_bound(text.size()), '\0');
  std::size_t size = 0;
  lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, nullptr, reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                          reinterpret_cast<std::uint8_t*>(out.data()), &size, out.size());
  out.resize(size);
  return out;
}

std::string some_text() {
  std::string text;
  for (long long i = 0; i < 300000; ++i) text += std::to_string(i * 7919) + "\n";
  return text;
}

std::size_t files_in(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

}  // namespace

/// Stands before the system's for the library, too, so that its calls are counted.
extern "C" __attribute__((visibility("default"))) mode_t umask(mode_t mask) noexcept {
  ++umask_calls;
  return reinterpret_cast<mode_t (*)(mode_t)>(::dlsym(RTLD_NEXT, "umask"))(mask);
}

TEST_CASE("an input file gives the same bytes plain, gzipped and xz-compressed") {
  const TempFolder folder;
  const std::string text = some_text();
  write_file(folder / "plain", text);
  write_file(folder / "a.gz", gzip(text));
  write_file(folder / "two.gz", gzip(text.substr(0, 1000)) + gzip(text.substr(1000)));
  write_file(folder / "a.xz", xz(text));
  write_file(folder / "two.xz", xz(text.substr(0, 1000)) + xz(text.substr(1000)));
  for (const char* name : {"plain", "a.gz", "two.gz", "a.xz", "two.xz"}) {
    CAPTURE(name);
    CHECK(InputFile::open(folder / name).bytes() == text);
  }
  const auto mapped = [&](const char* name) {
    const InputFile file = InputFile::open(folder / name);
    std::ifstream maps("/proc/self/maps");
    const std::string all{std::istreambuf_iterator<char>(maps), {}};
    return all.find((folder / name).string() + '\n') != std::string::npos;
  };
  CHECK(mapped("plain"));
  CHECK_FALSE(mapped("a.gz"));
}

TEST_CASE("compressed data cut short anywhere or bent is refused, never half read") {
  const TempFolder folder;
  const std::string text = some_text().substr(0, 20000);
  for (const std::string& whole : {gzip(text), xz(text)}) {
    for (std::size_t keep = 7; keep < whole.size(); keep += 97) {
      CAPTURE(keep);
      write_file(folder / "cut", whole.substr(0, keep));
      CHECK_THROWS_AS(InputFile::open(folder / "cut"), DataError);
    }
    std::string bent = whole;
    bent[bent.size() / 2] = static_cast<char>(bent[bent.size() / 2] ^ 0x55);
    write_file(folder / "bent", bent);
    CHECK_THROWS_AS(InputFile::open(folder / "bent"), DataError);
  }
}

TEST_CASE("a decompression bomb stops at the limit") {
  const TempFolder folder;
  write_file(folder / "bomb.gz", gzip(std::string(50 << 20, '\0')));
  write_file(folder / "bomb.xz", xz(std::string(50 << 20, '\0')));
  CHECK_THROWS_AS(InputFile::open(folder / "bomb.gz", 1 << 20), DataError);
  CHECK_THROWS_AS(InputFile::open(folder / "bomb.xz", 1 << 20), DataError);
  CHECK_THROWS_AS(InputFile::open(folder / "bomb.gz", 10), DataError);
}

TEST_CASE("missing files, folders and empty files") {
  const TempFolder folder;
  CHECK_THROWS_AS(InputFile::open(folder / "none"), IoError);
  CHECK_THROWS_AS(InputFile::open(folder.path()), IoError);
  write_file(folder / "empty", "");
  CHECK(InputFile::open(folder / "empty").bytes().empty());
}

TEST_CASE("an atomic file appears whole or not at all") {
  const TempFolder folder;
  write_file(folder / "kept", "old");
  {
    AtomicFile file(folder / "kept");
    file.write("half of the new");
  }
  CHECK(InputFile::open(folder / "kept").bytes() == "old");
  CHECK(files_in(folder.path()) == 1);
  AtomicFile file(folder / "kept");
  file.write("new");
  CHECK(InputFile::open(folder / "kept").bytes() == "old");
  file.commit();
  CHECK(InputFile::open(folder / "kept").bytes() == "new");
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("a file that replaces another keeps its mode, a new one has that of any new file") {
  const TempFolder folder;
  const fs::path path = folder / "history.txt";
  const auto mode = [&path] { return static_cast<unsigned int>(fs::status(path).permissions()); };
  for (const unsigned int wanted : {0600U, 0640U, 0444U, 0664U}) {
    write_file(path, "old");
    fs::permissions(path, static_cast<fs::perms>(wanted));
    write_file(path, "new");
    CHECK(mode() == wanted);
  }
  for (const mode_t mask : {mode_t{0}, mode_t{022}, mode_t{077}}) {
    fs::remove(path);
    const mode_t before = ::umask(mask);
    write_file(path, "first");
    ::umask(before);
    CHECK(mode() == (0666 & ~mask));
  }
  umask_calls = 0;
  write_file(path, "again");
  CHECK(umask_calls == 0);  // it belongs to the process: another thread's file could be made in between
}

TEST_CASE("a file half written shows no more than the one it is to replace") {
  const TempFolder folder;
  const fs::path path = folder / "history.txt";
  write_file(path, "old");
  fs::permissions(path, static_cast<fs::perms>(0600));
  AtomicFile file(path);
  file.write("secret");
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    CHECK(static_cast<unsigned int>(entry.status().permissions()) == 0600U);
  }
}

TEST_CASE("a file that replaces another keeps its owner where that is possible") {
  if (::geteuid() != 0) {
    WARN("skipped: only root may give files away");
    return;
  }
  const TempFolder folder;
  const fs::path path = folder / "history.txt";
  write_file(path, "old");
  REQUIRE(::chown(path.c_str(), 65534, 65534) == 0);
  write_file(path, "new");
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK(info.st_uid == 65534);
  CHECK(info.st_gid == 65534);
}

TEST_CASE("places that cannot be written are found before the work") {
  const TempFolder folder;
  write_file(folder / "file", "x");
  CHECK_THROWS_AS(ensure_writable_folder(folder / "file" / "below"), IoError);
  CHECK_THROWS_AS(ensure_writable_folder(folder / "file"), IoError);
  CHECK_THROWS_AS(check_writable_file(folder / "file" / "below"), IoError);
  CHECK_THROWS_AS(check_writable_file(folder.path()), IoError);
  CHECK_THROWS_AS(write_file(folder / "none" / "x", "x"), IoError);
  ensure_writable_folder(folder / "a" / "b");
  std::filesystem::create_directories(folder / "a" / "probe");  // whatever a user's folders are called
  ensure_writable_folder(folder / "a");
  check_writable_file(folder / "a" / "b" / "c");
  CHECK(files_in(folder.path() / "a" / "b") == 0);
}

TEST_CASE("the digest is CRC-64 of ECMA-182 and can be taken in pieces") {
  CHECK(digest_hex("123456789") == "995dc9bbdf1939fa");  // the standard's check value
  const std::string text = some_text();
  std::uint64_t pieces = 0;
  for (std::size_t i = 0; i < text.size(); i += 777) {
    const std::string piece = text.substr(i, 777);
    pieces = digest_update(pieces, piece.data(), piece.size());
  }
  CHECK(digest_text(pieces) == digest_hex(text));
}

TEST_CASE("bundled files are found in the folder named by the environment") {
  const TempFolder folder;
  fs::create_directories(folder / "models");
  write_file(folder / "models" / "x", "x");
  ::setenv("AFFEKT_DATA_DIR", folder.path().c_str(), 1);
  CHECK(find_bundled("models/x") == folder / "models" / "x");
  CHECK_THROWS_AS(find_bundled("models/y"), IoError);
  ::unsetenv("AFFEKT_DATA_DIR");
}

TEST_CASE("the first bytes tell what kind of file it is, whatever its name") {
  using namespace std::string_view_literals;
  const TempFolder folder;
  const std::string text = some_text();
  write_safetensors(folder / "packed", {}, {});
  CHECK(file_kind_at(folder / "packed") == FileKind::safetensors);
  CHECK(file_kind_at(folder / "missing") == std::nullopt);
  write_file(folder / "empty", "");
  CHECK(file_kind_at(folder / "empty") == FileKind::empty);
  write_file(folder / "one", "P");
  CHECK(file_kind_at(folder / "one") == FileKind::other);
  CHECK(file_kind(gzip(text)) == FileKind::gzip);
  CHECK(file_kind(xz(text)) == FileKind::xz);
  CHECK(file_kind("PK\x03\x04 and more"sv) == FileKind::zip);
  CHECK(file_kind("\xff\xff\xff\xff\xff\xff\xff\x7f{"sv) == FileKind::safetensors);  // its reader says what is wrong
  CHECK(file_kind("a,b,c,d\n{"sv) == FileKind::other);
  CHECK(file_kind("\x89HDF\r\n\x1A\n"sv) == FileKind::hdf5);
  CHECK(file_kind("\x89HDF\n\n\x1A\n"sv) == FileKind::other);  // line ends that a transfer has changed
  CHECK(file_kind("emotion,{pixels}"sv) == FileKind::other);
  CHECK(file_kind("12345678{\"a\""sv) == FileKind::other);  // a text with a brace where safetensors have theirs
}

TEST_CASE("standard input is read from wherever it stands: a file from its begin, a rest, a pipe") {
  const TempFolder folder;
  const std::string text = some_text();
  write_file(folder / "a", text);
  write_file(folder / "a.gz", gzip(text));
  const int kept = ::dup(STDIN_FILENO);
  const auto from = [&](const std::string& name, off_t begin) {
    const int fd = ::open((folder / name).c_str(), O_RDONLY | O_CLOEXEC);
    ::lseek(fd, begin, SEEK_SET);
    ::dup2(fd, STDIN_FILENO);
    ::close(fd);
    const std::string read(InputFile::open("-").bytes());
    ::dup2(kept, STDIN_FILENO);
    return read;
  };
  CHECK(from("a", 0) == text);
  CHECK(from("a", 1000) == text.substr(1000));
  CHECK(from("a.gz", 0) == text);
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  std::thread writer([&] {
    for (std::size_t done = 0; done < text.size();) {
      const ssize_t put = ::write(ends[1], text.data() + done, text.size() - done);
      if (put < 0) break;
      done += static_cast<std::size_t>(put);
    }
    ::close(ends[1]);
  });
  ::dup2(ends[0], STDIN_FILENO);
  ::close(ends[0]);
  const std::string read(InputFile::open("-").bytes());
  writer.join();
  ::dup2(kept, STDIN_FILENO);
  ::close(kept);
  CHECK(read == text);
}
