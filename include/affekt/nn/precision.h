// What --precision auto and --layout auto choose, and on what grounds.
#pragma once

#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/core/processor.h"
#include "affekt/nn/compute.h"

namespace affekt {

/// A layout that gains less keeps to channels-last: so much do rounds of the same measurement differ.
constexpr double kLeastBlockedGain = 1.03;

/// What automatic means for a network. The gains are as measured with the instructions below; 0 = unknown.
struct PrecisionChoice {
  std::string network;
  Precision precision = Precision::fp32;
  double gain = 0;                             ///< Training speed in bf16 over that in fp32, both channels-last.
  Layout fp32_layout = Layout::channels_last;  ///< Of training in fp32; that in bf16 is channels-last.
  double blocked_gain = 0;                     ///< Training speed in fp32 of the blocked layout over channels-last.
};

struct PrecisionTable {
  /// What computes: "avx512_bf16"; "avx512", which converts bf16 to fp32 and back; "avx2"; "" = less; "cuda".
  std::string instructions;
  std::vector<PrecisionChoice> networks;  ///< Those that were measured; the others are fp32 and channels-last.

  /// oneDNN, or CUDA, computes bf16 at all, whether it pays or not.
  bool has_bf16() const { return !instructions.empty() && instructions != "avx2"; }
};

/// A fixed table by network and instruction set, printed by scripts/bench/precision: never timed at the start.
/// @param onednn_limit  Value of ONEDNN_MAX_CPU_ISA, which keeps oneDNN from instructions that the processor has;
///                      "" = no limit.
/// @param device        "cpu" or "cuda:N"; CUDA devices follow the column of avx512_bf16, unmeasured, channels-last.
AFFEKT_API PrecisionTable precision_table(const Processor& processor, const std::string& onednn_limit,
                                          const std::string& device);

/// The same for this process.
AFFEKT_API PrecisionTable precision_table(const std::string& device);

}  // namespace affekt
