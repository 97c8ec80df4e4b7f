// Where and how networks compute: device, threads, precision.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/model/network.h"

namespace affekt {

/// Number format of convolutions and dense layers. Weights, BatchNorm statistics and the loss are fp32 either way.
/// automatic: bf16 where it was measured to be faster, by a fixed table of networks, never by timing.
enum class Precision : std::uint8_t { automatic, fp32, bf16 };
AFFEKT_API const std::vector<std::pair<std::string, Precision>>& precision_names();  ///< auto, fp32, bf16

struct ComputeOptions {
  std::string device = "auto";  ///< auto (CUDA if there is one), cpu, cuda or cuda:N.
  int threads = 0;              ///< Threads of one operation on the CPU; 0 = all cores this process may run on.
  Precision precision = Precision::fp32;

  void validate() const;  ///< Throws UsageError for a malformed device or a negative number of threads.
};

/// What `precision` means for this network on this device ("cpu" or "cuda:N"): never automatic. What automatic means is
/// in affekt/nn/precision.h.
/// @throws UsageError for bf16 where a variable (ONEDNN_MAX_CPU_ISA) keeps oneDNN from computing in it.
AFFEKT_API Precision effective_precision(Precision precision, const Network& network, const std::string& device);

/// Sets the threads of LibTorch's operations (it starts with one) and keeps freed memory in the process, so that the
/// tensors of every step need no new pages from the system. Process-wide: call once, early.
/// @throws UsageError for a negative number.
AFFEKT_API void prepare_compute(int threads);

/// The device a text means on this machine: "cpu" or "cuda:N".
/// @throws UsageError malformed, or no such device here.
AFFEKT_API std::string resolve_device(const std::string& device);

}  // namespace affekt
