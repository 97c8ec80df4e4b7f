#include "core/safetensors_header.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"

namespace affekt {
namespace {

constexpr std::size_t kMaxTensors = 100000;
constexpr std::size_t kMaxRank = 8;
constexpr const char* kMetadataKey = "__metadata__";
constexpr DType kDTypes[] = {DType::u8,  DType::i32,  DType::i64, DType::u64,
                             DType::f16, DType::bf16, DType::f32, DType::f64};

/// Follows the one shape a header can have, {name: {dtype, shape, data_offsets}, "__metadata__": {text: text}}, and
/// stops at the first thing that does not belong there, so that memory stays in proportion to what is valid.
class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  HeaderReader(SafetensorsHeader& header, std::string place) : header_(header), place_(std::move(place)) {}

  bool null() override { unexpected("null"); }
  bool boolean(bool) override { unexpected("a truth value"); }
  bool number_integer(number_integer_t value) override { unexpected("the negative number " + std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { unexpected("the number " + printable(text, 40)); }
  bool binary(binary_t&) override { unexpected("binary data"); }
  bool number_unsigned(number_unsigned_t value) override;
  bool string(string_t& value) override;
  bool start_object(std::size_t) override;
  bool key(string_t& name) override;
  bool end_object() override;
  bool start_array(std::size_t) override;
  bool end_array() override;
  bool parse_error(std::size_t offset, const std::string&, const nlohmann::json::exception&) override {
    throw DataError(place_ + ": the header is not valid JSON at its byte " + std::to_string(offset));
  }

 private:
  enum class State {
    start,
    top,
    metadata,
    metadata_value,
    tensor,
    dtype,
    before_shape,
    shape,
    before_offsets,
    offsets,
    done
  };

  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(place_ + ": " + (where_.empty() ? "header" : where_) + ": " + what);
  }
  [[noreturn]] void unexpected(const std::string& what) const { fail("did not expect " + what + " there"); }
  SafetensorsHeader::Entry& entry() { return header_.entries.back(); }
  void begin_tensor(const std::string& name);
  void end_tensor();

  SafetensorsHeader& header_;
  std::string place_;
  std::string where_;  ///< "tensor 'x'" for messages
  State state_ = State::start;
  std::string metadata_key_;
  std::set<std::string> names_;
  std::vector<std::uint64_t> offsets_;
  bool has_dtype_ = false, has_shape_ = false, has_offsets_ = false;
};

bool HeaderReader::number_unsigned(number_unsigned_t value) {
  if (state_ == State::shape) {
    if (entry().tensor.shape.size() == kMaxRank) fail("more than " + std::to_string(kMaxRank) + " dimensions");
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      fail("the dimension " + std::to_string(value) + " is out of range");
    }
    entry().tensor.shape.push_back(static_cast<std::int64_t>(value));
  } else if (state_ == State::offsets) {
    if (offsets_.size() == 2) fail("data_offsets must be two numbers");
    offsets_.push_back(value);
  } else {
    unexpected("the number " + std::to_string(value));
  }
  return true;
}

bool HeaderReader::string(string_t& value) {
  if (state_ == State::metadata_value) {
    header_.metadata[metadata_key_] = std::move(value);
    state_ = State::metadata;
  } else if (state_ == State::dtype) {
    const auto* const known =
        std::find_if(std::begin(kDTypes), std::end(kDTypes), [&](DType d) { return value == dtype_name(d); });
    if (known == std::end(kDTypes)) fail("dtype '" + printable(value, 40) + "' is not one this program reads");
    entry().tensor.dtype = *known;
    state_ = State::tensor;
  } else {
    unexpected("the text '" + printable(value, 40) + "'");
  }
  return true;
}

bool HeaderReader::start_object(std::size_t) {
  if (state_ == State::start) {
    state_ = State::top;
  } else if (state_ == State::top && metadata_key_ == kMetadataKey) {
    state_ = State::metadata;
  } else if (state_ == State::top && !where_.empty()) {
    state_ = State::tensor;
  } else {
    unexpected("an object");
  }
  return true;
}

void HeaderReader::begin_tensor(const std::string& name) {
  if (name.empty()) fail("a tensor without a name");
  if (header_.entries.size() == kMaxTensors) fail("more than " + std::to_string(kMaxTensors) + " tensors");
  where_ = "tensor '" + printable(name, 80) + "'";
  metadata_key_.clear();
  header_.entries.emplace_back();
  entry().tensor.name = name;
  offsets_.clear();
  has_dtype_ = has_shape_ = has_offsets_ = false;
}

bool HeaderReader::key(string_t& name) {
  const auto once = [&](bool& flag) {
    if (std::exchange(flag, true)) fail("key '" + name + "' is repeated");
  };
  if (state_ == State::top) {
    where_.clear();
    if (!names_.insert(name).second) fail("key '" + printable(name, 80) + "' is repeated");
    if (name == kMetadataKey) {
      metadata_key_ = name;
      where_ = kMetadataKey;
    } else {
      begin_tensor(name);
    }
  } else if (state_ == State::metadata) {
    if (header_.metadata.count(name) != 0) fail("key '" + printable(name, 80) + "' is repeated");
    metadata_key_ = name;
    state_ = State::metadata_value;
  } else if (name == "dtype") {
    once(has_dtype_);
    state_ = State::dtype;
  } else if (name == "shape") {
    once(has_shape_);
    state_ = State::before_shape;
  } else if (name == "data_offsets") {
    once(has_offsets_);
    state_ = State::before_offsets;
  } else {
    fail("unknown key '" + printable(name, 80) + "'");
  }
  return true;
}

bool HeaderReader::start_array(std::size_t) {
  if (state_ != State::before_shape && state_ != State::before_offsets) unexpected("a list");
  state_ = state_ == State::before_shape ? State::shape : State::offsets;
  return true;
}

bool HeaderReader::end_array() {
  if (state_ == State::offsets && offsets_.size() != 2) fail("data_offsets must be two numbers");
  state_ = State::tensor;
  return true;
}

void HeaderReader::end_tensor() {
  if (!has_dtype_ || !has_shape_ || !has_offsets_) fail("dtype, shape and data_offsets are all needed");
  TensorView& tensor = entry().tensor;
  std::uint64_t bytes = dtype_size(tensor.dtype);
  for (const std::int64_t extent : tensor.shape) {
    if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(extent), &bytes)) fail("the shape overflows");
  }
  entry().begin = offsets_[0];
  entry().end = offsets_[1];
  if (offsets_[1] < offsets_[0]) fail("data_offsets run backwards");
  if (offsets_[1] - offsets_[0] != bytes) {
    fail("its shape needs " + std::to_string(bytes) + " bytes, data_offsets give " +
         std::to_string(offsets_[1] - offsets_[0]));
  }
  tensor.bytes = bytes;
}

bool HeaderReader::end_object() {
  if (state_ == State::top) {
    state_ = State::done;
    return true;
  }
  if (state_ == State::tensor) end_tensor();
  metadata_key_.clear();
  where_.clear();
  state_ = State::top;
  return true;
}

void check_layout(SafetensorsHeader& header, std::uint64_t data_bytes, const std::string& place) {
  auto& entries = header.entries;
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return std::make_pair(a.begin, a.end) < std::make_pair(b.begin, b.end);
  });
  std::uint64_t expected = 0;
  for (const auto& entry : entries) {
    const std::string where = place + ": tensor '" + printable(entry.tensor.name, 80) + "': ";
    if (entry.end > data_bytes) {
      throw DataError(where + "ends at byte " + std::to_string(entry.end) + " of the data, but there are only " +
                      std::to_string(data_bytes) + " (is the file truncated?)");
    }
    if (entry.begin != expected) {
      throw DataError(where + "begins at byte " + std::to_string(entry.begin) + ", expected " +
                      std::to_string(expected) + (entry.begin < expected ? " (tensors overlap)" : " (a gap)"));
    }
    expected = entry.end;
  }
  if (expected != data_bytes) {
    throw DataError(place + ": " + std::to_string(data_bytes - expected) + " bytes after the last tensor");
  }
}

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view json, std::uint64_t data_bytes, const std::string& place) {
  if (json.empty() || json.front() != '{') throw DataError(place + ": the header does not begin with '{'");
  SafetensorsHeader header;
  HeaderReader reader(header, place);
  nlohmann::json::sax_parse(json.begin(), json.end(), &reader);
  check_layout(header, data_bytes, place);
  return header;
}

std::string make_safetensors_header(const std::map<std::string, std::string>& metadata,
                                    const std::vector<TensorView>& tensors) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header[kMetadataKey] = metadata;
  std::uint64_t offset = 0;
  for (const TensorView& tensor : tensors) {
    header[tensor.name] = {{"dtype", dtype_name(tensor.dtype)},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, offset + tensor.bytes}}};
    offset += tensor.bytes;
  }
  std::string text = header.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  text.append((8 - text.size() % 8) % 8, ' ');
  return text;
}

}  // namespace affekt
