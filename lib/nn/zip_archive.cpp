#include "nn/zip_archive.h"

#include <zlib.h>

#include <algorithm>
#include <set>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "core/inflate_stream.h"

namespace affekt {
namespace {

// Sizes of the records without their names, and where their fields lie.
constexpr std::size_t kEndBytes = 22, kEntryBytes = 46, kHeaderBytes = 30;
constexpr std::size_t kMaxComment = 65535;
constexpr std::uint32_t kEndMark = 0x06054b50, kEntryMark = 0x02014b50, kHeaderMark = 0x04034b50;
constexpr std::uint32_t kInZip64 = 0xffffffff;
// Weights hardly compress: what swells more, and is not small, is a bomb.
constexpr std::uint64_t kMaxSwelling = 20, kSmall = std::uint64_t{16} << 20;
constexpr std::size_t kPiece = std::size_t{1} << 20;

/// Little-endian numbers at places that must lie inside the archive.
class Bytes {
 public:
  Bytes(std::string_view bytes, const std::string& place) : bytes_(bytes), place_(place) {}

  std::uint32_t u16(std::size_t at) const { return byte(at) | byte(at + 1) << 8; }
  std::uint32_t u32(std::size_t at) const { return u16(at) | u16(at + 2) << 16; }
  std::string_view slice(std::size_t at, std::size_t size) const {
    if (at > bytes_.size() || size > bytes_.size() - at) damaged();
    return bytes_.substr(at, size);
  }
  std::size_t size() const { return bytes_.size(); }

  [[noreturn]] void fail(const std::string& what) const { throw DataError(place_ + ": " + what); }
  [[noreturn]] void damaged() const { fail("a damaged or truncated zip archive; copy or save it again"); }

 private:
  std::uint32_t byte(std::size_t at) const {
    if (at >= bytes_.size()) damaged();
    return static_cast<unsigned char>(bytes_[at]);
  }

  std::string_view bytes_;
  const std::string& place_;
};

/// The record that ends every archive; a comment may follow it.
std::size_t find_end(const Bytes& bytes) {
  if (bytes.size() < kEndBytes) bytes.damaged();
  const std::size_t last = bytes.size() - kEndBytes;
  for (std::size_t at = last; at + kMaxComment >= last; --at) {
    if (bytes.u32(at) == kEndMark && at + kEndBytes + bytes.u16(at + 20) == bytes.size()) return at;
    if (at == 0) break;
  }
  bytes.damaged();
}

bool is_plain_name(const std::string& name) {
  if (name.empty() || name.front() == '/' || name.find('\\') != std::string::npos) return false;
  if (name.find('\0') != std::string::npos) return false;
  const std::vector<std::string> parts = split(name, '/');
  return std::find(parts.begin(), parts.end(), "..") == parts.end();
}

/// One entry, whose record in the directory begins at `at`. @param directory  where the contents end.
ZipEntry read_entry(const Bytes& bytes, std::size_t at, std::size_t directory) {
  if (bytes.u32(at) != kEntryMark) bytes.damaged();
  ZipEntry entry;
  entry.name = bytes.slice(at + kEntryBytes, bytes.u16(at + 28));
  const std::string quoted = "'" + printable(entry.name, 80) + "'";
  if (!is_plain_name(entry.name)) bytes.fail("the entry " + quoted + " leads out of the archive");
  const std::uint32_t flags = bytes.u16(at + 8), method = bytes.u16(at + 10);
  if ((flags & 1) != 0) bytes.fail("the entry " + quoted + " is encrypted; save it without a password");
  if (method != 0 && method != Z_DEFLATED) {
    bytes.fail("the entry " + quoted + " is compressed by method " + std::to_string(method) +
               ", expected stored or deflated");
  }
  entry.deflated = method == Z_DEFLATED;
  entry.crc = bytes.u32(at + 16);
  entry.unpacked = bytes.u32(at + 24);
  const std::uint32_t packed = bytes.u32(at + 20), header = bytes.u32(at + 42);
  if (packed == kInZip64 || entry.unpacked == kInZip64 || header == kInZip64) {
    bytes.fail("the entry " + quoted + " is of 4 GB or more, which no network known here is");
  }
  if (entry.deflated ? entry.unpacked > std::max(kSmall, kMaxSwelling * packed) : entry.unpacked != packed) {
    bytes.fail("the entry " + quoted + " holds " + std::to_string(packed) + " bytes and declares " +
               std::to_string(entry.unpacked));
  }
  if (bytes.u32(header) != kHeaderMark) bytes.damaged();
  const std::size_t name_bytes = bytes.u16(header + 26),
                    begin = header + kHeaderBytes + name_bytes + bytes.u16(header + 28);
  if (bytes.slice(header + kHeaderBytes, name_bytes) != entry.name || begin > directory || packed > directory - begin) {
    bytes.damaged();
  }
  entry.packed = bytes.slice(begin, packed);
  return entry;
}

}  // namespace

std::vector<ZipEntry> list_zip(std::string_view archive, const std::string& place) {
  const Bytes bytes(archive, place);
  const std::size_t end = find_end(bytes), count = bytes.u16(end + 10), directory = bytes.u32(end + 16);
  if (directory == kInZip64) bytes.fail("a zip archive of 4 GB or more, which no network known here is");
  const bool one_part = bytes.u16(end + 4) == 0 && bytes.u16(end + 6) == 0 && bytes.u16(end + 8) == count;
  if (!one_part || directory > end || bytes.u32(end + 12) != end - directory) bytes.damaged();
  std::vector<ZipEntry> entries;
  std::set<std::string> names;
  std::size_t at = directory;
  for (std::size_t i = 0; i < count; ++i) {
    entries.push_back(read_entry(bytes, at, directory));
    if (!names.insert(entries.back().name).second) {
      bytes.fail("two entries are named '" + printable(entries.back().name, 80) + "'");
    }
    at += kEntryBytes + bytes.u16(at + 28) + bytes.u16(at + 30) + bytes.u16(at + 32);
  }
  if (at != end) bytes.damaged();
  return entries;
}

void unzip(const ZipEntry& entry, const std::string& place, const std::function<void(std::string_view)>& take) {
  InflateStream stream(-MAX_WBITS);  // without zlib's own header
  std::vector<char> buffer(entry.deflated ? kPiece : 0);
  std::string_view left = entry.packed;
  std::uint64_t done = 0;
  uLong crc = crc32(0, nullptr, 0);
  bool ended = false;
  while (!ended) {
    std::string_view piece = left.substr(0, kPiece);
    if (entry.deflated) {
      stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(piece.data()));
      stream.avail_in = static_cast<uInt>(piece.size());
      stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
      stream.avail_out = static_cast<uInt>(buffer.size());
      const int status = inflate(&stream, Z_NO_FLUSH);
      left.remove_prefix(piece.size() - stream.avail_in);
      piece = {buffer.data(), buffer.size() - stream.avail_out};
      ended = status != Z_OK;  // the end, or damage, which size and CRC tell
    } else {
      left.remove_prefix(piece.size());
      ended = left.empty();
    }
    done += piece.size();
    if (done > entry.unpacked) break;
    crc = crc32(crc, reinterpret_cast<const Bytef*>(piece.data()), static_cast<uInt>(piece.size()));
    take(piece);
  }
  if (done != entry.unpacked || !left.empty() || crc != entry.crc) {
    throw DataError(place + ": the entry '" + printable(entry.name, 80) +
                    "' is damaged (size or CRC-32 differ); copy or save the file again");
  }
}

}  // namespace affekt
