// The safetensors container: 8 bytes little-endian header length, JSON header, tensor bytes.
// Format: https://github.com/huggingface/safetensors
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/core/file.h"

namespace affekt {

enum class DType : std::uint8_t { u8, i32, i64, u64, f16, bf16, f32, f64 };

AFFEKT_API std::size_t dtype_size(DType dtype);  ///< Bytes of one element.
AFFEKT_API const char* dtype_name(DType dtype);  ///< As in the format: "U8", "F16", ...

/// A named tensor over bytes owned by somebody else: row-major (C order), little-endian.
struct TensorView {
  std::string name;
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;  ///< {} is a scalar.
  const std::byte* data = nullptr;  ///< May be unaligned.
  std::size_t bytes = 0;

  AFFEKT_API std::int64_t count() const;  ///< Number of elements.
};

/// fp32 copy of an f16, bf16, f32 or f64 tensor. @throws DataError for another dtype.
AFFEKT_API std::vector<float> to_float(const TensorView& tensor);
/// IEEE half precision, round to nearest even; overflow becomes infinity.
AFFEKT_API std::uint16_t float_to_half(float value);
AFFEKT_API float half_to_float(std::uint16_t half);

/// A mapped safetensors file. Opening validates all of it before anything is allocated for data: header length against
/// file size and a 100 MiB cap, strict JSON without repeated keys, known dtypes, non-negative shapes whose product does
/// not overflow and equals the byte range, ranges inside the file, in order, without overlaps or gaps.
class AFFEKT_API SafetensorsFile {
 public:
  /// @throws IoError missing or unreadable. @throws DataError not valid; says where.
  static SafetensorsFile open(const std::filesystem::path& path);
  /// Of a file that is open already; `path` is for messages.
  static SafetensorsFile of(InputFile file, const std::filesystem::path& path);

  const std::filesystem::path& path() const;
  const std::map<std::string, std::string>& metadata() const;
  const std::vector<TensorView>& tensors() const;         ///< In file order.
  const TensorView* find(const std::string& name) const;  ///< nullptr if absent.
  /// @throws DataError naming the file if absent.
  const TensorView& at(const std::string& name) const;

  SafetensorsFile(SafetensorsFile&&) noexcept;
  SafetensorsFile& operator=(SafetensorsFile&&) noexcept;
  ~SafetensorsFile();

 private:
  struct Impl;
  explicit SafetensorsFile(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Writes atomically, tensors in the given order, each aligned to 8 bytes as far as their sizes allow (the header is
/// padded with spaces to a multiple of 8). @throws IoError.
AFFEKT_API void write_safetensors(const std::filesystem::path& path, const std::map<std::string, std::string>& metadata,
                                  const std::vector<TensorView>& tensors);

}  // namespace affekt
