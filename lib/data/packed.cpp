#include "affekt/data/packed.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "affekt/core/error.h"
#include "affekt/core/safetensors.h"
#include "affekt/core/text.h"

namespace affekt {
namespace {

constexpr const char* kSchema = "affekt.dataset/1";

std::string class_order() { return join(emotion_names(), ","); }

[[noreturn]] void fail(const SafetensorsFile& file, const std::string& what) {
  throw DataError(printable(file.path().string()) + ": " + what);
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::vector<std::string> sizes;
  sizes.reserve(shape.size());
  for (const std::int64_t size : shape) sizes.push_back(std::to_string(size));
  return "(" + join(sizes, ", ") + ")";
}

const TensorView& tensor(const SafetensorsFile& file, const char* name, DType dtype,
                         const std::vector<std::int64_t>& shape) {
  const TensorView& view = file.at(name);
  if (view.dtype != dtype || view.shape != shape) {
    fail(file, std::string(name) + ": expected " + dtype_name(dtype) + " " + shape_text(shape) + ", found " +
                   dtype_name(view.dtype) + " " + shape_text(view.shape));
  }
  return view;
}

template <typename T>
std::vector<T> copy_values(const TensorView& view) {
  std::vector<T> values(view.bytes / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), view.data, values.size() * sizeof(T));
  return values;
}

void require_metadata(const SafetensorsFile& file, const std::string& key, const std::string& expected) {
  const auto entry = file.metadata().find(key);
  const std::string found = entry == file.metadata().end() ? "" : entry->second;
  if (found != expected) fail(file, key + " '" + printable(found) + "', expected '" + expected + "'");
}

std::vector<std::string> read_names(const SafetensorsFile& file, std::size_t rows) {
  const std::vector<std::int64_t> offsets_shape = {static_cast<std::int64_t>(rows + 1)};
  const auto offsets = copy_values<std::uint64_t>(tensor(file, "name_offsets", DType::u64, offsets_shape));
  const TensorView& bytes = file.at("names");
  tensor(file, "names", DType::u8, {static_cast<std::int64_t>(bytes.bytes)});
  if (offsets.front() != 0 || offsets.back() != bytes.bytes) fail(file, "name_offsets do not cover names");
  std::vector<std::string> names;
  names.reserve(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    if (offsets[i] > offsets[i + 1] || offsets[i + 1] > bytes.bytes) {
      fail(file, "name_offsets: row " + std::to_string(i) + " has bad offsets");
    }
    const char* begin = reinterpret_cast<const char*>(bytes.data) + offsets[i];
    names.emplace_back(begin, static_cast<std::size_t>(offsets[i + 1] - offsets[i]));
    if (!is_valid_utf8(names.back())) fail(file, "names: row " + std::to_string(i) + " is not valid UTF-8");
  }
  return names;
}

void read_soft_labels(const SafetensorsFile& file, Dataset& data) {
  if (file.find("soft_labels") == nullptr) return;
  const std::vector<std::int64_t> shape = {static_cast<std::int64_t>(data.size()), std::int64_t{kEmotionCount}};
  data.soft_labels = copy_values<float>(tensor(file, "soft_labels", DType::f32, shape));
  for (std::size_t i = 0; i < data.size(); ++i) {
    constexpr float kTolerance = 1e-3F;
    float sum = 0;
    bool fractions = true;
    for (std::size_t c = 0; c < kEmotionCount; ++c) {
      const float share = data.soft_labels[i * kEmotionCount + c];
      fractions = fractions && share >= 0 && share <= 1;
      sum += share;
    }
    if (!fractions || std::abs(sum - 1) > kTolerance) {
      fail(file, "soft_labels: row " + std::to_string(i) + " is not a set of fractions with sum 1");
    }
  }
}

void read_labels_and_splits(const SafetensorsFile& file, std::size_t rows, Dataset& data) {
  constexpr std::uint8_t kSplits = 3;
  const std::vector<std::int64_t> shape = {static_cast<std::int64_t>(rows)};
  data.labels = copy_values<std::uint8_t>(tensor(file, "labels", DType::u8, shape));
  const auto splits = copy_values<std::uint8_t>(tensor(file, "split", DType::u8, shape));
  data.splits.reserve(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    if (data.labels[i] >= kEmotionCount) {
      fail(file, "labels: row " + std::to_string(i) + " is " + std::to_string(data.labels[i]) + ", expected 0 to 6");
    }
    if (splits[i] >= kSplits) {
      fail(file, "split: row " + std::to_string(i) + " is " + std::to_string(splits[i]) + ", expected 0 to 2");
    }
    data.splits.push_back(static_cast<Split>(splits[i]));
  }
}

}  // namespace

Dataset read_packed(const std::filesystem::path& path) {
  const SafetensorsFile file = SafetensorsFile::open(path);
  require_metadata(file, "schema", kSchema);
  require_metadata(file, "classes", class_order());
  const TensorView& images = file.at("images");
  const std::int64_t rows = images.shape.empty() ? 0 : images.shape.front();
  tensor(file, "images", DType::u8, {rows, kFaceSide, kFaceSide});
  if (rows == 0) fail(file, "no rows");

  Dataset data;
  read_labels_and_splits(file, static_cast<std::size_t>(rows), data);
  data.names = read_names(file, data.size());
  data.pixels = copy_values<std::uint8_t>(images);
  read_soft_labels(file, data);
  require_metadata(file, "digest", data.digest());
  data.source.assign(data.size(), 0);
  data.sources.push_back({path.string(), 1.0, data.size(), 0});
  return data;
}

void write_packed(const std::filesystem::path& path, const Dataset& data) {
  const auto rows = static_cast<std::int64_t>(data.size());
  std::vector<std::uint64_t> offsets = {0};
  std::string names;
  for (const auto& name : data.names) {
    names += to_utf8(name);
    offsets.push_back(names.size());
  }
  const auto view = [](const char* name, DType dtype, std::vector<std::int64_t> shape, const auto& values) {
    return TensorView{name, dtype, std::move(shape), reinterpret_cast<const std::byte*>(values.data()),
                      values.size() * sizeof(values[0])};
  };
  std::vector<TensorView> tensors = {
      view("name_offsets", DType::u64, {rows + 1}, offsets),
      view("images", DType::u8, {rows, kFaceSide, kFaceSide}, data.pixels),
      view("labels", DType::u8, {rows}, data.labels),
      view("split", DType::u8, {rows}, data.splits),
      view("names", DType::u8, {static_cast<std::int64_t>(names.size())}, names),
  };
  if (!data.soft_labels.empty()) {
    tensors.insert(tensors.begin() + 1,
                   view("soft_labels", DType::f32, {rows, std::int64_t{kEmotionCount}}, data.soft_labels));
  }
  write_safetensors(path, {{"schema", kSchema}, {"classes", class_order()}, {"digest", data.digest()}}, tensors);
}

}  // namespace affekt
