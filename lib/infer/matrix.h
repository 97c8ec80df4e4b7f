// Private: the sizes of the products of matrix-inl.h with the present instruction set.
#pragma once

#include <cstdint>

namespace affekt {

/// Rows that are multiplied at once: work is best cut into multiples of it.
std::int64_t kernel_rows();
/// Channels side by side in the widest blocked layout that the kernels take: 8 or 16.
std::int64_t kernel_block();

}  // namespace affekt
