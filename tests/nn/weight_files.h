// Files of weights with known values, for the tests of their importers.
#pragma once

#include <cstring>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "affekt/core/safetensors.h"
#include "affekt/model/architectures.h"
#include "affekt/model/model_file.h"

namespace affekt::test {

/// Values that depend on the parameter's name: no two tensors are alike, variances are positive.
inline std::vector<float> known_values(const std::string& name, std::size_t count) {
  std::uint32_t state = 2166136261U;
  for (const char c : name) state = (state ^ static_cast<unsigned char>(c)) * 16777619U;
  const bool variance = name.find(".running_var") != std::string::npos;
  std::vector<float> values(count);
  for (float& value : values) {
    state = state * 1664525U + 1013904223U;
    value = static_cast<float>(state >> 16) / 65536.0F - (variance ? -0.5F : 0.5F);
  }
  return values;
}

inline std::size_t count_of(const std::vector<std::int64_t>& shape) {
  std::size_t count = 1;
  for (const std::int64_t extent : shape) count *= static_cast<std::size_t>(extent);
  return count;
}

struct WeightTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

/// All parameters of a network with their known values; without the classifier if `classes` is 0.
inline std::vector<WeightTensor> known_weights(const std::string& network, const std::string& variant, int classes) {
  NetworkOptions options;
  options.variant = variant;
  options.head = classes > 0 ? "top" : "gap";
  if (classes > 0) options.classes = classes;
  const Network table = make_network(network, options);
  std::vector<WeightTensor> tensors;
  for (const ParameterSpec& spec : parameter_specs(table)) {
    if (classes == 0 && spec.node > table.features) continue;
    tensors.push_back({spec.name, spec.shape, known_values(spec.name, count_of(spec.shape))});
  }
  return tensors;
}

inline void write_tensors(const std::filesystem::path& path, const std::vector<WeightTensor>& tensors,
                          const std::map<std::string, std::string>& metadata = {{"format", "pt"}},
                          DType dtype = DType::f32) {
  std::vector<std::vector<std::byte>> bytes;
  std::vector<TensorView> views;
  for (const WeightTensor& tensor : tensors) {
    std::vector<std::byte> data(tensor.values.size() * dtype_size(dtype));
    for (std::size_t i = 0; i < tensor.values.size(); ++i) {
      const float value = tensor.values[i];
      std::uint32_t bits;
      std::memcpy(&bits, &value, sizeof bits);
      const auto upper = static_cast<std::uint16_t>(bits >> 16);  // bf16, exact for values of 8 bits
      const std::uint16_t half = dtype == DType::bf16 ? upper : float_to_half(value);
      if (dtype == DType::f32) {
        std::memcpy(data.data() + 4 * i, &value, 4);
      } else {
        std::memcpy(data.data() + 2 * i, &half, 2);
      }
    }
    bytes.push_back(std::move(data));
    views.push_back({tensor.name, dtype, tensor.shape, bytes.back().data(), bytes.back().size()});
  }
  write_safetensors(path, metadata, views);
}

}  // namespace affekt::test
