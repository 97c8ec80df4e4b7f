#include "affekt/model/onnx.h"

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/text.h"
#include "affekt/core/version.h"
#include "core/json.h"
#include "model/onnx_graph.h"
#include "model/onnx_proto.h"

namespace affekt {
namespace onnx {
namespace {

constexpr std::int64_t kIrVersion = 7;  // the one of operator set 13

/// Protobuf's readers count bytes in an int.
constexpr std::uint64_t kLargestFile = std::numeric_limits<std::int32_t>::max();

/// An initializer: the field's beginning as far as the values, and how many bytes these have.
struct Weight {
  std::string parameter;
  std::string head;
  std::uint64_t bytes = 0;
};

Weight weight_of(const ParameterSpec& spec) {
  std::uint64_t bytes = sizeof(float);
  for (const std::int64_t extent : spec.shape) bytes *= static_cast<std::uint64_t>(extent);
  const ProtobufMessage tensor = tensor_head(spec.name, Type::f32, spec.shape, bytes);
  ProtobufMessage field;
  field.announce(graph_field::initializer, tensor.bytes().size() + bytes).append(tensor.bytes());
  return {spec.name, field.bytes(), bytes};
}

std::vector<std::pair<const char*, std::string>> metadata(const ModelCard& card) {
  const std::string json = card_json(card);
  return {{"labels", join(card.classes, ",")},
          {"architecture", card.architecture},
          {"head", card.head},
          {"variant", card.variant},
          {"image_size", std::to_string(card.image_size)},
          {"preprocessing", Json::parse(json).at("preprocessing").dump()},
          {"data", card.data},
          {"license", card.license},
          {"affekt_version", card.tool_version},
          {"card", json}};
}

/// All of a ModelProto that stands before its graph.
ProtobufMessage model_head(const ModelCard& card) {
  ProtobufMessage model;
  model.integer(model_field::ir_version, kIrVersion).text(model_field::producer_name, "affekt");
  model.text(model_field::producer_version, version());
  model.text(model_field::doc_string, "Emotion of a face: network " + card.architecture +
                                          " of affekt. Input faces: (batch, 1, 48, 48) uint8, grey, 0 to 255; all "
                                          "preprocessing is inside. Outputs: logits and probabilities, (batch, " +
                                          std::to_string(card.classes.size()) + "): " + join(card.classes, ", ") + ".");
  model.message(model_field::opset_import, ProtobufMessage().integer(opset_field::version, kOnnxOperatorSet));
  for (const auto& [key, value] : metadata(card)) {
    if (value.empty()) continue;
    model.message(model_field::metadata_props,
                  ProtobufMessage().text(pair_field::key, key).text(pair_field::value, value));
  }
  return model;
}

}  // namespace

std::uint64_t write(const std::filesystem::path& path, const Network& network, const ModelCard& card,
                    const ParameterSource& parameters) {
  const ProtobufMessage graph = graph_without_weights(network, card);
  std::vector<Weight> weights;
  std::uint64_t graph_bytes = graph.bytes().size();
  for (const ParameterSpec& spec : parameter_specs(network)) {
    weights.push_back(weight_of(spec));
    graph_bytes += weights.back().head.size() + weights.back().bytes;
  }
  const ProtobufMessage head = model_head(card).announce(model_field::graph, graph_bytes);
  const std::uint64_t total = head.bytes().size() + graph_bytes;
  if (total > kLargestFile) {
    throw UsageError(printable(path.string()) + ": the network '" + printable(network.name) + "' needs " +
                     std::to_string(total) + " bytes, and an ONNX file holds at most 2 GB");
  }
  AtomicFile file(path);
  file.write(head.bytes());
  file.write(graph.bytes());
  for (const Weight& weight : weights) {
    const std::vector<float> values = parameters(weight.parameter);
    if (values.size() * sizeof(float) != weight.bytes) {
      throw DataError("parameter '" + printable(weight.parameter) + "': expected " +
                      std::to_string(weight.bytes / sizeof(float)) + " values, found " + std::to_string(values.size()));
    }
    file.write(weight.head);
    file.write(values.data(), weight.bytes);
  }
  file.commit();
  return total;
}

}  // namespace onnx

std::uint64_t write_onnx(const std::filesystem::path& path, const ModelFile& model) {
  return onnx::write(path, model.network(), model.card(),
                     [&model](const std::string& parameter) { return to_float(model.parameter(parameter)); });
}

}  // namespace affekt
