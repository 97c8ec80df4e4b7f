// Private: which of 64 bytes are of a kind, as bits; the inner loop of the CSV readers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace affekt::detail {

/// Bit i is set if bytes[i] equals one of a, b, c. Reads exactly 64 bytes. Every x86-64 has SSE2; elsewhere the
/// compiler vectorises the plain loop as it can.
inline std::uint64_t mask_of(const char* bytes, char a, char b, char c) {
#if defined(__SSE2__)
  const __m128i va = _mm_set1_epi8(a), vb = _mm_set1_epi8(b), vc = _mm_set1_epi8(c);
  std::uint64_t mask = 0;
  for (std::size_t part = 0; part < 4; ++part) {
    __m128i v;
    std::memcpy(&v, bytes + 16 * part, sizeof v);
    const __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, va), _mm_cmpeq_epi8(v, vb)), _mm_cmpeq_epi8(v, vc));
    mask |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(hit))) << (16 * part);
  }
  return mask;
#else
  std::uint64_t mask = 0;
  for (int i = 0; i < 64; ++i) {
    mask |= static_cast<std::uint64_t>(bytes[i] == a || bytes[i] == b || bytes[i] == c) << i;
  }
  return mask;
#endif
}

/// mask_of() for fewer than 64 bytes; the bits beyond are clear.
inline std::uint64_t mask_of_tail(const char* bytes, std::size_t size, char a, char b, char c) {
  char padded[64] = {};
  std::memcpy(padded, bytes, size);
  const std::uint64_t inside = size >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << size) - 1;
  return mask_of(padded, a, b, c) & inside;
}

}  // namespace affekt::detail
