// Private: what the importers of the several formats share.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "affekt/core/safetensors.h"
#include "affekt/model/network.h"
#include "affekt/nn/pretrained.h"

namespace affekt {

/// "[64, 3, 7, 7]"
std::string shape_text(const std::vector<std::int64_t>& shape);

/// What read_pretrained() takes for `network`, for the end of a refusal.
std::string accepted_text(const std::string& network);

/// The parameters of a backbone and, if wanted, of its classifier, filled one by one and checked against the table.
class WeightCollector {
 public:
  /// @param place    what messages begin with.
  /// @param classes  of the classifier; 0 = without. @throws DataError if no network has so many.
  /// @param image_size  that the classifier is for; 0 = what it is published for.
  WeightCollector(std::string place, const std::string& network, const std::string& variant, std::int64_t classes,
                  int image_size = 0);

  const Network& table() const { return table_; }
  /// In node order: the backbone's, then the classifier's if wanted.
  const std::vector<ParameterSpec>& specs() const { return specs_; }
  const ParameterSpec* find(const std::string& name) const;  ///< nullptr: no parameter of this name is wanted.

  /// @param source  name in the file, for messages.
  /// @throws DataError  there already, another number of values, NaN or infinity, a negative variance.
  void add(const ParameterSpec& spec, std::vector<float> values, const std::string& source);
  /// @throws DataError  something is missing.
  ParameterMap take();

 private:
  std::string place_;
  Network table_;
  std::vector<ParameterSpec> specs_;
  std::map<std::string, std::size_t> by_name_;
  ParameterMap parameters_;
};

/// Whether BatchNorm was folded into the convolutions: all weights 1, all means 0, all variances the same number.
/// @param variance  gets that number; may be nullptr.
bool is_folded(const Network& table, const ParameterMap& parameters, float* variance);

PretrainedWeights read_torch_safetensors(const SafetensorsFile& file, const std::string& network, bool keep_classifier);
/// @param path  an HDF5 file or a zip archive.
PretrainedWeights read_keras(const std::filesystem::path& path, const std::string& network, bool keep_classifier);

}  // namespace affekt
