// A trained network ready to classify the rows of a data set.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/data/dataset.h"
#include "affekt/model/model_file.h"
#include "affekt/nn/compute.h"

namespace affekt {

struct ForwardOptions {
  int batch_size = 256;  ///< Rows in one pass, >= 1, fewer above 96 x 96; for speed and memory only.
  std::function<void(std::size_t done)> progress;  ///< Called after each batch with the rows done; may be empty.
  std::function<bool()> stop_requested;            ///< Asked after each batch; true throws Interrupted. May be empty.
};

/// Weights on a device, in evaluation mode (BatchNorm's running statistics, no dropout).
class AFFEKT_API Classifier {
 public:
  /// Copies the weights to the device and replays the file's self-tests in fp32.
  /// @throws UsageError  no such device. @throws DataError  the self-tests give other logits (tolerance 1e-3).
  static Classifier load(const ModelFile& file, const ComputeOptions& compute = {});

  /// Raw outputs (before softmax) for `rows` of `data`, in that order: (rows.size(), 7), row-major.
  /// Time: one forward pass a row; memory: one batch of activations.
  std::vector<float> logits(const Dataset& data, const std::vector<std::size_t>& rows,
                            const ForwardOptions& options = {}) const;

  const Network& network() const;

  Classifier(Classifier&&) noexcept;
  Classifier& operator=(Classifier&&) noexcept;
  ~Classifier();

  struct Impl;  ///< Private to libaffekt_learn (lib/nn/classifier_impl.h).
  const Impl& impl() const { return *impl_; }

 private:
  explicit Classifier(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace affekt
