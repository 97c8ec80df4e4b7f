// Private: ONNX' messages and their field numbers, from onnx.proto of https://github.com/onnx/onnx.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/protobuf.h"

namespace affekt::onnx {

namespace model_field {
inline constexpr int ir_version = 1, producer_name = 2, producer_version = 3, doc_string = 6, graph = 7,
                     opset_import = 8, metadata_props = 14;
}
namespace graph_field {
inline constexpr int node = 1, name = 2, initializer = 5, input = 11, output = 12;
}
namespace node_field {
inline constexpr int input = 1, output = 2, name = 3, op_type = 4, attribute = 5;
}
namespace attribute_field {
inline constexpr int name = 1, f = 2, i = 3, s = 4, ints = 8, type = 20;
}
namespace tensor_field {
inline constexpr int dims = 1, data_type = 2, name = 8, raw_data = 9;
}
namespace value_info_field {
inline constexpr int name = 1, type = 2, doc_string = 3;
}
namespace type_field {
inline constexpr int tensor_type = 1, elem_type = 1, shape = 2, dim = 1, dim_value = 1, dim_param = 2;
}
namespace pair_field {
inline constexpr int key = 1, value = 2;
}
namespace opset_field {
inline constexpr int version = 2;
}

/// TensorProto.DataType
enum class Type : std::int64_t { f32 = 1, u8 = 2, i64 = 7 };

/// AttributeProtos of one node.
class Attributes {
 public:
  Attributes& number(const char* name, double value);
  Attributes& integer(const char* name, std::int64_t value);
  Attributes& text(const char* name, const std::string& value);
  Attributes& integers(const char* name, const std::vector<std::int64_t>& values);

  const std::vector<ProtobufMessage>& all() const { return all_; }

 private:
  ProtobufMessage& add(const char* name, std::int64_t type);

  std::vector<ProtobufMessage> all_;
};

/// TensorProto as far as the length of its bytes, which follow.
ProtobufMessage tensor_head(const std::string& name, Type type, const std::vector<std::int64_t>& shape,
                            std::uint64_t bytes);
/// The whole of a small one.
ProtobufMessage tensor(const std::string& name, const std::vector<std::int64_t>& shape,
                       const std::vector<float>& values);
ProtobufMessage tensor(const std::string& name, const std::vector<std::int64_t>& values);

/// ValueInfoProto of an input or output (batch, ...), any batch.
ProtobufMessage value_info(const char* name, Type type, const std::vector<std::int64_t>& rest, const char* words);

}  // namespace affekt::onnx
