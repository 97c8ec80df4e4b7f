#include <algorithm>

#include "affekt/core/csv.h"
#include "affekt/core/parallel.h"
#include "core/byte_masks.h"

namespace affekt {
namespace {

constexpr std::size_t kBlock = 64;

struct Counts {
  std::size_t quotes = 0, line_ends = 0;
};

/// Carriage returns that no LF follows. `mask` has a bit for each CR of the 64 bytes at `block`.
std::size_t lone_returns(std::string_view bytes, std::size_t block, std::uint64_t mask) {
  std::size_t lone = 0;
  for (; mask != 0; mask &= mask - 1) {
    const std::size_t next = block + static_cast<std::size_t>(__builtin_ctzll(mask)) + 1;
    if (next >= bytes.size() || bytes[next] != '\n') ++lone;
  }
  return lone;
}

/// Quotes and line ends in bytes [begin, end); CRLF counts where its LF lies.
Counts count(std::string_view bytes, std::size_t begin, std::size_t end) {
  Counts counts;
  for (std::size_t block = begin; block < end; block += kBlock) {
    const std::size_t size = std::min(kBlock, end - block);
    const char* data = bytes.data() + block;
    const auto mask = [&](char a, char b, char c) {
      return size == kBlock ? detail::mask_of(data, a, b, c) : detail::mask_of_tail(data, size, a, b, c);
    };
    if (mask('"', '\n', '\r') == 0) continue;
    counts.quotes += static_cast<std::size_t>(__builtin_popcountll(mask('"', '"', '"')));
    counts.line_ends += static_cast<std::size_t>(__builtin_popcountll(mask('\n', '\n', '\n')));
    counts.line_ends += lone_returns(bytes, block, mask('\r', '\r', '\r'));
  }
  return counts;
}

}  // namespace

std::vector<CsvPart> cut_csv(std::string_view bytes, std::size_t part_bytes) {
  const std::size_t step = std::max<std::size_t>(part_bytes, 1);
  std::vector<Counts> counts((bytes.size() + step - 1) / step);
  parallel_for(bytes.size(), step,
               [&](std::size_t begin, std::size_t end) { counts[begin / step] = count(bytes, begin, end); });

  std::vector<CsvPart> parts;
  if (bytes.empty()) return parts;
  parts.push_back({0, bytes.size(), 1});
  std::size_t quotes = 0, line_ends = 0;
  for (std::size_t i = 0; i + 1 < counts.size(); ++i) {
    quotes += counts[i].quotes;
    line_ends += counts[i].line_ends;
    std::size_t at = (i + 1) * step;
    if (at < parts.back().begin) continue;  // the last search went past: from here it would end where it ended
    bool inside = quotes % 2 == 1;
    std::size_t line = 1 + line_ends;
    for (bool found = false; at < bytes.size() && !found; ++at) {  // the first row begun after the boundary
      const char c = bytes[at];
      if (c == '"') inside = !inside;
      const bool line_end = c == '\n' || (c == '\r' && (at + 1 >= bytes.size() || bytes[at + 1] != '\n'));
      if (line_end) ++line;
      found = line_end && !inside;
    }
    if (at >= bytes.size()) break;
    parts.back().end = at;
    parts.push_back({at, bytes.size(), line});
  }
  return parts;
}

}  // namespace affekt
