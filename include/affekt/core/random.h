// Seeded random streams that give the same numbers on every machine and standard library.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "affekt/core/export.h"

namespace affekt {

/// xoshiro256++ (Blackman & Vigna, 2019) seeded through SplitMix64. Streams with another `stream` number are
/// independent.
class AFFEKT_API RandomStream {
 public:
  explicit RandomStream(std::uint64_t seed, std::uint64_t stream = 0);

  std::uint64_t next();  ///< Uniform over 64 bits.
  double uniform();      ///< Uniform in [0, 1), 53 bits.
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  std::uint64_t below(std::uint64_t n);  ///< Uniform in [0, n), unbiased; n >= 1.
  double normal();                       ///< Standard normal (Box-Muller).

  template <typename T>
  void shuffle(std::vector<T>& values) {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
  }

  std::array<std::uint64_t, 4> state() const { return state_; }
  void set_state(const std::array<std::uint64_t, 4>& state) { state_ = state; }

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace affekt
