#include "affekt/model/model_file.h"

#include <cmath>
#include <cstring>
#include <string_view>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/text.h"
#include "affekt/run/run_paths.h"
#include "model/card.h"

namespace affekt {
namespace fs = std::filesystem;
namespace {

constexpr int kMaxSelfTests = 64;

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::vector<std::string> parts;
  parts.reserve(shape.size());
  for (const std::int64_t extent : shape) parts.push_back(std::to_string(extent));
  return "[" + join(parts, ", ") + "]";
}

template <typename Bits>
bool all_finite(const TensorView& tensor, Bits exponent_mask) {
  bool finite = true;
  for (std::size_t i = 0; i < tensor.bytes; i += sizeof(Bits)) {
    Bits bits;
    std::memcpy(&bits, tensor.data + i, sizeof bits);
    finite &= (bits & exponent_mask) != exponent_mask;
  }
  return finite;
}

bool all_finite(const TensorView& tensor) {
  return tensor.dtype == DType::f16 ? all_finite<std::uint16_t>(tensor, 0x7C00U)
                                    : all_finite<std::uint32_t>(tensor, 0x7F800000U);
}

/// One validation of one open file.
class Validator {
 public:
  Validator(const SafetensorsFile& file, std::string place) : file_(file), place_(std::move(place)) {}

  const std::string& metadata(const char* key) const {
    const auto found = file_.metadata().find(key);
    if (found == file_.metadata().end()) {
      throw DataError(place_ + ": not a model of this program: no '" + key + "' in its metadata");
    }
    return found->second;
  }

  void check_tensor(const std::string& name, const std::vector<std::int64_t>& shape, bool half_allowed) const {
    const TensorView& tensor = file_.at(name);
    if (tensor.shape != shape) {
      fail(name, "expected shape " + shape_text(shape) + ", found " + shape_text(tensor.shape));
    }
    if (tensor.dtype != DType::f32 && !(half_allowed && tensor.dtype == DType::f16)) {
      fail(name, std::string("expected dtype ") + (half_allowed ? "F32 or F16" : "F32") + ", found " +
                     dtype_name(tensor.dtype));
    }
    if (!all_finite(tensor)) fail(name, "it holds NaN or infinity");
  }

  void check_variance(const std::string& name) const {
    for (const float value : to_float(file_.at(name))) {
      if (value < 0) fail(name, "a variance is negative");
    }
  }

  /// Returns the number of self-tests.
  int check_self_tests(const Network& network, std::int64_t classes) const {
    const NodeShape& in = network.input;
    int n = 0;
    for (; n < kMaxSelfTests; ++n) {
      const std::string prefix = "selftest." + std::to_string(n);
      if (file_.find(prefix + ".input") == nullptr) break;
      check_tensor(prefix + ".input", {in.channels, in.height, in.width}, false);
      check_tensor(prefix + ".logits", {classes}, false);
    }
    if (n == 0) throw DataError(place_ + ": no self-test (tensor 'selftest.0.input') in the model");
    return n;
  }

  void check_nothing_else(const std::vector<ParameterSpec>& specs, int self_tests) const {
    std::map<std::string, bool> known;
    for (const ParameterSpec& spec : specs) known[spec.name] = true;
    for (int i = 0; i < self_tests; ++i) {
      known["selftest." + std::to_string(i) + ".input"] = true;
      known["selftest." + std::to_string(i) + ".logits"] = true;
    }
    for (const TensorView& tensor : file_.tensors()) {
      if (known.count(tensor.name) == 0) fail(tensor.name, "the network has no such parameter");
    }
  }

 private:
  [[noreturn]] void fail(const std::string& tensor, const std::string& what) const {
    throw DataError(place_ + ": tensor '" + printable(tensor, 80) + "': " + what);
  }

  const SafetensorsFile& file_;
  std::string place_;
};

/// Why a folder is not taken for a model.
std::string no_model_text(const fs::path& folder) {
  const std::vector<fs::path> seeds = seed_runs_in(folder);
  if (!seeds.empty()) return ": runs of several seeds; give one of them, such as " + printable(seeds.front().string());
  std::error_code ignored;
  if (fs::exists(RunPaths{folder}.config(), ignored))
    return ": no best.safetensors in this run yet, it has not finished an epoch";
  return ": no best.safetensors in this folder (expected a run folder or a model file)";
}

}  // namespace

struct ModelFile::Impl {
  SafetensorsFile file;
  ModelCard card;
  Network network;
  int self_tests = 0;
  std::uint64_t file_bytes = 0;
};

ModelFile ModelFile::open(const fs::path& path) { return of(SafetensorsFile::open(path)); }

ModelFile ModelFile::of(SafetensorsFile file) {
  const fs::path path = file.path();
  const std::string place = printable(path.string());
  const Validator validator(file, place);
  const std::string& schema = validator.metadata("schema");
  if (schema != kModelSchema) {
    throw DataError(place + ": expected schema '" + kModelSchema + "', found '" + printable(schema, 60) +
                    "' (another kind of file, or written by a newer version)");
  }
  ModelCard card = parse_card(validator.metadata("card"), place);
  Network network = network_of(card, place);
  const std::vector<ParameterSpec> specs = parameter_specs(network);
  for (const ParameterSpec& spec : specs) {
    validator.check_tensor(spec.name, spec.shape, true);
    const std::string suffix = ".running_var";
    if (spec.name.size() > suffix.size() &&
        spec.name.compare(spec.name.size() - suffix.size(), suffix.size(), suffix) == 0) {
      validator.check_variance(spec.name);
    }
  }
  const int self_tests = validator.check_self_tests(network, static_cast<std::int64_t>(card.classes.size()));
  validator.check_nothing_else(specs, self_tests);
  std::error_code error;
  const std::uint64_t bytes = fs::file_size(path, error);
  return ModelFile(std::make_unique<Impl>(
      Impl{std::move(file), std::move(card), std::move(network), self_tests, error ? 0 : bytes}));
}

ModelFile::ModelFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ModelFile::ModelFile(ModelFile&&) noexcept = default;
ModelFile& ModelFile::operator=(ModelFile&&) noexcept = default;
ModelFile::~ModelFile() = default;

const fs::path& ModelFile::path() const { return impl_->file.path(); }
const ModelCard& ModelFile::card() const { return impl_->card; }
const Network& ModelFile::network() const { return impl_->network; }
const TensorView& ModelFile::parameter(const std::string& name) const { return impl_->file.at(name); }
std::uint64_t ModelFile::file_bytes() const { return impl_->file_bytes; }

std::vector<SelfTest> ModelFile::self_tests() const {
  std::vector<SelfTest> tests;
  for (int i = 0; i < impl_->self_tests; ++i) {
    const std::string prefix = "selftest." + std::to_string(i);
    tests.push_back({to_float(impl_->file.at(prefix + ".input")), to_float(impl_->file.at(prefix + ".logits"))});
  }
  return tests;
}

fs::path resolve_model_path(const std::string& text) {
  if (text == "default") return find_bundled("models/default.safetensors");
  fs::path path = text;
  std::error_code error;
  if (fs::is_directory(path, error)) {
    fs::path best = RunPaths{path}.best();
    if (fs::exists(best, error)) return best;
    throw IoError(printable(text) + no_model_text(path));
  }
  if (!fs::exists(path, error)) {
    throw IoError(printable(text) + ": no such model file (give a file, a run folder or 'default')");
  }
  // Models are mapped into memory, and opening a pipe would wait for somebody to write.
  if (!fs::is_regular_file(path, error)) throw IoError(printable(text) + ": not a regular file");
  return path;
}

}  // namespace affekt
