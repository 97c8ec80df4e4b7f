// Private: a network and what stands before and behind it, as a GraphProto without the network's weights.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/model/card.h"
#include "affekt/model/network.h"
#include "model/protobuf.h"

namespace affekt::onnx {

/// The graph of write_onnx(). It expects an initializer for each of parameter_specs(), of that name and shape.
/// @throws DataError  the table is inconsistent.
AFFEKT_API ProtobufMessage graph_without_weights(const Network& network, const ModelCard& card);

/// Values of the parameter with that name, in the order of its ParameterSpec.
using ParameterSource = std::function<std::vector<float>(const std::string&)>;

/// write_onnx() of a network that is in no file. @throws as write_onnx(), DataError if the table is inconsistent.
AFFEKT_API std::uint64_t write(const std::filesystem::path& path, const Network& network, const ModelCard& card,
                               const ParameterSource& parameters);

}  // namespace affekt::onnx
