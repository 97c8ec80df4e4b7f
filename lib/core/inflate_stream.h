// Private: zlib's stream of inflation, ended with its object.
#pragma once

#include <zlib.h>

#include "affekt/core/error.h"

namespace affekt {

struct InflateStream : z_stream {
  /// @param window_bits  as inflateInit2() takes it: negative without a header, 16 more for gzip's.
  explicit InflateStream(int window_bits) : z_stream{} {
    if (inflateInit2(this, window_bits) != Z_OK) throw Error("zlib cannot start");
  }
  ~InflateStream() { inflateEnd(this); }
  InflateStream(const InflateStream&) = delete;
  InflateStream& operator=(const InflateStream&) = delete;
};

}  // namespace affekt
