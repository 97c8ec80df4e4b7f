#include "infer/matrix.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "infer/matrix.cpp"
#include <hwy/foreach_target.h>
// Highway wants this order.
#include <hwy/highway.h>

#include "infer/matrix-inl.h"

HWY_BEFORE_NAMESPACE();
namespace affekt {
namespace HWY_NAMESPACE {

std::int64_t KernelRows() { return kRows; }
std::int64_t KernelBlock() { return kLargestBlock; }

}  // namespace HWY_NAMESPACE
}  // namespace affekt
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace affekt {

HWY_EXPORT(KernelRows);
HWY_EXPORT(KernelBlock);

std::int64_t kernel_rows() { return HWY_DYNAMIC_DISPATCH(KernelRows)(); }
std::int64_t kernel_block() { return HWY_DYNAMIC_DISPATCH(KernelBlock)(); }

}  // namespace affekt
#endif
