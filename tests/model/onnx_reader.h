// Reads ONNX files for tests: protobuf's wire format again, written from the other side and knowing nothing of the
// writer. Field numbers are those of onnx.proto, https://github.com/onnx/onnx.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace affekt::test {

/// A message: field number -> its values, in order. Numbers are in `number`, the bytes of all others in `bytes`.
struct ProtoField {
  std::uint64_t number = 0;
  std::string_view bytes;
};

class ProtoMessage {
 public:
  explicit ProtoMessage(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::uint64_t key = varint(bytes);
      fields_[static_cast<int>(key >> 3)].push_back(value(static_cast<int>(key & 7U), bytes));
    }
  }

  const std::vector<ProtoField>& all(int field) const {
    static const std::vector<ProtoField> none;
    const auto found = fields_.find(field);
    return found == fields_.end() ? none : found->second;
  }
  std::string_view bytes(int field) const { return one(field).bytes; }
  ProtoMessage message(int field) const { return ProtoMessage(bytes(field)); }
  std::string text(int field) const { return std::string(one(field).bytes); }
  std::string text_or_empty(int field) const { return all(field).empty() ? "" : text(field); }
  std::int64_t integer(int field) const { return static_cast<std::int64_t>(one(field).number); }
  float number(int field) const {
    float value = 0;
    if (one(field).bytes.size() != sizeof value) throw std::runtime_error("not a fixed32");
    std::memcpy(&value, one(field).bytes.data(), sizeof value);
    return value;
  }
  std::vector<std::string> texts(int field) const {
    std::vector<std::string> out;
    for (const ProtoField& value : all(field)) out.emplace_back(value.bytes);
    return out;
  }
  std::vector<std::int64_t> integers(int field) const {
    std::vector<std::int64_t> out;
    for (const ProtoField& value : all(field)) out.push_back(static_cast<std::int64_t>(value.number));
    return out;
  }

 private:
  const ProtoField& one(int field) const {
    if (all(field).size() != 1) {
      throw std::runtime_error("field " + std::to_string(field) + " is there " + std::to_string(all(field).size()) +
                               " times");
    }
    return all(field).front();
  }

  static std::uint64_t varint(std::string_view& bytes) {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      if (bytes.empty() || shift > 63) throw std::runtime_error("a varint without end");
      const auto byte = static_cast<unsigned char>(bytes.front());
      bytes.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if ((byte & 0x80U) == 0) return value;
    }
  }

  static ProtoField value(int wire_type, std::string_view& bytes) {
    if (wire_type == 0) return {varint(bytes), {}};
    if (wire_type != 2 && wire_type != 5) throw std::runtime_error("a wire type that ONNX has not");
    const std::uint64_t size = wire_type == 5 ? 4 : varint(bytes);
    if (size > bytes.size()) throw std::runtime_error("a field longer than its message");
    const ProtoField field{0, bytes.substr(0, size)};
    bytes.remove_prefix(size);
    return field;
  }

  std::map<int, std::vector<ProtoField>> fields_;
};

struct OnnxTensor {
  std::int64_t type = 0;
  std::vector<std::int64_t> shape;
  std::string_view bytes;

  template <typename T>
  std::vector<T> values() const {
    std::vector<T> out(bytes.size() / sizeof(T));
    std::memcpy(out.data(), bytes.data(), out.size() * sizeof(T));
    return out;
  }
};

struct OnnxNode {
  std::string op;
  std::vector<std::string> inputs;
  std::string output;
  std::map<std::string, ProtoMessage> attributes;

  std::int64_t integer(const std::string& name) const { return attributes.at(name).integer(3); }
  float number(const std::string& name) const { return attributes.at(name).number(2); }
  std::string text(const std::string& name) const { return attributes.at(name).text(4); }
  std::vector<std::int64_t> integers(const std::string& name) const { return attributes.at(name).integers(8); }
};

/// Views into the bytes, which must outlive it.
struct OnnxGraph {
  ProtoMessage message;
  std::vector<OnnxNode> nodes;
  std::map<std::string, OnnxTensor> tensors;

  explicit OnnxGraph(std::string_view bytes) : message(bytes) {
    for (const ProtoField& field : message.all(1)) {
      const ProtoMessage node(field.bytes);
      OnnxNode& found = nodes.emplace_back();
      found.op = node.text(4);
      found.inputs = node.texts(1);
      found.output = node.text(2);
      for (const ProtoField& attribute : node.all(5)) {
        ProtoMessage parsed(attribute.bytes);
        const std::string name = parsed.text(1);
        found.attributes.emplace(name, std::move(parsed));
      }
    }
    for (const ProtoField& field : message.all(5)) {
      const ProtoMessage tensor(field.bytes);
      const OnnxTensor found{tensor.integer(2), tensor.integers(1), tensor.all(9).at(0).bytes};
      if (!tensors.emplace(tensor.text(8), found).second) throw std::runtime_error("two tensors of one name");
    }
  }

  /// The node that makes this value. @throws std::runtime_error  there is none.
  const OnnxNode& made_by(const std::string& value) const {
    for (const OnnxNode& node : nodes) {
      if (node.output == value) return node;
    }
    throw std::runtime_error("no node makes " + value);
  }
};

struct OnnxFile {
  ProtoMessage model;
  OnnxGraph graph;
  std::map<std::string, std::string> metadata;

  explicit OnnxFile(std::string_view bytes) : model(bytes), graph(model.bytes(7)) {
    for (const ProtoField& field : model.all(14)) {
      const ProtoMessage pair(field.bytes);
      metadata[pair.text(1)] = pair.text(2);
    }
  }
};

}  // namespace affekt::test
