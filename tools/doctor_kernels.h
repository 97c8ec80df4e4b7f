// What affekt doctor finds out about the processor and the kernels that libraries choose for it.
#pragma once

#include <string>
#include <vector>

#include "affekt/core/processor.h"
#include "common/cli.h"

namespace affekt::cli {

/// Vector instructions, each level with those before it.
enum class Vectors { sse, avx, avx2, avx512 };

Vectors vectors_of(const Processor& processor);

/// The kernels that a library uses.
struct Kernels {
  std::string library;             ///< "oneDNN"
  std::string in_use;              ///< By the library's own name: "avx512_core_bf16", "Haswell"; "" = it does not say.
  Vectors vectors = Vectors::sse;  ///< What that amounts to.
  std::string variable;            ///< "NAME=value" of the environment that may keep it from better ones; "" = none.
  std::string remedy;              ///< Where no variable is to blame.
};

/// A row of the table: a warning where a variable keeps the library below the processor, or where it runs without AVX2
/// on a processor that has it.
Json judge_kernels(const Kernels& kernels, Vectors processor);

/// The processor and the kernels of k-means.
void examine_processor(Json& checks);
/// @pre libaffekt_faces is there.
void examine_onednn(Json& checks);
/// LibTorch, OpenBLAS, and what --precision auto chooses. @pre libaffekt_learn is there.
void examine_learn_kernels(Json& checks);

}  // namespace affekt::cli
