// A trained network that answers through LibTorch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/model/engine.h"
#include "affekt/model/model_file.h"

namespace affekt {

/// Weights on a device, in evaluation mode (BatchNorm's running statistics, no dropout).
class AFFEKT_API Classifier final : public Engine {
 public:
  /// Copies the weights to the device and replays the file's self-tests in fp32.
  /// @throws UsageError  no such device. @throws DataError  the self-tests give other logits (tolerance 1e-3).
  explicit Classifier(const ModelFile& file, const ComputeOptions& compute = {});
  ~Classifier() override;
  Classifier(const Classifier&) = delete;
  Classifier& operator=(const Classifier&) = delete;

  EngineKind kind() const override { return EngineKind::torch; }
  /// In one pass up to 65536 faces, fewer above 96 x 96: memory is the activations of the faces given.
  std::vector<float> logits(const std::uint8_t* faces, std::size_t n) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace affekt
