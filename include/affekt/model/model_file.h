// The model file: a safetensors file whose metadata carries a card that says all there is to know about the model.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/core/safetensors.h"
#include "affekt/model/network.h"

namespace affekt {

/// How grey pixels 0..255 become network input: channel c is (x * scale - mean[c]) / std[c], c in the order of
/// `channels`.
struct Preprocessing {
  std::string name = "unit";  ///< See make_preprocessing().
  double scale = 1.0 / 255.0;
  std::array<double, 3> mean{0, 0, 0};
  std::array<double, 3> std{1, 1, 1};
};

AFFEKT_API const std::vector<std::string>& preprocessing_names();

/// unit         x / 255
/// fer2013      (x / 255 - 0.5077) / 0.2550, mean and deviation of its training faces
/// imagenet     (x / 255 - mean) / std of ImageNet, channels red, green, blue
/// keras-tf     x / 127.5 - 1
/// keras-caffe  x - mean of ImageNet, channels blue, green, red
/// @throws UsageError for another name.
AFFEKT_API Preprocessing make_preprocessing(const std::string& name);

/// Text of the card's `metrics`: name -> value, e.g. "validation_accuracy", "private_accuracy", fractions.
using Metrics = std::map<std::string, double>;

/// What the file says of itself. Written by the program only.
struct ModelCard {
  std::string architecture;      ///< Name for make_network().
  std::string head = "default";  ///< Head for make_network().
  std::string variant;           ///< Variant for make_network().
  int image_size = 48;
  int channels = 1;                  ///< 1 or 3; grey faces are repeated over 3.
  std::vector<std::string> classes;  ///< Must be the seven emotion names in order.
  Preprocessing preprocessing;
  std::string pretrained;  ///< The weights training began with, in words: file, format, digest; "" = random ones.
  std::string teachers;    ///< The models whose answers it learned from, in words: file, network, digest; "" = none.
  std::string training_options_json = "{}";  ///< Effective options of the run, a JSON object.
  std::uint64_t seed = 0;
  std::string data;  ///< What it was trained on, in words: files, rows, split.
  std::string data_digest;
  std::string selection;  ///< How the weights were chosen, e.g. "best accuracy on PublicTest".
  Metrics metrics;
  std::string license;
  std::string created;  ///< UTC, ISO 8601.
  std::string tool_version;
};

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

/// The runs that `affekt-train --seeds` has left in a folder, by seed, so far as they have weights; else none.
AFFEKT_API std::vector<std::filesystem::path> seed_runs_in(const std::filesystem::path& folder);

/// The card as JSON text: what the file's metadata hold and tools show.
AFFEKT_API std::string card_json(const ModelCard& card);

}  // namespace affekt
