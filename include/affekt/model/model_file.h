// The model file: a safetensors file whose metadata carries a card that says all there is to know about the model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/core/safetensors.h"
#include "affekt/model/card.h"
#include "affekt/model/network.h"

namespace affekt {

/// One input and the logits the writer got for it; replayed at load by infer/ and nn/ (tolerance 1e-3).
struct SelfTest {
  std::vector<float> input;   ///< (channels, side, side), already preprocessed.
  std::vector<float> logits;  ///< (classes)
};

/// A validated model: every parameter of its network present with the right shape and dtype f16 or f32, nothing
/// unknown.
class AFFEKT_API ModelFile {
 public:
  /// Validates before use: container, schema, card, classes, network, tensors (all finite), self-tests (at least one).
  /// @throws IoError, DataError with the file and what is wrong.
  static ModelFile open(const std::filesystem::path& path);
  /// Of a file that is open already. @throws DataError as open().
  static ModelFile of(SafetensorsFile file);

  const std::filesystem::path& path() const;
  const ModelCard& card() const;
  const Network& network() const;
  const TensorView& parameter(const std::string& name) const;
  std::vector<SelfTest> self_tests() const;
  std::uint64_t file_bytes() const;

  ModelFile(ModelFile&&) noexcept;
  ModelFile& operator=(ModelFile&&) noexcept;
  ~ModelFile();

 private:
  struct Impl;
  explicit ModelFile(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Named fp32 parameters in memory, shapes as in parameter_specs().
using ParameterMap = std::map<std::string, std::vector<float>>;

/// Writes a model atomically; `dtype` f32 or f16 (BatchNorm statistics and self-tests stay f32).
/// With f16 the self-test logits must come from the rounded weights: round first with round_to_half().
/// @throws UsageError if a parameter is missing, has the wrong size or is not finite. @throws IoError.
AFFEKT_API void write_model(const std::filesystem::path& path, const ModelCard& card, const ParameterMap& parameters,
                            const std::vector<SelfTest>& self_tests, DType dtype);
/// Rounds what write_model(..., f16) would round.
AFFEKT_API void round_to_half(const Network& network, ParameterMap& parameters);

/// Resolves what users write where a model is expected: a file, a run folder (its best.safetensors), or "default" (the
/// bundled model). @throws IoError if there is none.
AFFEKT_API std::filesystem::path resolve_model_path(const std::string& text);

}  // namespace affekt
