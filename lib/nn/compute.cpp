#include "affekt/nn/compute.h"

#include <malloc.h>
#include <sched.h>

#include <algorithm>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "nn/torch.h"

namespace affekt {
namespace {

int usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

/// Index of the CUDA device a text names, -1 for the CPU, -2 for auto.
int parse_device(const std::string& text) {
  if (text == "auto") return -2;
  if (text == "cpu") return -1;
  if (text == "cuda") return 0;
  if (text.rfind("cuda:", 0) == 0) {
    const auto index = parse_integer(text.substr(5));
    if (index && *index >= 0 && *index < 128) return static_cast<int>(*index);
  }
  throw UsageError("device: expected auto, cpu, cuda or cuda:N, found '" + printable(text) + "'");
}

void check_threads(int threads) {
  if (threads < 0) {
    throw UsageError("threads: expected 0 (all cores) or more, found " + std::to_string(threads));
  }
}

}  // namespace

const std::vector<std::pair<std::string, Precision>>& precision_names() {
  static const std::vector<std::pair<std::string, Precision>> names = {
      {"auto", Precision::automatic}, {"fp32", Precision::fp32}, {"bf16", Precision::bf16}};
  return names;
}

void ComputeOptions::validate() const {
  parse_device(device);
  check_threads(threads);
}

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
  const int index = parse_device(device);
  if (index == -1) return "cpu";
  constexpr auto kCuda = c10::DeviceType::CUDA;
  const int count =
      c10::impl::hasDeviceGuardImpl(kCuda) ? static_cast<int>(c10::impl::getDeviceGuardImpl(kCuda)->deviceCount()) : 0;
  if (index == -2 && count == 0) return "cpu";
  const int wanted = std::max(index, 0);
  if (wanted >= count) {
    throw UsageError("device: " + device + " asked for, LibTorch finds " + std::to_string(count) +
                     " CUDA devices here (--device cpu)");
  }
  return "cuda:" + std::to_string(wanted);
}

}  // namespace affekt
