// What --precision auto chooses, and on what grounds.
#pragma once

#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/core/processor.h"
#include "affekt/nn/compute.h"

namespace affekt {

struct PrecisionChoice {
  std::string network;
  Precision precision = Precision::fp32;
  double gain = 0;  ///< Training speed in bf16 over that in fp32, as measured with the instructions below; 0 = unknown.
};

struct PrecisionTable {
  /// What computes bf16: "avx512_bf16"; "avx512", which converts to fp32 and back; "" = nothing that pays; "cuda".
  std::string instructions;
  std::vector<PrecisionChoice> networks;  ///< Those that were measured; the others are fp32.
};

/// A fixed table by network and instruction set, printed by scripts/bench/precision: never timed at the start.
/// @param onednn_limit  Value of ONEDNN_MAX_CPU_ISA, which keeps oneDNN from instructions that the processor has;
///                      "" = no limit.
/// @param device        "cpu" or "cuda:N"; CUDA devices follow the column of avx512_bf16, unmeasured.
AFFEKT_API PrecisionTable precision_table(const Processor& processor, const std::string& onednn_limit,
                                          const std::string& device);

/// The same for this process.
AFFEKT_API PrecisionTable precision_table(const std::string& device);

}  // namespace affekt
