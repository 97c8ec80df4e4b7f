#include "affekt/data/packed.h"

#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/safetensors.h"
#include "faces.h"
#include "support/catch.h"
#include "support/temp_folder.h"

using namespace affekt;
using namespace affekt::test;

namespace {

/// The tensors of a packed file in memory, to be spoilt.
struct Packed {
  std::map<std::string, std::string> metadata;
  std::vector<TensorView> tensors;
  std::map<std::string, std::string> bytes;

  explicit Packed(const std::filesystem::path& path) {
    const SafetensorsFile file = SafetensorsFile::open(path);
    metadata = file.metadata();
    tensors = file.tensors();
    for (const auto& tensor : tensors) {
      bytes[tensor.name].assign(reinterpret_cast<const char*>(tensor.data), tensor.bytes);
    }
  }
  TensorView& at(const std::string& name) {
    for (auto& tensor : tensors) {
      if (tensor.name == name) return tensor;
    }
    throw std::logic_error(name);
  }
  void write(const std::filesystem::path& path) {
    for (auto& tensor : tensors) {
      tensor.data = reinterpret_cast<const std::byte*>(bytes[tensor.name].data());
      tensor.bytes = bytes[tensor.name].size();
    }
    write_safetensors(path, metadata, tensors);
  }
  void set_offset(std::size_t i, std::uint64_t value) {
    std::memcpy(bytes["name_offsets"].data() + 8 * i, &value, sizeof value);
  }
};

std::string refusal(const std::filesystem::path& path) {
  try {
    read_packed(path);
  } catch (const DataError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("a dataset survives packing") {
  const TempFolder folder;
  Dataset data = made_up_dataset(8);
  data.names = {"", "row 2", "täglich.jpg", "a/b/c", "x", "x", std::string(300, 'n'), "last"};
  for (const bool soft : {false, true}) {
    if (soft) {
      for (std::size_t i = 0; i < 8 * kEmotionCount; ++i) data.soft_labels.push_back(i % 7 < 2 ? 0.5F : 0.0F);
    }
    write_packed(folder / "p.safetensors", data);
    const Dataset read = read_packed(folder / "p.safetensors");
    CHECK(read.pixels == data.pixels);
    CHECK(read.labels == data.labels);
    CHECK(read.splits == data.splits);
    CHECK(read.names == data.names);
    CHECK(read.soft_labels == data.soft_labels);
    CHECK(read.digest() == data.digest());
    CHECK(read.sources.at(0).rows == 8);
    CHECK(SafetensorsFile::open(folder / "p.safetensors").metadata().at("schema") == "affekt.dataset/1");
  }
}

TEST_CASE("names that are not UTF-8 are packed as latin-1 text") {
  const TempFolder folder;
  Dataset data = made_up_dataset(1);
  data.names = {"caf\xe9.jpg"};
  write_packed(folder / "p.safetensors", data);
  CHECK(read_packed(folder / "p.safetensors").names.at(0) == "caf\xc3\xa9.jpg");
}

TEST_CASE("a damaged or hostile packed file is refused, whatever is wrong with it") {
  const TempFolder folder;
  const auto path = folder / "p.safetensors";
  const Dataset data = made_up_dataset(4);
  const auto spoilt = [&](const std::function<void(Packed&)>& spoil) {
    write_packed(path, data);
    Packed packed(path);
    spoil(packed);
    packed.write(path);
    const std::string message = refusal(path);
    CHECK(message.find("p.safetensors") != std::string::npos);
    return message.substr(message.find("p.safetensors") + 13);
  };
  CHECK(spoilt([](Packed& p) { p.metadata["schema"] = "affekt.model/1"; }) ==
        ": schema 'affekt.model/1', expected 'affekt.dataset/1'");
  CHECK(spoilt([](Packed& p) { p.metadata.erase("schema"); }).find(": schema ''") == 0);
  CHECK(spoilt([](Packed& p) {
          p.metadata["classes"] = "angry,disgust,fear,happy,neutral,sad,surprise";
        }).find(": classes 'angry,disgust,fear,happy,neutral") == 0);
  CHECK(spoilt([](Packed& p) { p.bytes["images"][100] ^= 1; }).find(": digest") == 0);
  CHECK(spoilt([](Packed& p) { p.bytes["labels"][3] = 7; }) == ": labels: row 3 is 7, expected 0 to 6");
  CHECK(spoilt([](Packed& p) { p.bytes["split"][1] = 3; }) == ": split: row 1 is 3, expected 0 to 2");
  CHECK(spoilt([](Packed& p) { p.set_offset(4, 1U << 30); }) == ": name_offsets do not cover names");
  CHECK(spoilt([](Packed& p) { p.set_offset(0, 1); }) == ": name_offsets do not cover names");
  CHECK(spoilt([](Packed& p) { p.set_offset(2, ~std::uint64_t{0}); }) == ": name_offsets: row 1 has bad offsets");
  CHECK(spoilt([](Packed& p) { p.set_offset(2, 1); }) == ": name_offsets: row 1 has bad offsets");
  CHECK(spoilt([](Packed& p) { p.bytes["names"][0] = '\xff'; }) == ": names: row 0 is not valid UTF-8");
  CHECK(spoilt([](Packed& p) {
          p.at("images").shape = {4, 24, 96};
        }) == ": images: expected U8 (4, 48, 48), found U8 (4, 24, 96)");
  CHECK(spoilt([](Packed& p) { p.at("images").shape = {4 * 48 * 48}; }).find(": images: expected U8") == 0);
  CHECK(spoilt([](Packed& p) {
          p.at("labels").shape = {2};
          p.bytes["labels"].resize(2);
        }) == ": labels: expected U8 (4), found U8 (2)");
  CHECK(spoilt([](Packed& p) {
          p.at("name_offsets").dtype = DType::f64;
        }).find(": name_offsets: expected U64 (5), found F64 (5)") == 0);
  CHECK(spoilt([](Packed& p) {
          p.at("split").name = "splits";
          p.bytes["splits"] = p.bytes["split"];
        }).find("split") != std::string::npos);
}

TEST_CASE("soft labels must be fractions with sum one") {
  const TempFolder folder;
  Dataset data = made_up_dataset(2);
  data.soft_labels.assign(2 * kEmotionCount, 0.5F);
  write_packed(folder / "p.safetensors", data);
  CHECK(refusal(folder / "p.safetensors").find("soft_labels: row 0") != std::string::npos);
  data.soft_labels.assign(2 * kEmotionCount, std::numeric_limits<float>::quiet_NaN());
  write_packed(folder / "p.safetensors", data);
  CHECK(refusal(folder / "p.safetensors").find("soft_labels: row 0") != std::string::npos);
}

TEST_CASE("every truncation of a packed file is refused") {
  const TempFolder folder;
  write_packed(folder / "p.safetensors", made_up_dataset(1));
  const InputFile whole = InputFile::open(folder / "p.safetensors");
  const std::string bytes(whole.bytes());
  for (std::size_t size = 0; size < bytes.size(); size += 97) {
    write_file(folder / "cut.safetensors", bytes.substr(0, size));
    REQUIRE_THROWS_AS(read_packed(folder / "cut.safetensors"), DataError);
  }
}
