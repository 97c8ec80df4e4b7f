#include "affekt/nn/compute.h"

#include <malloc.h>

#include <algorithm>

#include "affekt/core/error.h"
#include "affekt/core/parallel.h"
#include "affekt/core/text.h"
#include "nn/torch.h"

namespace affekt {
namespace {

void check_threads(int threads) {
  if (threads < 0) {
    throw UsageError("threads: expected 0 (all cores) or more, found " + std::to_string(threads));
  }
}

}  // namespace

void prepare_compute(int threads) {
  check_threads(threads);
  at::set_num_threads(threads > 0 ? threads : usable_cores());
  // Without these, every large tensor is mapped and unmapped anew, and the system clears its pages each time. (A higher
  // M_MMAP_THRESHOLD will not do: glibc takes no more than 32 MB.)
  constexpr int kKeepBelow = 1 << 30;
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, kKeepBelow);
}

std::string resolve_device(const std::string& device) {
  const DeviceChoice choice = parse_device(device);
  if (choice.kind == DeviceKind::cpu) return "cpu";
  constexpr auto kCuda = c10::DeviceType::CUDA;
  const int count =
      c10::impl::hasDeviceGuardImpl(kCuda) ? static_cast<int>(c10::impl::getDeviceGuardImpl(kCuda)->deviceCount()) : 0;
  if (choice.kind == DeviceKind::automatic && count == 0) return "cpu";
  if (choice.index >= count) {
    throw UsageError("device: " + device + " asked for, LibTorch finds " + std::to_string(count) +
                     " CUDA devices here (--device cpu)");
  }
  return "cuda:" + std::to_string(choice.index);
}

}  // namespace affekt
