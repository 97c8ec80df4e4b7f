#include "nn/zip_writer.h"

#include <zlib.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace affekt::test {
namespace {

/// Little-endian.
std::string number(std::uint64_t value, int bytes) {
  std::string out;
  for (; bytes > 0; --bytes, value >>= 8) out += static_cast<char>(value & 0xff);
  return out;
}

std::string deflated(const std::string& content) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("zlib");
  std::string out(deflateBound(&stream, static_cast<uLong>(content.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int status = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) throw std::runtime_error("zlib cannot write the test's file");
  return out;
}

}  // namespace

std::string zip_bytes(const std::vector<WrittenEntry>& entries) {
  std::string contents, directory;
  for (const WrittenEntry& entry : entries) {
    const std::string packed = entry.deflate ? deflated(entry.content) : entry.content;
    const auto own = static_cast<std::uint32_t>(
        crc32(0, reinterpret_cast<const Bytef*>(entry.content.data()), static_cast<uInt>(entry.content.size())));
    const std::string common = number(20, 2) + number(entry.flags, 2) +
                               number(entry.method.value_or(entry.deflate ? Z_DEFLATED : 0), 2) + number(0, 4) +
                               number(entry.crc.value_or(own), 4) + number(packed.size(), 4) +
                               number(entry.declared.value_or(static_cast<std::uint32_t>(entry.content.size())), 4);
    const std::string local = entry.local_name.value_or(entry.name);
    directory += number(0x02014b50, 4) + number(20, 2) + common + number(entry.name.size(), 2) + number(0, 12) +
                 number(contents.size(), 4) + entry.name;
    contents += number(0x04034b50, 4) + common + number(local.size(), 2) + number(0, 2) + local + packed;
  }
  return contents + directory + number(0x06054b50, 4) + number(0, 4) + number(entries.size(), 2) +
         number(entries.size(), 2) + number(directory.size(), 4) + number(contents.size(), 4) + number(0, 2);
}

void write_zip(const std::filesystem::path& path, const std::vector<WrittenEntry>& entries) {
  std::ofstream(path, std::ios::binary) << zip_bytes(entries);
}

std::string file_bytes(const std::filesystem::path& path) {
  std::stringstream buffer;
  buffer << std::ifstream(path, std::ios::binary).rdbuf();
  return buffer.str();
}

}  // namespace affekt::test
