#include "affekt/nn/precision.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "affekt/core/error.h"
#include "affekt/core/text.h"

namespace affekt {
namespace {

/// Training speed in bf16 over that in fp32. With avx512_bf16: printed by scripts/bench/precision. Without it oneDNN
/// converts from and to fp32 around every operation: the same under ONEDNN_MAX_CPU_ISA=AVX512_CORE, by processor time
/// on one thread. With AVX2 alone LibTorch computes bf16 convolutions without oneDNN: never worth it.
struct Bf16Gain {
  const char* network;
  double avx512_bf16, avx512;
};
constexpr Bf16Gain kBf16Gains[] = {{"compact", 1.59, 0.48},
                                   {"basic-cnn", 1.79, 0.44},
                                   {"vgg16", 2.05, 0.43},
                                   {"resnet50v2", 1.46, 0.52},
                                   {"efficientnet-b0", 0.54, 0.43}};

template <std::size_t n>
bool is_among(const std::string& text, const char* const (&texts)[n]) {
  return std::find(std::begin(texts), std::end(texts), text) != std::end(texts);
}

/// PrecisionTable::instructions on a CPU.
std::string bf16_instructions(const Processor& processor, const std::string& onednn_limit) {
  static const char* const kWithoutAvx512[] = {"sse41", "avx", "avx2", "avx2_vnni", "avx2_vnni_2"};
  static const char* const kWithoutBf16[] = {"avx512_core", "avx512_core_vnni"};
  const bool avx512 =
      processor.has("avx512f") && processor.has("avx512bw") && processor.has("avx512dq") && processor.has("avx512vl");
  const std::string limit = lower_ascii(onednn_limit);  // oneDNN takes either case
  if (!avx512 || is_among(limit, kWithoutAvx512)) return "";
  const bool bf16 = processor.has("avx512_bf16") || processor.has("amx_bf16");
  return bf16 && !is_among(limit, kWithoutBf16) ? "avx512_bf16" : "avx512";
}

/// oneDNN knows either name; the first one set counts.
std::string onednn_limit_of_process() {
  for (const char* name : {"ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return "";
}

/// LibTorch asks the processor, not oneDNN, whether oneDNN computes in bf16, and fails where a limit says otherwise.
void check_bf16(const std::string& device) {
  const std::string limit = onednn_limit_of_process();
  if (device != "cpu" || limit.empty() || bf16_instructions(processor(), "").empty()) return;
  if (bf16_instructions(processor(), limit).empty()) {
    throw UsageError("precision: bf16 needs AVX-512, from which ONEDNN_MAX_CPU_ISA=" + printable(limit, 40) +
                     " keeps oneDNN (unset it, or take fp32)");
  }
}

}  // namespace

PrecisionTable precision_table(const Processor& processor, const std::string& onednn_limit, const std::string& device) {
  PrecisionTable table;
  table.instructions = device == "cpu" ? bf16_instructions(processor, onednn_limit) : "cuda";
  for (const Bf16Gain& entry : kBf16Gains) {
    const double gain = table.instructions.empty()       ? 0
                        : table.instructions == "avx512" ? entry.avx512
                                                         : entry.avx512_bf16;
    table.networks.push_back({entry.network, gain > 1 ? Precision::bf16 : Precision::fp32, gain});
  }
  return table;
}

PrecisionTable precision_table(const std::string& device) {
  return precision_table(processor(), onednn_limit_of_process(), device);
}

Precision effective_precision(Precision precision, const Network& network, const std::string& device) {
  if (precision == Precision::bf16) check_bf16(device);
  if (precision != Precision::automatic) return precision;
  for (const PrecisionChoice& choice : precision_table(device).networks) {
    if (choice.network == network.name) return choice.precision;
  }
  return Precision::fp32;
}

}  // namespace affekt
