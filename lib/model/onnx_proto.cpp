#include "model/onnx_proto.h"

#include <string_view>

namespace affekt::onnx {
namespace {

template <typename T>
std::string_view bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

}  // namespace

ProtobufMessage& Attributes::add(const char* name, std::int64_t type) {
  return all_.emplace_back().text(attribute_field::name, name).integer(attribute_field::type, type);
}

Attributes& Attributes::number(const char* name, double value) {
  add(name, 1).number(attribute_field::f, static_cast<float>(value));
  return *this;
}

Attributes& Attributes::integer(const char* name, std::int64_t value) {
  add(name, 2).integer(attribute_field::i, value);
  return *this;
}

Attributes& Attributes::text(const char* name, const std::string& value) {
  add(name, 3).text(attribute_field::s, value);
  return *this;
}

Attributes& Attributes::integers(const char* name, const std::vector<std::int64_t>& values) {
  ProtobufMessage& attribute = add(name, 7);
  for (const std::int64_t value : values) attribute.integer(attribute_field::ints, value);
  return *this;
}

ProtobufMessage tensor_head(const std::string& name, Type type, const std::vector<std::int64_t>& shape,
                            std::uint64_t bytes) {
  ProtobufMessage head;
  for (const std::int64_t extent : shape) head.integer(tensor_field::dims, extent);
  head.integer(tensor_field::data_type, static_cast<std::int64_t>(type)).text(tensor_field::name, name);
  return head.announce(tensor_field::raw_data, bytes);
}

ProtobufMessage tensor(const std::string& name, const std::vector<std::int64_t>& shape,
                       const std::vector<float>& values) {
  const std::string_view bytes = bytes_of(values);
  return tensor_head(name, Type::f32, shape, bytes.size()).append(bytes);
}

ProtobufMessage tensor(const std::string& name, const std::vector<std::int64_t>& values) {
  const std::string_view bytes = bytes_of(values);
  return tensor_head(name, Type::i64, {static_cast<std::int64_t>(values.size())}, bytes.size()).append(bytes);
}

ProtobufMessage value_info(const char* name, Type type, const std::vector<std::int64_t>& rest, const char* words) {
  ProtobufMessage shape;
  shape.message(type_field::dim, ProtobufMessage().text(type_field::dim_param, "batch"));
  for (const std::int64_t extent : rest) {
    shape.message(type_field::dim, ProtobufMessage().integer(type_field::dim_value, extent));
  }
  ProtobufMessage tensor_type;
  tensor_type.integer(type_field::elem_type, static_cast<std::int64_t>(type)).message(type_field::shape, shape);
  ProtobufMessage info;
  info.text(value_info_field::name, name);
  info.message(value_info_field::type, ProtobufMessage().message(type_field::tensor_type, tensor_type));
  return info.text(value_info_field::doc_string, words);
}

}  // namespace affekt::onnx
