// Which vector instructions the library's own kernels use: k-means, the silhouette, Adam, inference.
#pragma once

#include <string>
#include <vector>

#include "affekt/core/export.h"

namespace affekt {

/// The instruction sets that there are kernels for and that this processor has, the widest first, by Highway's names in
/// lower case: avx3 (AVX-512), avx2, sse4, ssse3, ...
AFFEKT_API std::vector<std::string> simd_levels();

/// The one of them that the kernels use: the widest, unless another was set.
AFFEKT_API std::string simd_level();

/// The kernels use nothing wider than `level` from now on. Process-wide; not while a kernel runs.
/// @throws UsageError for an unknown name, or one that this processor lacks.
AFFEKT_API void set_simd_level(const std::string& level);

/// set_simd_level() with what the environment variable AFFEKT_SIMD says; nothing where it is not set or empty. Programs
/// that want to follow it call this first.
/// @throws UsageError as set_simd_level() does, naming the variable.
AFFEKT_API void follow_simd_variable();

}  // namespace affekt
