// Private: messages in protobuf's wire format, https://protobuf.dev/programming-guides/encoding, as far as ONNX needs
// it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace affekt {

/// Fields are written in the order of the calls; those of equal number form a list.
class ProtobufMessage {
 public:
  ProtobufMessage& integer(int field, std::int64_t value);
  ProtobufMessage& number(int field, float value);
  ProtobufMessage& text(int field, std::string_view bytes);
  ProtobufMessage& message(int field, const ProtobufMessage& inner) { return text(field, inner.bytes()); }
  /// A field of `size` bytes, which follow by append() or behind this message.
  ProtobufMessage& announce(int field, std::uint64_t size);
  ProtobufMessage& append(std::string_view bytes);

  const std::string& bytes() const { return bytes_; }

 private:
  void key(int field, unsigned wire_type);
  void varint(std::uint64_t value);

  std::string bytes_;
};

}  // namespace affekt
