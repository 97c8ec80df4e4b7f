// Where and how a network computes: device, threads, precision.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "affekt/core/export.h"

namespace affekt {

/// Number format of convolutions and dense layers. Weights, BatchNorm statistics and the loss are fp32 either way.
/// automatic: bf16 where it was measured to be faster, by a fixed table of networks, never by timing; with oneDNN's
/// executor, which knows nothing else, fp32.
enum class Precision : std::uint8_t { automatic, fp32, bf16 };
AFFEKT_API const std::vector<std::pair<std::string, Precision>>& precision_names();  ///< auto, fp32, bf16

/// How activations lie in memory while a network trains on a CPU. Gradients are the same but for rounding.
/// channels_last: all channels of a pixel side by side; what every operation takes.
/// blocked: oneDNN's own format from one convolution to the next, 8 or 16 channels of a pixel side by side. fp32 only;
///   operations without such a kernel take a plain copy.
/// automatic: blocked where it was measured to be faster, by the same fixed table as Precision::automatic.
enum class Layout : std::uint8_t { automatic, channels_last, blocked };
AFFEKT_API const std::vector<std::pair<std::string, Layout>>& layout_names();  ///< auto, channels-last, blocked

struct ComputeOptions {
  std::string device = "auto";  ///< auto (CUDA if there is one), cpu, cuda or cuda:N.
  int threads = 0;              ///< Threads of one operation on the CPU; 0 = all cores this process may run on.
  Precision precision = Precision::fp32;

  AFFEKT_API void validate() const;  ///< Throws UsageError for a malformed device or a negative number of threads.
};

/// What a text says of a device; whether there is such a device is another question.
enum class DeviceKind : std::uint8_t { automatic, cpu, cuda };
struct DeviceChoice {
  DeviceKind kind = DeviceKind::automatic;
  int index = 0;  ///< Of the CUDA device, 0 to 127.
};
/// @throws UsageError unless the text is auto, cpu, cuda or cuda:N.
AFFEKT_API DeviceChoice parse_device(const std::string& text);

}  // namespace affekt
