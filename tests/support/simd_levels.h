// The library's kernels at every instruction set that this processor has.
#pragma once

#include <cstdlib>
#include <string>
#include <vector>

#include "affekt/core/simd.h"
#include "support/catch.h"

namespace affekt::test {

/// Calls `check` at each level, then goes back to the one before. A run at one level (AFFEKT_SIMD) keeps to that one:
/// the others have runs of their own.
template <typename Check>
void at_every_simd_level(const Check& check) {
  const std::string before = simd_level();
  const bool one = std::getenv("AFFEKT_SIMD") != nullptr;
  for (const std::string& level : one ? std::vector<std::string>{before} : simd_levels()) {
    INFO("instruction set " << level);
    set_simd_level(level);
    check();
  }
  set_simd_level(before);
}

}  // namespace affekt::test
