#include "affekt/core/safetensors.h"

#include <cstring>
#include <set>
#include <unordered_map>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "core/safetensors_header.h"

namespace affekt {
namespace {

constexpr std::uint64_t kMaxHeader = std::uint64_t{100} << 20;
constexpr std::size_t kLengthBytes = 8;

std::uint64_t read_little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

template <typename From, typename Convert>
void convert_all(const TensorView& tensor, std::vector<float>& out, Convert convert) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    From value;
    std::memcpy(&value, tensor.data + i * sizeof(From), sizeof(From));
    out[i] = convert(value);
  }
}

float float_from_bits(std::uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace

std::size_t dtype_size(DType dtype) {
  switch (dtype) {
    case DType::u8:
      return 1;
    case DType::f16:
    case DType::bf16:
      return 2;
    case DType::i32:
    case DType::f32:
      return 4;
    case DType::i64:
    case DType::u64:
    case DType::f64:
      return 8;
  }
  throw Error("unknown dtype");
}

const char* dtype_name(DType dtype) {
  switch (dtype) {
    case DType::u8:
      return "U8";
    case DType::i32:
      return "I32";
    case DType::i64:
      return "I64";
    case DType::u64:
      return "U64";
    case DType::f16:
      return "F16";
    case DType::bf16:
      return "BF16";
    case DType::f32:
      return "F32";
    case DType::f64:
      return "F64";
  }
  throw Error("unknown dtype");
}

std::int64_t TensorView::count() const {
  std::int64_t elements = 1;
  for (const std::int64_t extent : shape) elements *= extent;
  return elements;
}

std::vector<float> to_float(const TensorView& tensor) {
  std::vector<float> out(tensor.bytes / dtype_size(tensor.dtype));
  switch (tensor.dtype) {
    case DType::f32:
      if (!out.empty()) std::memcpy(out.data(), tensor.data, tensor.bytes);
      return out;
    case DType::f64:
      convert_all<double>(tensor, out, [](double value) { return static_cast<float>(value); });
      return out;
    case DType::f16:
      convert_all<std::uint16_t>(tensor, out, half_to_float);
      return out;
    case DType::bf16:
      convert_all<std::uint16_t>(tensor, out,
                                 [](std::uint16_t bits) { return float_from_bits(std::uint32_t{bits} << 16); });
      return out;
    default:
      throw DataError("tensor '" + printable(tensor.name, 80) + "': expected a floating-point dtype, found " +
                      dtype_name(tensor.dtype));
  }
}

std::uint16_t float_to_half(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000U);
  const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
  const auto with_sign = [sign](std::uint32_t half) { return static_cast<std::uint16_t>(sign | half); };
  if (magnitude > 0x7F800000U) return with_sign(0x7E00U | (magnitude >> 13 & 0x1FFU));  // NaN, made quiet
  if (magnitude >= 0x47800000U) return with_sign(0x7C00U);                              // 65536 and beyond
  const std::uint32_t exponent = magnitude >> 23;
  // Half has 13 mantissa bits fewer; below its smallest normal number (exponent 113) each step costs one more.
  const std::uint32_t shift = exponent >= 113 ? 13 : 126 - exponent;
  if (shift > 24) return sign;
  const std::uint32_t mantissa = exponent >= 113 ? magnitude - (112U << 23) : ((magnitude & 0x7FFFFFU) | 0x800000U);
  std::uint32_t half = mantissa >> shift;
  const std::uint32_t rest = mantissa & ((1U << shift) - 1);
  const std::uint32_t tie = 1U << (shift - 1);
  if (rest > tie || (rest == tie && (half & 1U) != 0)) ++half;  // a carry into the exponent is right as it stands
  return with_sign(half);
}

float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000U) << 16;
  const std::uint32_t exponent = half >> 10 & 0x1FU;
  const std::uint32_t mantissa = half & 0x3FFU;
  if (exponent == 31) return float_from_bits(sign | 0x7F800000U | mantissa << 13);
  if (exponent != 0) return float_from_bits(sign | (exponent + 112) << 23 | mantissa << 13);
  const float magnitude = static_cast<float>(mantissa) * 0x1p-24F;
  return sign != 0 ? -magnitude : magnitude;
}

struct SafetensorsFile::Impl {
  std::filesystem::path path;
  InputFile file;
  std::map<std::string, std::string> metadata;
  std::vector<TensorView> tensors;
  std::unordered_map<std::string, std::size_t> by_name;
};

SafetensorsFile SafetensorsFile::open(const std::filesystem::path& path) { return of(InputFile::open(path), path); }

SafetensorsFile SafetensorsFile::of(InputFile file, const std::filesystem::path& path) {
  const std::string_view bytes = file.bytes();
  const std::string place = printable(path.string());
  if (bytes.size() < kLengthBytes) {
    throw DataError(place + ": " + std::to_string(bytes.size()) + " bytes are too few for a safetensors file");
  }
  const std::uint64_t length = read_little_endian(bytes);
  if (length > kMaxHeader || length > bytes.size() - kLengthBytes) {
    throw DataError(place + ": not a safetensors file, or truncated: it claims a header of " + std::to_string(length) +
                    " bytes in a file of " + std::to_string(bytes.size()));
  }
  const std::size_t data_start = kLengthBytes + length;
  SafetensorsHeader header =
      parse_safetensors_header(bytes.substr(kLengthBytes, length), bytes.size() - data_start, place);
  std::vector<TensorView> tensors;
  std::unordered_map<std::string, std::size_t> by_name;
  for (auto& entry : header.entries) {
    entry.tensor.data = reinterpret_cast<const std::byte*>(bytes.data()) + data_start + entry.begin;
    by_name.emplace(entry.tensor.name, tensors.size());
    tensors.push_back(std::move(entry.tensor));
  }
  return SafetensorsFile(std::make_unique<Impl>(
      Impl{path, std::move(file), std::move(header.metadata), std::move(tensors), std::move(by_name)}));
}

SafetensorsFile::SafetensorsFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SafetensorsFile::SafetensorsFile(SafetensorsFile&&) noexcept = default;
SafetensorsFile& SafetensorsFile::operator=(SafetensorsFile&&) noexcept = default;
SafetensorsFile::~SafetensorsFile() = default;

const std::filesystem::path& SafetensorsFile::path() const { return impl_->path; }
const std::map<std::string, std::string>& SafetensorsFile::metadata() const { return impl_->metadata; }
const std::vector<TensorView>& SafetensorsFile::tensors() const { return impl_->tensors; }

const TensorView* SafetensorsFile::find(const std::string& name) const {
  const auto found = impl_->by_name.find(name);
  return found == impl_->by_name.end() ? nullptr : &impl_->tensors[found->second];
}

const TensorView& SafetensorsFile::at(const std::string& name) const {
  if (const TensorView* tensor = find(name)) return *tensor;
  throw DataError(printable(impl_->path.string()) + ": there is no tensor '" + printable(name, 80) + "'");
}

void write_safetensors(const std::filesystem::path& path, const std::map<std::string, std::string>& metadata,
                       const std::vector<TensorView>& tensors) {
  std::set<std::string> names;
  for (const TensorView& tensor : tensors) {
    const std::string where = "tensor '" + printable(tensor.name, 80) + "': ";
    if (tensor.name.empty() || tensor.name == "__metadata__") throw UsageError(where + "not a name for a tensor");
    if (!names.insert(tensor.name).second) throw UsageError(where + "written twice");
    if (tensor.bytes != static_cast<std::size_t>(tensor.count()) * dtype_size(tensor.dtype)) {
      throw UsageError(where + "shape and size do not agree");
    }
  }
  const std::string header = make_safetensors_header(metadata, tensors);
  char length[kLengthBytes];
  for (std::size_t i = 0; i < kLengthBytes; ++i) length[i] = static_cast<char>(header.size() >> (8 * i) & 0xFF);
  AtomicFile file(path);
  file.write(length, sizeof length);
  file.write(header);
  for (const TensorView& tensor : tensors) file.write(tensor.data, tensor.bytes);
  file.commit();
}

}  // namespace affekt
