#include "affekt/core/safetensors.h"

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

#include "affekt/core/error.h"
#include "support/catch.h"
#include "support/temp_folder.h"

using namespace affekt;

namespace {

std::string length_prefix(std::uint64_t length) {
  std::string bytes(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(length >> (8 * i) & 0xFF);
  return bytes;
}

std::string container(const std::string& header, std::size_t data_bytes) {
  return length_prefix(header.size()) + header + std::string(data_bytes, '\1');
}

void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TensorView view(const std::string& name, DType dtype, std::vector<std::int64_t> shape, const void* data,
                std::size_t bytes) {
  return {name, dtype, std::move(shape), static_cast<const std::byte*>(data), bytes};
}

/// The message of the DataError that opening these bytes gives; one line, naming the file.
std::string refusal(const TempFolder& folder, const std::string& bytes) {
  const auto path = folder / "bad.safetensors";
  write_bytes(path, bytes);
  try {
    SafetensorsFile::open(path);
  } catch (const DataError& error) {
    const std::string message = error.what();
    CHECK(message.find("bad.safetensors: ") != std::string::npos);
    CHECK(message.find('\n') == std::string::npos);
    return message;
  }
  FAIL("accepted: " << bytes.substr(8));
  return {};
}

const std::string kGood = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                          R"("b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}})";

}  // namespace

TEST_CASE("what is written is read back") {
  const TempFolder folder;
  const auto path = folder / "t.safetensors";
  const std::vector<float> a = {1.5F, -2.0F, std::numeric_limits<float>::infinity()};
  const std::vector<std::uint8_t> b = {1, 2, 3};
  const std::int64_t scalar = -7;
  write_safetensors(path, {{"schema", "x/1"}, {"text", "a\"b\n\xC3\xA9"}},
                    {view("a", DType::f32, {3, 1}, a.data(), 12), view("b", DType::u8, {3}, b.data(), 3),
                     view("empty", DType::f64, {0, 5}, nullptr, 0), view("s", DType::i64, {}, &scalar, 8)});
  const SafetensorsFile file = SafetensorsFile::open(path);
  CHECK(file.path() == path);
  CHECK(file.metadata() == std::map<std::string, std::string>{{"schema", "x/1"}, {"text", "a\"b\n\xC3\xA9"}});
  REQUIRE(file.tensors().size() == 4);
  CHECK(file.tensors()[0].name == "a");
  CHECK(file.tensors()[0].shape == std::vector<std::int64_t>{3, 1});
  CHECK(to_float(file.at("a")) == a);
  CHECK(std::memcmp(file.at("b").data, b.data(), 3) == 0);
  CHECK(file.at("empty").count() == 0);
  CHECK(file.at("s").count() == 1);
  std::int64_t read = 0;
  std::memcpy(&read, file.at("s").data, sizeof read);
  CHECK(read == scalar);
  CHECK(file.find("c") == nullptr);
  CHECK_THROWS_AS(file.at("c"), DataError);
  CHECK_THROWS_AS(to_float(file.at("b")), DataError);
  const std::string bytes = read_bytes(path);
  CHECK(static_cast<unsigned char>(bytes[0]) % 8 == 0);
}

TEST_CASE("a file that is open already is read where it lies, and kept") {
  const TempFolder folder;
  const auto path = folder / "gone.safetensors";
  write_bytes(path, container(kGood, 11));
  InputFile input = InputFile::open(path);
  const char* begin = input.bytes().data();
  std::filesystem::remove(path);
  const SafetensorsFile file = SafetensorsFile::of(std::move(input), path);
  CHECK(file.path() == path);
  CHECK(reinterpret_cast<const char*>(file.at("a").data) == begin + 8 + kGood.size());
  CHECK(file.at("b").data[2] == std::byte{1});
  write_bytes(path, "x");
  CHECK_THROWS_AS(SafetensorsFile::of(InputFile::open(path), path), DataError);
}

TEST_CASE("a file of no tensors is a file") {
  const TempFolder folder;
  write_safetensors(folder / "none.safetensors", {}, {});
  CHECK(SafetensorsFile::open(folder / "none.safetensors").tensors().empty());
}

TEST_CASE("the writer refuses what a reader would refuse") {
  const TempFolder folder;
  const float x = 1;
  const auto path = folder / "x.safetensors";
  const TensorView good = view("a", DType::f32, {1}, &x, 4);
  CHECK_THROWS_AS(write_safetensors(path, {}, {good, good}), UsageError);
  CHECK_THROWS_AS(write_safetensors(path, {}, {view("a", DType::f32, {2}, &x, 4)}), UsageError);
  CHECK_THROWS_AS(write_safetensors(path, {}, {view("", DType::f32, {1}, &x, 4)}), UsageError);
  CHECK_THROWS_AS(write_safetensors(path, {}, {view("__metadata__", DType::f32, {1}, &x, 4)}), UsageError);
  CHECK_FALSE(std::filesystem::exists(path));
  CHECK_THROWS_AS(write_safetensors(folder / "no" / "such" / "x.safetensors", {}, {good}), IoError);
}

TEST_CASE("missing files and folders are IoError") {
  const TempFolder folder;
  CHECK_THROWS_AS(SafetensorsFile::open(folder / "missing.safetensors"), IoError);
  CHECK_THROWS_AS(SafetensorsFile::open(folder.path()), IoError);
}

TEST_CASE("a file cut at any byte is refused") {
  const TempFolder folder;
  const std::string whole = container(kGood, 11);
  write_bytes(folder / "good.safetensors", whole);
  REQUIRE(SafetensorsFile::open(folder / "good.safetensors").tensors().size() == 2);
  for (std::size_t n = 0; n < whole.size(); ++n) {
    INFO("cut to " << n << " bytes");
    refusal(folder, whole.substr(0, n));
  }
  CHECK(refusal(folder, whole + "x").find("after the last tensor") != std::string::npos);
}

TEST_CASE("lies about the header's length are refused before it is read") {
  const TempFolder folder;
  const std::string body = kGood + std::string(11, '\1');
  for (const std::uint64_t length :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{kGood.size() - 1}, std::uint64_t{kGood.size() + 1},
        std::uint64_t{body.size()}, std::uint64_t{body.size() + 1}, std::uint64_t{100} << 20, std::uint64_t{1} << 40,
        std::numeric_limits<std::uint64_t>::max(), std::numeric_limits<std::uint64_t>::max() - 7}) {
    INFO("length " << length);
    refusal(folder, length_prefix(length) + body);
  }
}

TEST_CASE("hostile headers are refused with a message") {
  const TempFolder folder;
  const auto tensor = [](const std::string& inner) { return R"({"a":{)" + inner + "}}"; };
  const std::pair<std::string, std::string> cases[] = {
      {"[]", "does not begin with '{'"},
      {" {}", "does not begin with '{'"},
      {"{", "not valid JSON"},
      {"{}x", "not valid JSON"},
      {"{\"a\":\"\xFF\"}", "not valid JSON"},
      {R"({"a":1})", "did not expect"},
      {R"({"a":null})", "did not expect null"},
      {R"({"a":true})", "did not expect"},
      {R"({"a":[]})", "did not expect a list"},
      {R"({"":{"dtype":"U8","shape":[],"data_offsets":[0,1]}})", "without a name"},
      {tensor(R"("dtype":"U8","shape":[8])"), "all needed"},
      {tensor(R"("dtype":"U8","data_offsets":[0,8])"), "all needed"},
      {tensor(R"("shape":[8],"data_offsets":[0,8])"), "all needed"},
      {tensor(R"("dtype":"F33","shape":[2],"data_offsets":[0,8])"), "dtype 'F33'"},
      {tensor(R"("dtype":"f32","shape":[2],"data_offsets":[0,8])"), "dtype 'f32'"},
      {tensor(R"("dtype":7,"shape":[2],"data_offsets":[0,8])"), "did not expect the number 7"},
      {tensor(R"("dtype":"F64","shape":[2],"data_offsets":[0,8])"), "needs 16 bytes"},
      {tensor(R"("dtype":"F16","shape":[2],"data_offsets":[0,8])"), "needs 4 bytes"},
      {tensor(R"("dtype":"F32","shape":[-2],"data_offsets":[0,8])"), "negative number -2"},
      {tensor(R"("dtype":"F32","shape":[2.0],"data_offsets":[0,8])"), "the number 2.0"},
      {tensor(R"("dtype":"F32","shape":[2e0],"data_offsets":[0,8])"), "the number 2e0"},
      {tensor(R"("dtype":"F32","shape":["2"],"data_offsets":[0,8])"), "the text '2'"},
      {tensor(R"("dtype":"F32","shape":[[2]],"data_offsets":[0,8])"), "did not expect a list"},
      {tensor(R"("dtype":"F32","shape":2,"data_offsets":[0,8])"), "did not expect the number 2"},
      {tensor(R"("dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,8])"), "out of range"},
      {tensor(R"("dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,8])"), "did not expect the number"},
      {tensor(R"("dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0])"), "overflows"},
      {tensor(R"("dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0])"), "overflows"},
      {tensor(R"("dtype":"U8","shape":[4294967296,4294967296,0],"data_offsets":[0,0])"), "overflows"},
      {tensor(R"("dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8])"), "dimensions"},
      {tensor(R"("dtype":"F32","shape":[2],"data_offsets":[8,0])"), "backwards"},
      {tensor(R"("dtype":"F32","shape":[2],"data_offsets":[0])"), "two numbers"},
      {tensor(R"("dtype":"F32","shape":[2],"data_offsets":[0,8,8])"), "two numbers"},
      {tensor(R"("dtype":"F32","shape":[2],"data_offsets":[-8,0])"), "negative"},
      {tensor(R"("dtype":"F32","shape":[2],"data_offsets":[18446744073709551608,0])"), "backwards"},
      {tensor(R"("dtype":"F32","shape":[2],"data_offsets":[1,9])"), "only 8"},
      {tensor(R"("dtype":"F32","shape":[1],"data_offsets":[4,8])"), "gap"},
      {tensor(R"("dtype":"F32","shape":[1],"data_offsets":[0,4])"), "after the last tensor"},
      {tensor(R"("dtype":"F32","dtype":"U8","shape":[8],"data_offsets":[0,8])"), "'dtype' is repeated"},
      {tensor(R"("dtype":"U8","shape":[8],"shape":[8],"data_offsets":[0,8])"), "'shape' is repeated"},
      {tensor(R"("dtype":"U8","shape":[8],"data_offsets":[0,8],"data_offsets":[0,8])"), "is repeated"},
      {tensor(R"("dtype":"U8","shape":[8],"data_offsets":[0,8],"more":1)"), "unknown key 'more'"},
      {tensor(R"("dtype":"U8","shape":[8],"data_offsets":[0,8],"more":{"x":1})"), "unknown key 'more'"},
      {R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"a":{"dtype":"U8","shape":[0],"data_offsets":[8,8]}})",
       "'a' is repeated"},
      {R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})",
       "overlap"},
      {R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}})",
       "overlap"},
      {R"({"__metadata__":{"k":1}})", "did not expect the number 1"},
      {R"({"__metadata__":{"k":{"x":"y"}}})", "did not expect an object"},
      {R"({"__metadata__":{"k":["y"]}})", "did not expect a list"},
      {R"({"__metadata__":"text"})", "did not expect the text"},
      {R"({"__metadata__":{"k":"a","k":"b"}})", "'k' is repeated"},
      {R"({"__metadata__":{},"__metadata__":{}})", "'__metadata__' is repeated"},
      {std::string("{\"a\":{\"dtype\":\"U8\0\",\"shape\":[8],\"data_offsets\":[0,8]}}", 52), "not valid JSON"},
  };
  for (const auto& [header, expected] : cases) {
    INFO(header);
    CHECK_THAT(refusal(folder, container(header, 8)), Catch::Matchers::ContainsSubstring(expected));
  }
}

TEST_CASE("deep nesting and many tensors end early") {
  const TempFolder folder;
  const std::string deep(1 << 20, '[');
  refusal(folder, container("{\"a\":" + deep, 8));
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
  refusal(folder, container(objects, 8));
  std::string many = "{";
  for (int i = 0; i < 100001; ++i) {
    many += (i == 0 ? "\"" : ",\"") + std::to_string(i) + R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  }
  CHECK_THAT(refusal(folder, container(many + "}", 0)), Catch::Matchers::ContainsSubstring("more than 100000 tensors"));
}

TEST_CASE("every one-byte change of a header is accepted whole or refused, never worse") {
  const TempFolder folder;
  const auto path = folder / "mutant.safetensors";
  int refused = 0;
  for (std::size_t i = 0; i < kGood.size(); ++i) {
    for (const char byte : {'\0', '"', '{', '}', '[', ']', ',', '9', '-', ' ', '\xFF'}) {
      std::string header = kGood;
      header[i] = byte;
      try {
        write_bytes(path, container(header, 11));
        const SafetensorsFile file = SafetensorsFile::open(path);
        for (const TensorView& tensor : file.tensors()) CHECK(tensor.bytes <= 11);
      } catch (const DataError&) {
        ++refused;
      }
    }
  }
  CHECK(refused > 500);
}

TEST_CASE("tensors are found in file order whatever the header's order") {
  const TempFolder folder;
  const std::string header = R"({"z":{"dtype":"U8","shape":[3],"data_offsets":[8,11]},)"
                             R"("a":{"data_offsets":[0,8],"shape":[2],"dtype":"F32"}}   )";
  write_bytes(folder / "x.safetensors", container(header, 11));
  const auto file = SafetensorsFile::open(folder / "x.safetensors");
  CHECK(file.tensors()[0].name == "a");
  CHECK(file.tensors()[1].name == "z");
}

TEST_CASE("half precision is exact over all 65536 values") {
  int wrong = 0;
  for (std::uint32_t i = 0; i < 65536; ++i) {
    const auto half = static_cast<std::uint16_t>(i);
    const float value = half_to_float(half);
    const std::uint32_t exponent = i >> 10 & 31U;
    const std::uint32_t mantissa = i & 1023U;
    if (exponent == 31 && mantissa != 0) {
      wrong += std::isnan(value) && (float_to_half(value) & 0x7E00U) == 0x7E00U ? 0 : 1;
      continue;
    }
    double expected =
        exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, static_cast<int>(exponent) - 25);
    if (exponent == 31) expected = std::numeric_limits<double>::infinity();
    if ((i & 0x8000U) != 0) expected = -expected;
    if (static_cast<double>(value) != expected || std::signbit(value) != ((i & 0x8000U) != 0)) ++wrong;
    if (float_to_half(value) != half) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("rounding to half goes to the nearest, ties to even") {
  int wrong = 0;
  for (std::uint16_t i = 0; i < 0x7BFF; ++i) {
    const auto next = static_cast<std::uint16_t>(i + 1);
    const float low = half_to_float(i);
    const float high = half_to_float(next);
    const float middle = low + (high - low) / 2;
    const std::uint16_t even = i % 2 == 0 ? i : next;
    wrong += float_to_half(middle) == even ? 0 : 1;
    wrong += float_to_half(std::nextafter(middle, 0.0F)) == i ? 0 : 1;
    wrong += float_to_half(std::nextafter(middle, 1e9F)) == next ? 0 : 1;
    wrong += float_to_half(-middle) == (even | 0x8000U) ? 0 : 1;
  }
  CHECK(wrong == 0);
  CHECK(float_to_half(65519.996F) == 0x7BFF);
  CHECK(float_to_half(65520.0F) == 0x7C00);
  CHECK(float_to_half(1e30F) == 0x7C00);
  CHECK(float_to_half(-std::numeric_limits<float>::infinity()) == 0xFC00);
  CHECK(float_to_half(1e-30F) == 0);
  CHECK(float_to_half(std::numeric_limits<float>::denorm_min()) == 0);
}

TEST_CASE("bf16, f64 and f16 tensors become float") {
  const std::uint16_t bf[] = {0x3F80, 0xC000};
  CHECK(to_float(view("b", DType::bf16, {2}, bf, 4)) == std::vector<float>{1.0F, -2.0F});
  const double d[] = {0.1, 3.0};
  CHECK(to_float(view("d", DType::f64, {2}, d, 16)) == std::vector<float>{0.1F, 3.0F});
  const std::uint16_t h[] = {0x3C00, 0x0001};
  CHECK(to_float(view("h", DType::f16, {2}, h, 4)) == std::vector<float>{1.0F, 0x1p-24F});
}
