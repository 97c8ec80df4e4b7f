#include "model/protobuf.h"

#include <cstring>

namespace affekt {
namespace {

constexpr unsigned kVarint = 0, kLengthDelimited = 2, kFixed32 = 5;

}  // namespace

void ProtobufMessage::varint(std::uint64_t value) {
  constexpr std::uint64_t kMore = 0x80;
  for (; value >= kMore; value >>= 7) bytes_ += static_cast<char>(value | kMore);
  bytes_ += static_cast<char>(value);
}

void ProtobufMessage::key(int field, unsigned wire_type) { varint(static_cast<std::uint64_t>(field) << 3 | wire_type); }

ProtobufMessage& ProtobufMessage::integer(int field, std::int64_t value) {
  key(field, kVarint);
  varint(static_cast<std::uint64_t>(value));
  return *this;
}

ProtobufMessage& ProtobufMessage::number(int field, float value) {
  key(field, kFixed32);
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  bytes_.append(bytes, sizeof value);
  return *this;
}

ProtobufMessage& ProtobufMessage::text(int field, std::string_view bytes) {
  return announce(field, bytes.size()).append(bytes);
}

ProtobufMessage& ProtobufMessage::announce(int field, std::uint64_t size) {
  key(field, kLengthDelimited);
  varint(size);
  return *this;
}

ProtobufMessage& ProtobufMessage::append(std::string_view bytes) {
  bytes_ += bytes;
  return *this;
}

}  // namespace affekt
