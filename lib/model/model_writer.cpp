#include <cmath>
#include <cstring>
#include <deque>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/model/model_file.h"
#include "model/card.h"

namespace affekt {
namespace {

/// BatchNorm statistics stay f32: small variances lose too much in half precision.
DType stored_dtype(const ParameterSpec& spec, DType dtype) { return spec.trainable ? dtype : DType::f32; }

std::size_t count(const std::vector<std::int64_t>& shape) {
  std::int64_t elements = 1;
  for (const std::int64_t extent : shape) elements *= extent;
  return static_cast<std::size_t>(elements);
}

/// Collects tensors and owns the bytes their views point at.
class TensorList {
 public:
  void add(const std::string& name, std::vector<std::int64_t> shape, const std::vector<float>& values, DType dtype) {
    const std::size_t expected = count(shape);
    if (values.size() != expected) {
      fail(name, "expected " + std::to_string(expected) + " values, found " + std::to_string(values.size()));
    }
    std::vector<std::byte>& bytes = storage_.emplace_back(expected * dtype_size(dtype));
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!std::isfinite(values[i])) fail(name, "it holds NaN or infinity");
      if (dtype == DType::f32) {
        std::memcpy(bytes.data() + i * sizeof(float), &values[i], sizeof(float));
        continue;
      }
      const std::uint16_t half = float_to_half(values[i]);
      if (!std::isfinite(half_to_float(half))) {
        fail(name, "the value " + format_shortest(static_cast<double>(values[i])) + " is too large for half precision");
      }
      std::memcpy(bytes.data() + i * sizeof half, &half, sizeof half);
    }
    views_.push_back({name, dtype, std::move(shape), bytes.data(), bytes.size()});
  }

  const std::vector<TensorView>& views() const { return views_; }

 private:
  [[noreturn]] static void fail(const std::string& name, const std::string& what) {
    throw UsageError("parameter '" + printable(name, 80) + "': " + what);
  }

  std::deque<std::vector<std::byte>> storage_;  // a deque keeps the views' addresses
  std::vector<TensorView> views_;
};

/// The network of a card that is about to be written, held to the rules a reader will apply.
Network checked_network(const std::string& json) {
  try {
    return network_of(parse_card(json, "model"), "model");
  } catch (const DataError& error) {
    throw UsageError(error.what());
  }
}

}  // namespace

void write_model(const std::filesystem::path& path, const ModelCard& card, const ParameterMap& parameters,
                 const std::vector<SelfTest>& self_tests, DType dtype) {
  if (dtype != DType::f32 && dtype != DType::f16) {
    throw UsageError(std::string("a model is stored as F32 or F16, not as ") + dtype_name(dtype));
  }
  const std::string json = card_json(card);
  const Network network = checked_network(json);
  if (self_tests.empty()) throw UsageError("a model needs at least one self-test");
  const std::vector<ParameterSpec> specs = parameter_specs(network);
  TensorList tensors;
  for (const ParameterSpec& spec : specs) {
    const auto found = parameters.find(spec.name);
    if (found == parameters.end()) throw UsageError("parameter '" + spec.name + "': missing");
    tensors.add(spec.name, spec.shape, found->second, stored_dtype(spec, dtype));
  }
  if (parameters.size() != specs.size()) {
    throw UsageError("expected " + std::to_string(specs.size()) + " parameters, found " +
                     std::to_string(parameters.size()));
  }
  const NodeShape& in = network.input;
  for (std::size_t i = 0; i < self_tests.size(); ++i) {
    const std::string prefix = "selftest." + std::to_string(i);
    tensors.add(prefix + ".input", {in.channels, in.height, in.width}, self_tests[i].input, DType::f32);
    tensors.add(prefix + ".logits", {static_cast<std::int64_t>(card.classes.size())}, self_tests[i].logits, DType::f32);
  }
  write_safetensors(path, {{"schema", kModelSchema}, {"card", json}}, tensors.views());
}

void round_to_half(const Network& network, ParameterMap& parameters) {
  for (const ParameterSpec& spec : parameter_specs(network)) {
    if (stored_dtype(spec, DType::f16) != DType::f16) continue;
    const auto found = parameters.find(spec.name);
    if (found == parameters.end()) throw UsageError("parameter '" + spec.name + "': missing");
    for (float& value : found->second) value = half_to_float(float_to_half(value));
  }
}

}  // namespace affekt
