#include "core/decompress.h"

#include <lzma.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <limits>

#include "affekt/core/error.h"
#include "core/inflate_stream.h"

namespace affekt {
namespace {

constexpr std::size_t kFirstBuffer = std::size_t{1} << 20;

[[noreturn]] void throw_damaged(const std::string& place, const char* kind) {
  throw DataError(place + ": damaged or cut short " + kind + " data; fetch or compress the file again");
}

/// Doubles the output, never beyond the limit.
void grow(std::string& out, const std::string& place, std::size_t max_bytes) {
  if (out.size() >= max_bytes)
    throw DataError(place + ": unpacks to more than " + std::to_string(max_bytes) + " bytes");
  out.resize(std::min(max_bytes, std::max(kFirstBuffer, out.size() * 2)));
}

}  // namespace

std::string gunzip(std::string_view bytes, const std::string& place, std::size_t max_bytes) {
  constexpr int kGzipOnly = 16 + MAX_WBITS;
  InflateStream stream(kGzipOnly);
  std::string out;
  std::size_t used = 0, done = 0;
  for (;;) {
    if (done == out.size()) grow(out, place, max_bytes);
    const auto limit = static_cast<std::size_t>(std::numeric_limits<uInt>::max());
    const std::size_t in = std::min(limit, bytes.size() - used), room = std::min(limit, out.size() - done);
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data() + used));
    stream.avail_in = static_cast<uInt>(in);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + done);
    stream.avail_out = static_cast<uInt>(room);
    const int status = inflate(&stream, Z_NO_FLUSH);
    used += in - stream.avail_in;
    done += room - stream.avail_out;
    if (status == Z_STREAM_END) {
      if (used == bytes.size()) break;
      if (inflateReset(&stream) != Z_OK) throw_damaged(place, "gzip");  // another member follows
      continue;
    }
    const bool output_full = stream.avail_out == 0;
    const bool input_ended = used == bytes.size() && !output_full;
    const bool may_go_on = status == Z_OK || (status == Z_BUF_ERROR && output_full);
    if (input_ended || !may_go_on) throw_damaged(place, "gzip");
  }
  out.resize(done);
  return out;
}

std::string unxz(std::string_view bytes, const std::string& place, std::size_t max_bytes) {
  struct Stream {
    lzma_stream z = LZMA_STREAM_INIT;
    Stream() = default;
    ~Stream() { lzma_end(&z); }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
  } stream;
  constexpr std::uint64_t kMemoryLimit = std::uint64_t{1} << 30;
  if (lzma_stream_decoder(&stream.z, kMemoryLimit, LZMA_CONCATENATED) != LZMA_OK) throw Error("liblzma cannot start");
  std::string out;
  std::size_t done = 0;
  stream.z.next_in = reinterpret_cast<const std::uint8_t*>(bytes.data());
  stream.z.avail_in = bytes.size();
  for (;;) {
    if (done == out.size()) grow(out, place, max_bytes);
    stream.z.next_out = reinterpret_cast<std::uint8_t*>(out.data() + done);
    stream.z.avail_out = out.size() - done;
    const lzma_ret status = lzma_code(&stream.z, LZMA_FINISH);
    done = out.size() - stream.z.avail_out;
    if (status == LZMA_STREAM_END) break;
    if (status != LZMA_OK && !(status == LZMA_BUF_ERROR && stream.z.avail_out == 0)) throw_damaged(place, "xz");
  }
  out.resize(done);
  return out;
}

}  // namespace affekt
