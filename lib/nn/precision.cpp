#include "affekt/nn/precision.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "affekt/core/error.h"
#include "affekt/core/text.h"

namespace affekt {
namespace {

/// Training speeds as scripts/bench/precision prints them. bf16 over fp32, without avx512_bf16: oneDNN converts from
/// and to fp32 around every operation; the same under ONEDNN_MAX_CPU_ISA=AVX512_CORE, by processor time on one thread.
/// With AVX2 alone LibTorch computes bf16 convolutions without oneDNN: never worth it. The blocked layout over
/// channels-last, in fp32: with AVX2 under the variables that docs/affekt-train.md names; with AVX-512 resnet50v2
/// as the network of scripts/bench/train_networks.py.
struct Gains {
  const char* network;
  struct {
    double avx512_bf16, avx512;
  } bf16;
  struct {
    double avx512, avx2;
  } blocked;
};
constexpr Gains kGains[] = {{"compact", {1.59, 0.48}, {0.96, 1.04}},
                            {"basic-cnn", {1.79, 0.44}, {1.07, 1.22}},
                            {"vgg16", {2.05, 0.43}, {0.96, 1.18}},
                            {"resnet50v2", {1.46, 0.52}, {1.08, 1.25}},
                            {"efficientnet-b0", {0.54, 0.43}, {0.57, 1.03}}};

template <std::size_t n>
bool is_among(const std::string& text, const char* const (&texts)[n]) {
  return std::find(std::begin(texts), std::end(texts), text) != std::end(texts);
}

/// PrecisionTable::instructions on a CPU.
std::string instructions_of(const Processor& processor, const std::string& onednn_limit) {
  static const char* const kWithoutAvx2[] = {"sse41", "avx"};
  static const char* const kWithoutAvx512[] = {"avx2", "avx2_vnni", "avx2_vnni_2"};
  static const char* const kWithoutBf16[] = {"avx512_core", "avx512_core_vnni"};
  const bool avx512 =
      processor.has("avx512f") && processor.has("avx512bw") && processor.has("avx512dq") && processor.has("avx512vl");
  const std::string limit = lower_ascii(onednn_limit);  // oneDNN takes either case
  if (!processor.has("avx2") || is_among(limit, kWithoutAvx2)) return "";
  if (!avx512 || is_among(limit, kWithoutAvx512)) return "avx2";
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
  if (device != "cpu" || limit.empty() || !precision_table(processor(), "", device).has_bf16()) return;
  if (!precision_table(processor(), limit, device).has_bf16()) {
    throw UsageError("precision: bf16 needs AVX-512, from which ONEDNN_MAX_CPU_ISA=" + printable(limit, 40) +
                     " keeps oneDNN (unset it, or take fp32)");
  }
}

double bf16_gain(const Gains& gains, const PrecisionTable& table) {
  if (!table.has_bf16()) return 0;
  return table.instructions == "avx512" ? gains.bf16.avx512 : gains.bf16.avx512_bf16;
}

double blocked_gain(const Gains& gains, const std::string& instructions) {
  if (instructions.empty() || instructions == "cuda") return 0;
  return instructions == "avx2" ? gains.blocked.avx2 : gains.blocked.avx512;
}

/// That of the table; what is not in it stays as it is.
PrecisionChoice choice_of(const Network& network, const std::string& device) {
  for (PrecisionChoice& choice : precision_table(device).networks) {
    if (choice.network == network.name) return choice;
  }
  return {};
}

}  // namespace

PrecisionTable precision_table(const Processor& processor, const std::string& onednn_limit, const std::string& device) {
  PrecisionTable table;
  table.instructions = device == "cpu" ? instructions_of(processor, onednn_limit) : "cuda";
  for (const Gains& gains : kGains) {
    PrecisionChoice choice;
    choice.network = gains.network;
    choice.gain = bf16_gain(gains, table);
    if (choice.gain > 1) choice.precision = Precision::bf16;
    choice.blocked_gain = blocked_gain(gains, table.instructions);
    if (choice.blocked_gain > kLeastBlockedGain) choice.fp32_layout = Layout::blocked;
    table.networks.push_back(choice);
  }
  return table;
}

PrecisionTable precision_table(const std::string& device) {
  return precision_table(processor(), onednn_limit_of_process(), device);
}

Precision effective_precision(Precision precision, const Network& network, const std::string& device) {
  if (precision == Precision::bf16) check_bf16(device);
  return precision == Precision::automatic ? choice_of(network, device).precision : precision;
}

Layout effective_layout(Layout layout, Precision precision, const Network& network, const std::string& device) {
  if (layout == Layout::blocked && (precision == Precision::bf16 || device != "cpu")) {
    throw UsageError("layout: blocked is for fp32 on a CPU (--precision fp32 --device cpu, or take channels-last)");
  }
  if (layout != Layout::automatic) return layout;
  return precision == Precision::bf16 ? Layout::channels_last : choice_of(network, device).fp32_layout;
}

}  // namespace affekt
