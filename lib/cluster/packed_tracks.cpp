#include "cluster/packed_tracks.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <memory>

#include "affekt/core/error.h"
#include "affekt/core/safetensors.h"
#include "affekt/core/text.h"

namespace affekt {
namespace {

constexpr const char* kSchema = "affekt.tracks/1";
constexpr std::int32_t kMissing = -1;
constexpr std::size_t kAnyCount = std::numeric_limits<std::size_t>::max();

struct NamedText {
  const char* name;
  TextColumn TrackTable::*column;
};
// Titles and ids differ from row to row; the others repeat and are kept once each.
constexpr NamedText kPlain[] = {{"title", &TrackTable::title}, {"id", &TrackTable::id}};
constexpr NamedText kRepeated[] = {{"artist", &TrackTable::artist},
                                   {"album", &TrackTable::album},
                                   {"genre", &TrackTable::genre},
                                   {"label", &TrackTable::label}};

bool whole_number(TrackFeature feature) {
  return feature == TrackFeature::duration_ms;  // the only one with more than the eleven bits of half precision
}

class Writer {
 public:
  template <typename T>
  void add(const std::string& name, DType dtype, const std::vector<T>& values) {
    auto bytes = std::make_shared<std::vector<char>>(values.size() * sizeof(T));
    if (!values.empty()) std::memcpy(bytes->data(), values.data(), bytes->size());
    TensorView view;
    view.name = name;
    view.dtype = dtype;
    view.shape = {static_cast<std::int64_t>(values.size())};
    view.data = reinterpret_cast<const std::byte*>(bytes->data());
    view.bytes = bytes->size();
    kept_.push_back(bytes);
    views_.push_back(view);
  }

  void add_text(const std::string& name, const std::vector<std::string_view>& texts) {
    std::vector<char> pool;
    std::vector<std::int32_t> lengths;
    for (const std::string_view text : texts) {
      pool.insert(pool.end(), text.begin(), text.end());
      lengths.push_back(static_cast<std::int32_t>(text.size()));
    }
    add(name, DType::u8, pool);
    add_small(name + ".lengths", lengths);
  }

  void add_repeated(const std::string& name, const TextColumn& column) {
    std::map<std::string_view, std::int32_t> numbers;
    std::vector<std::string_view> texts;
    std::vector<std::int32_t> index;
    for (std::size_t row = 0; row < column.size(); ++row) {
      const auto [place, fresh] = numbers.emplace(column[row], static_cast<std::int32_t>(texts.size()));
      if (fresh) texts.push_back(column[row]);
      index.push_back(place->second);
    }
    add_text(name, texts);
    add_small(name + ".index", index);
  }

  /// As bytes if all values are below 256.
  void add_small(const std::string& name, const std::vector<std::int32_t>& values) {
    const auto fits = [](std::int32_t value) { return value >= 0 && value < 256; };
    if (!std::all_of(values.begin(), values.end(), fits)) return add(name, DType::i32, values);
    add(name, DType::u8, std::vector<std::uint8_t>(values.begin(), values.end()));
  }

  void add_halves(const std::string& name, const std::vector<float>& values) {
    std::vector<std::uint16_t> halves(values.size());
    std::transform(values.begin(), values.end(), halves.begin(), float_to_half);
    add(name, DType::f16, halves);
  }

  void write(const std::filesystem::path& path, std::size_t rows) const {
    write_safetensors(path, {{"schema", kSchema}, {"rows", std::to_string(rows)}}, views_);
  }

 private:
  std::vector<std::shared_ptr<std::vector<char>>> kept_;
  std::vector<TensorView> views_;
};

class Reader {
 public:
  Reader(InputFile file, const std::filesystem::path& path, std::size_t k)
      : file_(std::make_shared<SafetensorsFile>(SafetensorsFile::of(std::move(file), path))),
        place_(printable(path.string())),
        k_(k) {
    const auto& metadata = file_->metadata();
    const auto schema = metadata.find("schema");
    if (schema == metadata.end() || schema->second != kSchema) {
      throw DataError(place_ + ": not a table of tracks (expected schema " + kSchema + ")");
    }
    if (tensor("cluster").shape.size() != 1) fail("cluster", "expected one dimension");
    rows_ = static_cast<std::size_t>(tensor("cluster").shape[0]);
  }

  PackedTracks read() {
    PackedTracks tracks;
    tracks.table.rows = rows_;
    for (const NamedText& text : kPlain) read_plain(text, tracks.table);
    for (const NamedText& text : kRepeated) read_repeated(text, tracks.table);
    read_primary_artists(tracks.table);
    for (std::size_t i = 0; i < kTrackFeatureCount; ++i) {
      read_feature(static_cast<TrackFeature>(i), tracks.table);
    }
    tracks.cluster = integers("cluster", rows_);
    check_range("cluster", tracks.cluster, 0, static_cast<std::int64_t>(k_));
    tracks.distance = floats("distance");
    for (const float distance : tracks.distance) {
      if (!(distance >= 0) || !std::isfinite(distance)) fail("distance", "expected finite numbers of at least 0");
    }
    return tracks;
  }

 private:
  [[noreturn]] void fail(const std::string& name, const std::string& what) const {
    throw DataError(place_ + ": " + name + ": " + what);
  }

  const TensorView& tensor(const std::string& name) const { return file_->at(name); }

  void check_count(const TensorView& view, std::size_t count) const {
    if (view.shape.size() != 1 || view.shape[0] != static_cast<std::int64_t>(count)) {
      fail(view.name, "expected " + std::to_string(count) + " values");
    }
  }

  std::vector<std::int32_t> integers(const std::string& name, std::size_t count) const {
    const TensorView& view = tensor(name);
    check_count(view, count);
    std::vector<std::int32_t> values(count);
    if (view.dtype == DType::u8) {
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(view.data);
      std::copy_n(bytes, count, values.begin());
    } else if (view.dtype == DType::i32) {
      if (count > 0) std::memcpy(values.data(), view.data, view.bytes);
    } else {
      fail(name, "expected U8 or I32");
    }
    return values;
  }

  std::vector<float> floats(const std::string& name) const {
    check_count(tensor(name), rows_);
    return to_float(tensor(name));
  }

  void check_range(const std::string& name, const std::vector<std::int32_t>& values, std::int64_t low,
                   std::int64_t end) const {
    for (const std::int32_t value : values) {
      if (value < low || value >= end) fail(name, std::to_string(value) + " is out of range");
    }
  }

  /// Texts of a pool, one after another; `count` of them, or any number if kAnyCount.
  std::vector<std::string_view> texts(const std::string& name, std::size_t count) const {
    const TensorView& pool = tensor(name);
    if (pool.dtype != DType::u8) fail(name, "expected U8");
    const TensorView& sizes = tensor(name + ".lengths");
    if (count == kAnyCount) count = sizes.shape.size() == 1 ? static_cast<std::size_t>(sizes.shape[0]) : 0;
    const auto lengths = integers(name + ".lengths", count);
    std::string_view left(reinterpret_cast<const char*>(pool.data), pool.bytes);
    if (!is_valid_utf8(left)) fail(name, "not UTF-8");
    std::vector<std::string_view> result;
    result.reserve(count);
    for (const std::int32_t length : lengths) {
      if (length < 0 || static_cast<std::size_t>(length) > left.size()) fail(name + ".lengths", "do not fit the text");
      result.push_back(left.substr(0, static_cast<std::size_t>(length)));
      left.remove_prefix(static_cast<std::size_t>(length));
    }
    if (!left.empty()) fail(name + ".lengths", "do not cover the text");
    return result;
  }

  void read_plain(const NamedText& text, TrackTable& table) const {
    if (file_->find(text.name) == nullptr) return;
    TextColumn& column = table.*text.column;
    refer(text.name, column);
    for (const std::string_view value : texts(text.name, rows_)) column.push_back_reference(value);
  }

  void read_repeated(const NamedText& text, TrackTable& table) const {
    if (file_->find(text.name) == nullptr) return;
    TextColumn& column = table.*text.column;
    refer(text.name, column);
    const auto values = texts(text.name, kAnyCount);
    const auto index = integers(std::string(text.name) + ".index", rows_);
    check_range(std::string(text.name) + ".index", index, 0, static_cast<std::int64_t>(values.size()));
    for (const std::int32_t i : index) column.push_back_reference(values[static_cast<std::size_t>(i)]);
  }

  void refer(const char* name, TextColumn& column) const {
    const TensorView& pool = tensor(name);
    column.add_region({reinterpret_cast<const char*>(pool.data), pool.bytes}, file_);
    column.reserve(rows_);
  }

  void read_primary_artists(TrackTable& table) const {
    if (file_->find("artist.primary") == nullptr) return;
    const auto lengths = integers("artist.primary", rows_);
    check_range("artist.primary", lengths, 0, 65536);
    table.primary_artist_bytes.assign(lengths.begin(), lengths.end());
  }

  void read_feature(TrackFeature feature, TrackTable& table) const {
    const std::string name = feature_name(feature);
    if (file_->find(name) == nullptr) return;
    auto& column = table.column(feature);
    if (!whole_number(feature)) {
      column = floats(name);
      return;
    }
    for (const std::int32_t value : integers(name, rows_)) {
      column.push_back(value == kMissing ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(value));
    }
  }

  std::shared_ptr<SafetensorsFile> file_;
  std::string place_;
  std::size_t k_;
  std::size_t rows_ = 0;
};

std::vector<std::string_view> all_texts(const TextColumn& column) {
  std::vector<std::string_view> texts;
  for (std::size_t row = 0; row < column.size(); ++row) texts.push_back(column[row]);
  return texts;
}

}  // namespace

void write_packed_tracks(const std::filesystem::path& path, const TrackTable& table, const Clustering& clustering) {
  Writer writer;
  for (std::size_t i = 0; i < kTrackFeatureCount; ++i) {
    const auto feature = static_cast<TrackFeature>(i);
    const auto& column = table.column(feature);
    if (column.empty()) continue;
    if (!whole_number(feature)) {
      writer.add_halves(feature_name(feature), column);
      continue;
    }
    std::vector<std::int32_t> whole(column.size());
    std::transform(column.begin(), column.end(), whole.begin(),
                   [](float x) { return x >= 0 && x < 2e9F ? static_cast<std::int32_t>(std::lround(x)) : kMissing; });
    writer.add(feature_name(feature), DType::i32, whole);
  }
  for (const NamedText& text : kRepeated) {
    if (!(table.*text.column).empty()) writer.add_repeated(text.name, table.*text.column);
  }
  for (const NamedText& text : kPlain) {
    if (!(table.*text.column).empty()) writer.add_text(text.name, all_texts(table.*text.column));
  }
  const auto& primary = table.primary_artist_bytes;
  if (std::any_of(primary.begin(), primary.end(), [](std::uint16_t length) { return length > 0; })) {
    writer.add_small("artist.primary", {primary.begin(), primary.end()});
  }
  writer.add_small("cluster", clustering.labels);
  writer.add("distance", DType::f32, clustering.distances);
  writer.write(path, table.size());
}

PackedTracks read_packed_tracks(InputFile file, const std::filesystem::path& path, std::size_t k) {
  return Reader(std::move(file), path, k).read();
}

}  // namespace affekt
