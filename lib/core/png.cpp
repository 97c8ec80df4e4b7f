#include "affekt/core/png.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "affekt/core/error.h"

namespace affekt {
namespace {

using Bytes = std::vector<std::uint8_t>;

void append_number(std::string& out, std::size_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out += static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xFFU);
}

/// Length, name, bytes, and the CRC of name and bytes.
void append_chunk(std::string& out, const std::string& name, const std::string& bytes) {
  append_number(out, bytes.size());
  const std::string body = name + bytes;
  out += body;
  append_number(out, crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size())));
}

/// Of the neighbours to the left, above, and above that one, the nearest to left + above - corner.
int paeth(int left, int above, int corner) {
  const int to_left = std::abs(above - corner), to_above = std::abs(left - corner),
            to_corner = std::abs(left + above - 2 * corner);
  if (to_left <= to_above && to_left <= to_corner) return left;
  return to_above <= to_corner ? above : corner;
}

/// A row as differences from what a filter type of PNG (0 to 4) predicts. `row` and `above` begin with a pixel of
/// zeros.
template <typename Predict>
void filter_row(const Bytes& row, const Bytes& above, std::size_t step, Predict predict, Bytes& out) {
  for (std::size_t i = step; i < row.size(); ++i) {
    out[i - step + 1] = static_cast<std::uint8_t>(row[i] - predict(row[i - step], above[i], above[i - step]));
  }
}

/// The filtered row, after its type, whose differences are the smallest: what deflates best, as a rule.
class RowFilter {
 public:
  RowFilter(std::size_t row_bytes, std::size_t step) : step_(step), best_(1 + row_bytes), other_(1 + row_bytes) {}

  const Bytes& best_of(const Bytes& row, const Bytes& above) {
    best_cost_ = -1;
    consider(0, row, above, [](int, int, int) { return 0; });
    consider(1, row, above, [](int left, int, int) { return left; });
    consider(2, row, above, [](int, int up, int) { return up; });
    consider(3, row, above, [](int left, int up, int) { return (left + up) / 2; });
    consider(4, row, above, paeth);
    return best_;
  }

 private:
  template <typename Predict>
  void consider(std::uint8_t type, const Bytes& row, const Bytes& above, Predict predict) {
    other_[0] = type;
    filter_row(row, above, step_, predict, other_);
    long long cost = 0;
    for (std::size_t i = 1; i < other_.size(); ++i) cost += std::min<int>(other_[i], 256 - other_[i]);
    if (best_cost_ >= 0 && cost >= best_cost_) return;
    best_cost_ = cost;
    std::swap(best_, other_);
  }

  std::size_t step_;
  Bytes best_, other_;
  long long best_cost_ = -1;
};

/// Rows one after another, each after its filter type.
std::string filtered(const Picture& picture) {
  const auto step = static_cast<std::size_t>(picture.channels);
  const std::size_t row_bytes = static_cast<std::size_t>(picture.width) * step;
  Bytes row(step + row_bytes, 0), above(step + row_bytes, 0);
  RowFilter filter(row_bytes, step);
  std::string out;
  out.reserve((1 + row_bytes) * static_cast<std::size_t>(picture.height));
  for (std::size_t begin = 0; begin < picture.pixels.size(); begin += row_bytes) {
    std::copy_n(picture.pixels.data() + begin, row_bytes, row.data() + step);
    const Bytes& best = filter.best_of(row, above);
    out.append(reinterpret_cast<const char*>(best.data()), best.size());
    std::swap(row, above);
  }
  return out;
}

std::string deflated(const std::string& bytes) {
  uLongf size = compressBound(bytes.size());
  std::string out(size, '\0');
  if (compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
               bytes.size()) != Z_OK) {
    throw Error("a picture could not be compressed");
  }
  out.resize(size);
  return out;
}

}  // namespace

std::string encode_png(const Picture& picture) {
  const auto bytes = static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height) *
                     static_cast<std::size_t>(picture.channels);
  if (picture.width <= 0 || picture.height <= 0 || (picture.channels != 1 && picture.channels != 3) ||
      picture.pixels.size() != bytes) {
    throw UsageError("a picture without pixels, or with another number than its sides say, cannot be written as PNG");
  }
  const char* const kind = picture.channels == 1 ? "\x08\0\0\0\0" : "\x08\x02\0\0\0";
  std::string header;
  append_number(header, static_cast<std::size_t>(picture.width));
  append_number(header, static_cast<std::size_t>(picture.height));
  header.append(kind, 5);  // 8 bits a sample, grey or RGB, deflated, filtered by row, not interlaced
  std::string out = "\x89PNG\r\n\x1a\n";
  append_chunk(out, "IHDR", header);
  append_chunk(out, "IDAT", deflated(filtered(picture)));
  append_chunk(out, "IEND", "");
  return out;
}

}  // namespace affekt
