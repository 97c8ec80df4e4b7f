// Points around known centres, for tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "affekt/core/random.h"

namespace affekt::test {

struct Blobs {
  std::size_t n = 0, d = 0;
  std::vector<float> x;             // (n, d)
  std::vector<std::int32_t> truth;  // (n)
};

/// `k` clouds of standard deviation `spread` around centres drawn from [-10, 10]^d.
inline Blobs make_blobs(std::size_t n, std::size_t d, std::size_t k, double spread, std::uint64_t seed) {
  RandomStream random(seed);
  std::vector<double> centers(k * d);
  for (double& value : centers) value = random.uniform(-10, 10);
  Blobs blobs;
  blobs.n = n;
  blobs.d = d;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t c = random.below(k);
    blobs.truth.push_back(static_cast<std::int32_t>(c));
    for (std::size_t j = 0; j < d; ++j) {
      blobs.x.push_back(static_cast<float>(centers[c * d + j] + spread * random.normal()));
    }
  }
  return blobs;
}

}  // namespace affekt::test
