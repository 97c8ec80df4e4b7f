// A model ready to answer, whatever computes it: oneDNN's executor (infer/) or LibTorch (nn/).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/model/compute_options.h"
#include "affekt/model/model_file.h"

namespace affekt {

/// What computes a network.
/// onednn: libaffekt_faces, on the CPU in fp32. torch: libaffekt_learn, on CPU or GPU, in fp32 or bf16. automatic:
/// torch where only it will do (a CUDA device named or found, bf16 asked for) or where the build has no other; else
/// onednn, which starts in milliseconds and is faster on a CPU.
enum class EngineKind : std::uint8_t { automatic, onednn, torch };
AFFEKT_API const std::vector<std::pair<std::string, EngineKind>>& engine_names();  ///< auto, onednn, torch

/// A model in evaluation mode. Not for several threads at once.
class AFFEKT_API Engine {
 public:
  virtual ~Engine();
  virtual EngineKind kind() const = 0;  ///< Never automatic.

  /// @param faces  (n, 48, 48) grey, 0..255; resized and preprocessed as the model's card says.
  /// @returns      (n, 7) before softmax, row-major; a face has the same logits in any company, up to rounding.
  /// Memory: onednn's does not grow beyond 64 faces; torch's does, with the activations of all n.
  virtual std::vector<float> logits(const std::uint8_t* faces, std::size_t n) = 0;
};

/// Loads the library that has the engine, if need be, and replays the model's self-tests. LibTorch takes half a second,
/// and its threads are set for the whole process.
/// @throws UsageError  the engine is not in this build or cannot do what is asked (onednn: a GPU, bf16), or there is no
///                     such device. @throws DataError  the self-tests give other logits (tolerance 1e-3).
AFFEKT_API std::unique_ptr<Engine> load_engine(const ModelFile& model, EngineKind kind,
                                               const ComputeOptions& compute = {});

}  // namespace affekt
