// What ComputeOptions mean for LibTorch on this machine.
#pragma once

#include <string>

#include "affekt/core/export.h"
#include "affekt/model/compute_options.h"
#include "affekt/model/network.h"

namespace affekt {

/// What `precision` means for this network on this device ("cpu" or "cuda:N"): never automatic. What automatic means is
/// in affekt/nn/precision.h.
/// @throws UsageError for bf16 where a variable (ONEDNN_MAX_CPU_ISA) keeps oneDNN from computing in it.
AFFEKT_API Precision effective_precision(Precision precision, const Network& network, const std::string& device);

/// What `layout` means for training this network: never automatic.
/// @param precision  What it is trained in, not automatic.
/// @throws UsageError for blocked in bf16 or on another device than the CPU.
AFFEKT_API Layout effective_layout(Layout layout, Precision precision, const Network& network,
                                   const std::string& device);

/// Sets the threads of LibTorch's operations (it starts with one) and keeps freed memory in the process, so that the
/// tensors of every step need no new pages from the system. Process-wide: call once, early.
/// @throws UsageError for a negative number.
AFFEKT_API void prepare_compute(int threads);

/// The device a text means on this machine: "cpu" or "cuda:N".
/// @throws UsageError malformed, or no such device here.
AFFEKT_API std::string resolve_device(const std::string& device);

}  // namespace affekt
