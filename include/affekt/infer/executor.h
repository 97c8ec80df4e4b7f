// Runs a model file's network on the CPU as a list of fused steps, oneDNN's primitives and kernels of our own,
// without LibTorch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/data/emotion.h"
#include "affekt/model/engine.h"
#include "affekt/model/model_file.h"

namespace affekt {

struct ExecutorOptions {
  int threads = 0;                ///< OpenMP threads at most; 0 = thread_count(). Small batches take idle cores only.
  bool replay_self_tests = true;  ///< Compare the file's self-tests at load (tolerance 1e-3).
};

/// BatchNorm is folded into the weights before it, activations and residual sums ride on the convolutions, weights are
/// packed once, and buffers are shared between layers whose values are not alive together. A plan is made for each
/// batch size at its first use and kept. Not for several threads at once: give each thread its own executor.
class AFFEKT_API Executor final : public Engine {
 public:
  /// @throws DataError  a self-test's logits differ from the file's, with both numbers.
  explicit Executor(const ModelFile& model, const ExecutorOptions& options = {});
  /// A network that is not in a file. Its card() has the network's input size and "unit" preprocessing.
  /// @throws DataError  the table is inconsistent, or a parameter is missing or has the wrong size.
  Executor(const Network& network, const ParameterMap& parameters, const ExecutorOptions& options = {});
  ~Executor() override;
  Executor(Executor&&) noexcept;
  Executor& operator=(Executor&&) noexcept;

  const ModelCard& card() const;
  EngineKind kind() const override { return EngineKind::onednn; }

  /// @param input  (n, channels, side, side), preprocessed, as the card's sizes say.
  /// @returns      (n, outputs of the last node): for models (n, 7), before softmax.
  std::vector<float> logits(const float* input, std::size_t n);

  /// @param faces  (n, 48, 48) grey, 0..255; resized (bilinear) to the card's size, repeated over its channels and
  ///               preprocessed as the card says. Large n is run in batches of 64.
  /// @throws DataError  the network has not seven outputs.
  std::vector<float> logits(const std::uint8_t* faces, std::size_t n) override;
  /// Their softmax.
  std::vector<EmotionProbabilities> probabilities(const std::uint8_t* faces, std::size_t n);

  /// What runs for batches of n pictures (1 <= n <= 64), in order, element-wise steps of our own left out:
  /// "convolution: jit:avx2" and the like.
  std::vector<std::string> implementations(std::size_t n);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace affekt
