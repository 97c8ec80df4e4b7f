#include "affekt/model/model_file.h"

#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "affekt/core/error.h"
#include "affekt/core/random.h"
#include "affekt/core/text.h"
#include "affekt/data/emotion.h"
#include "affekt/model/architectures.h"
#include "affekt/run/run_paths.h"
#include "support/catch.h"
#include "support/error_message.h"
#include "support/temp_folder.h"

using namespace affekt;
using affekt::test::message_of;
using Json = nlohmann::ordered_json;

namespace {

ModelCard sample_card() {
  ModelCard card;
  card.architecture = "compact";
  card.classes = emotion_names();
  card.preprocessing = make_preprocessing("fer2013");
  card.training_options_json = R"({"epochs":3,"data":["fer2013.csv"]})";
  card.seed = std::numeric_limits<std::uint64_t>::max();
  card.data = "28,709 rows \"train\"";
  card.data_digest = "0123456789abcdef";
  card.selection = "best accuracy on PublicTest";
  card.metrics = {{"validation_accuracy", 0.655}, {"private_accuracy", 0.66}};
  card.license = "Apache-2.0";
  card.created = "2026-11-22T00:00:00Z";
  card.tool_version = "0.1.0";
  return card;
}

ParameterMap random_parameters(const Network& network) {
  RandomStream random(1);
  ParameterMap parameters;
  for (const ParameterSpec& spec : parameter_specs(network)) {
    std::size_t n = 1;
    for (const std::int64_t extent : spec.shape) n *= static_cast<std::size_t>(extent);
    std::vector<float> values(n);
    for (float& value : values) value = static_cast<float>(random.uniform(0.001, 0.1));
    parameters[spec.name] = values;
  }
  return parameters;
}

std::vector<SelfTest> sample_self_tests() {
  SelfTest test;
  test.input.assign(48 * 48, 0.5F);
  test.logits = {1, 2, 3, 4, 5, 6, 7};
  return {test, test};
}

void write_sample(const std::filesystem::path& path, DType dtype = DType::f32) {
  write_model(path, sample_card(), random_parameters(make_network("compact")), sample_self_tests(), dtype);
}

/// A model file taken apart, to be spoilt and put together again.
struct Parts {
  std::map<std::string, std::string> metadata;
  std::vector<TensorView> tensors;
  std::map<std::string, std::vector<std::byte>> bytes;

  explicit Parts(const SafetensorsFile& file) : metadata(file.metadata()), tensors(file.tensors()) {
    for (TensorView& tensor : tensors) {
      auto& copy = bytes[tensor.name];
      copy.assign(tensor.data, tensor.data + tensor.bytes);
      tensor.data = copy.data();
    }
  }
  TensorView& tensor(const std::string& name) {
    for (TensorView& candidate : tensors) {
      if (candidate.name == name) return candidate;
    }
    throw std::runtime_error("no tensor " + name);
  }
  void set_float(const std::string& name, std::size_t i, float value) {
    std::memcpy(bytes.at(name).data() + i * sizeof value, &value, sizeof value);
  }
  void set_half(const std::string& name, std::size_t i, std::uint16_t value) {
    std::memcpy(bytes.at(name).data() + i * sizeof value, &value, sizeof value);
  }
  void remove(const std::string& name) {
    std::vector<TensorView> kept;
    for (const TensorView& candidate : tensors) {
      if (candidate.name != name) kept.push_back(candidate);
    }
    tensors = kept;
  }
  void edit_card(const std::function<void(Json&)>& edit) {
    Json card = Json::parse(metadata.at("card"));
    edit(card);
    metadata["card"] = card.dump();
  }
};

}  // namespace

TEST_CASE("a model written is the model read") {
  const TempFolder folder;
  const auto path = folder / "m.safetensors";
  write_sample(path);
  const ModelFile model = ModelFile::open(path);
  const ModelCard expected = sample_card();
  const ModelCard& card = model.card();
  CHECK(card.architecture == "compact");
  CHECK(card.head == "default");
  CHECK(card.image_size == 48);
  CHECK(card.channels == 1);
  CHECK(card.classes == emotion_names());
  CHECK(card.preprocessing.name == "fer2013");
  CHECK(card.preprocessing.scale == expected.preprocessing.scale);
  CHECK(card.preprocessing.mean == expected.preprocessing.mean);
  CHECK(card.preprocessing.std == expected.preprocessing.std);
  CHECK(card.training_options_json == expected.training_options_json);
  CHECK(card.seed == expected.seed);
  CHECK(card.data == expected.data);
  CHECK(card.metrics == expected.metrics);
  CHECK(card_json(card) == card_json(expected));
  CHECK(model.network().name == "compact");
  CHECK(model.file_bytes() == std::filesystem::file_size(path));
  const ParameterMap parameters = random_parameters(make_network("compact"));
  for (const auto& [name, values] : parameters) CHECK((to_float(model.parameter(name)) == values));
  REQUIRE(model.self_tests().size() == 2);
  CHECK(model.self_tests()[1].logits == sample_self_tests()[1].logits);
  CHECK_THROWS_AS(model.parameter("nothing"), DataError);
}

TEST_CASE("half precision stores what round_to_half gives, statistics stay whole") {
  const TempFolder folder;
  write_sample(folder / "h.safetensors", DType::f16);
  const ModelFile model = ModelFile::open(folder / "h.safetensors");
  const Network network = make_network("compact");
  ParameterMap rounded = random_parameters(network);
  round_to_half(network, rounded);
  for (const auto& [name, values] : rounded) CHECK((to_float(model.parameter(name)) == values));
  CHECK(model.parameter("stem.conv.weight").dtype == DType::f16);
  CHECK(model.parameter("stem.bn.running_var").dtype == DType::f32);
  CHECK(rounded.at("stem.bn.running_var") == random_parameters(network).at("stem.bn.running_var"));
  CHECK(rounded.at("stem.conv.weight") != random_parameters(network).at("stem.conv.weight"));
  CHECK(model.file_bytes() < 2600000);
}

TEST_CASE("the writer refuses an incomplete or impossible model") {
  const TempFolder folder;
  const auto path = folder / "m.safetensors";
  const Network network = make_network("compact");
  const ParameterMap good = random_parameters(network);
  const auto refused = [&](const ModelCard& card, const ParameterMap& parameters, const std::vector<SelfTest>& tests,
                           DType dtype) {
    CHECK_THROWS_AS(write_model(path, card, parameters, tests, dtype), UsageError);
    CHECK_FALSE(std::filesystem::exists(path));
  };
  ParameterMap bad = good;
  bad.erase("head.output.bias");
  refused(sample_card(), bad, sample_self_tests(), DType::f32);
  CHECK_THROWS_AS(round_to_half(network, bad), UsageError);
  bad = good;
  bad["extra"] = {1};
  refused(sample_card(), bad, sample_self_tests(), DType::f32);
  bad = good;
  bad["head.output.bias"].push_back(0);
  refused(sample_card(), bad, sample_self_tests(), DType::f32);
  bad = good;
  bad["head.output.bias"][0] = std::nanf("");
  refused(sample_card(), bad, sample_self_tests(), DType::f32);
  bad["head.output.bias"][0] = 70000;
  refused(sample_card(), bad, sample_self_tests(), DType::f16);
  refused(sample_card(), good, {}, DType::f32);
  std::vector<SelfTest> tests = sample_self_tests();
  tests[1].input.pop_back();
  refused(sample_card(), good, tests, DType::f32);
  refused(sample_card(), good, sample_self_tests(), DType::bf16);
  ModelCard card = sample_card();
  card.architecture = "basic-cnn";
  refused(card, good, sample_self_tests(), DType::f32);
  card = sample_card();
  card.training_options_json = "{";
  refused(card, good, sample_self_tests(), DType::f32);
  card = sample_card();
  card.classes.pop_back();
  refused(card, good, sample_self_tests(), DType::f32);
}

TEST_CASE("every spoilt model is one clear DataError") {
  const TempFolder folder;
  write_sample(folder / "good32.safetensors");
  write_sample(folder / "good16.safetensors", DType::f16);
  const SafetensorsFile good32 = SafetensorsFile::open(folder / "good32.safetensors");
  const SafetensorsFile good16 = SafetensorsFile::open(folder / "good16.safetensors");
  const auto path = folder / "bad.safetensors";
  const auto refused = [&](const std::string& expected, const std::function<void(Parts&)>& spoil, bool half = false) {
    INFO("expected: " << expected);
    Parts parts(half ? good16 : good32);
    spoil(parts);
    write_safetensors(path, parts.metadata, parts.tensors);
    try {
      ModelFile::open(path);
      FAIL_CHECK("accepted");
    } catch (const DataError& error) {
      const std::string message = error.what();
      CHECK_THAT(message, Catch::Matchers::ContainsSubstring(expected) &&
                              Catch::Matchers::ContainsSubstring("bad.safetensors: "));
      CHECK(message.find('\n') == std::string::npos);
    }
  };
  const auto card = [&](const std::string& expected, const std::function<void(Json&)>& edit) {
    refused(expected, [&](Parts& p) { p.edit_card(edit); });
  };
  refused("no 'schema'", [](Parts& p) { p.metadata.clear(); });
  refused("no 'card'", [](Parts& p) { p.metadata.erase("card"); });
  refused("found 'affekt.model/2'", [](Parts& p) { p.metadata["schema"] = "affekt.model/2"; });
  refused("not valid JSON", [](Parts& p) { p.metadata["card"] = "{"; });
  refused("card", [](Parts& p) { p.metadata["card"] = std::string(100000, '['); });
  refused("repeated", [](Parts& p) { p.metadata["card"].insert(1, "\"channels\":1,"); });
  refused("expected an object", [](Parts& p) { p.metadata["card"] = "[]"; });
  card("architecture: missing", [](Json& c) { c.erase("architecture"); });
  card("architecture: expected a text", [](Json& c) { c["architecture"] = 1; });
  card("unknown network 'resnet9000'", [](Json& c) { c["architecture"] = "resnet9000"; });
  card("unknown head 'two'", [](Json& c) { c["head"] = "two"; });
  card("image_size: expected a whole number", [](Json& c) { c["image_size"] = -48; });
  card("image_size: expected a whole number", [](Json& c) { c["image_size"] = 48.5; });
  card("image_size: expected a whole number", [](Json& c) { c["image_size"] = 1e30; });
  card("takes 48, found 64", [](Json& c) { c["image_size"] = 64; });
  card("channels: compact takes 1, found 3", [](Json& c) { c["channels"] = 3; });
  card("classes: expected", [](Json& c) { std::swap(c["classes"][0], c["classes"][1]); });
  card("classes: expected", [](Json& c) { c["classes"] = "angry"; });
  card("preprocessing: expected an object", [](Json& c) { c["preprocessing"] = nullptr; });
  card("preprocessing: missing", [](Json& c) { c.erase("preprocessing"); });
  card("std: must be above 0", [](Json& c) { c["preprocessing"]["std"][2] = 0; });
  card("mean: expected three numbers", [](Json& c) { c["preprocessing"]["mean"] = Json::array({1, 2}); });
  card("mean: expected a finite number", [](Json& c) { c["preprocessing"]["mean"][0] = "x"; });
  card("scale: must be above 0", [](Json& c) { c["preprocessing"]["scale"] = 0; });
  card("training_options: expected an object", [](Json& c) { c["training_options"] = 3; });
  card("seed: expected a whole number", [](Json& c) { c["seed"] = -1; });
  card("license: expected a text", [](Json& c) { c["license"] = Json::object(); });
  card("metrics: a: expected a finite number", [](Json& c) { c["metrics"] = {{"a", "b"}}; });
  refused("there is no tensor 'stage2.0.bn1.bias'", [](Parts& p) { p.remove("stage2.0.bn1.bias"); });
  refused("tensor 'spare': the network has no such parameter", [](Parts& p) {
    TensorView spare = p.tensor("head.output.bias");
    spare.name = "spare";
    p.tensors.push_back(spare);
  });
  refused("expected shape [32, 1, 3, 3], found [32, 9]", [](Parts& p) {
    p.tensor("stem.conv.weight").shape = {32, 9};
  });
  refused("expected dtype F32 or F16, found I32", [](Parts& p) { p.tensor("head.output.bias").dtype = DType::i32; });
  refused("NaN or infinity", [](Parts& p) { p.set_float("head.output.bias", 6, std::nanf("")); });
  refused("NaN or infinity",
          [](Parts& p) { p.set_float("stage3.0.conv2.weight", 589823, -std::numeric_limits<float>::infinity()); });
  refused(
      "NaN or infinity", [](Parts& p) { p.set_half("head.output.bias", 0, 0x7C00); }, true);
  refused(
      "NaN or infinity", [](Parts& p) { p.set_half("head.output.bias", 6, 0xFE00); }, true);
  refused("a variance is negative", [](Parts& p) { p.set_float("stem.bn.running_var", 3, -1e-3F); });
  refused("no self-test", [](Parts& p) {
    for (const char* name : {"selftest.0.input", "selftest.0.logits", "selftest.1.input", "selftest.1.logits"}) {
      p.remove(name);
    }
  });
  refused("there is no tensor 'selftest.1.logits'", [](Parts& p) { p.remove("selftest.1.logits"); });
  refused("tensor 'selftest.1.logits': the network has no", [](Parts& p) { p.remove("selftest.1.input"); });
  refused("expected shape [7]", [](Parts& p) { p.tensor("selftest.0.logits").shape = {1, 7}; });
  refused("expected shape [1, 48, 48]", [](Parts& p) { p.tensor("selftest.0.input").shape = {48, 48}; });
  refused("NaN or infinity", [](Parts& p) { p.set_float("selftest.0.input", 0, std::nanf("")); });
}

TEST_CASE("a model cut at any byte of its header is refused") {
  const TempFolder folder;
  write_sample(folder / "good.safetensors", DType::f16);
  std::ifstream in(folder / "good.safetensors", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof length);
  REQUIRE(length < 20000);
  const auto path = folder / "cut.safetensors";
  std::vector<std::size_t> cuts;
  for (std::size_t n = 0; n <= 8 + length; ++n) cuts.push_back(n);
  for (std::size_t n = 8 + length; n < bytes.size(); n += 99991) cuts.push_back(n);
  cuts.push_back(bytes.size() - 1);
  for (const std::size_t n : cuts) {
    std::ofstream(path, std::ios::binary) << bytes.substr(0, n);
    bool refused = false;
    try {
      ModelFile::open(path);
    } catch (const DataError&) {
      refused = true;
    }
    if (!refused) FAIL_CHECK("accepted when cut to " << n << " bytes");
  }
}

TEST_CASE("the card of a later program with more to say is still read") {
  const TempFolder folder;
  write_sample(folder / "a.safetensors");
  Parts parts(SafetensorsFile::open(folder / "a.safetensors"));
  parts.edit_card([](Json& c) {
    c["something_new"] = {1, 2};
    c["metrics"]["unknown"] = nullptr;
    c.erase("head");
  });
  write_safetensors(folder / "b.safetensors", parts.metadata, parts.tensors);
  const ModelFile model = ModelFile::open(folder / "b.safetensors");
  CHECK(model.card().metrics == sample_card().metrics);
  CHECK(model.card().head == "default");
}

TEST_CASE("paths of models: a file, a run folder, nothing") {
  const TempFolder folder;
  const auto run = folder / "run";
  std::filesystem::create_directory(run);
  CHECK_THROWS_AS(resolve_model_path(run.string()), IoError);
  write_sample(run / "best.safetensors");
  CHECK(resolve_model_path(run.string()) == run / "best.safetensors");
  CHECK(resolve_model_path((run / "best.safetensors").string()) == run / "best.safetensors");
  CHECK_THROWS_AS(resolve_model_path((folder / "none").string()), IoError);
  CHECK_THROWS_AS(ModelFile::open(folder / "none"), IoError);
}

TEST_CASE("a folder without a model says what it is") {
  const TempFolder folder;
  const auto why = [](const std::filesystem::path& path) {
    return message_of<IoError>([&] { resolve_model_path(path.string()); });
  };
  const auto put = [](const std::filesystem::path& path) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << "{}";
  };
  CHECK(affekt::test::contains(why(folder.path()), "no best.safetensors in this folder (expected a run folder"));
  CHECK(seed_runs_in(folder / "none").empty());
  put(folder / "begun/config.json");
  CHECK(affekt::test::contains(why(folder / "begun"), "it has not finished an epoch"));
  put(folder / "seeds/config.json");
  for (const char* run : {"seed-10", "seed-9", "seed-100"}) put(folder / "seeds" / run / "best.safetensors");
  put(folder / "seeds/seed-11/config.json");
  CHECK(
      affekt::test::contains(why(folder / "seeds"), "give one of them, such as " + (folder / "seeds/seed-9").string()));
  CHECK(seed_runs_in(folder / "seeds") == std::vector<std::filesystem::path>{folder / "seeds/seed-9",
                                                                             folder / "seeds/seed-10",
                                                                             folder / "seeds/seed-100"});
}

TEST_CASE("the bundled model is one that this program reads, and small") {
  const ModelFile model = ModelFile::open(resolve_model_path("default"));
  CHECK(model.card().architecture == "compact");
  CHECK(model.file_bytes() <= 6000000);
  CHECK(model.card().metrics.at("private_accuracy") >= 0.64);
  CHECK_FALSE(model.card().license.empty());
  CHECK_FALSE(model.card().data_digest.empty());
}

TEST_CASE("preprocessings by name") {
  CHECK(make_preprocessing("unit").mean == std::array<double, 3>{0, 0, 0});
  CHECK(make_preprocessing("fer2013").std[2] == 0.2550);
  CHECK_THROWS_AS(make_preprocessing("imagenett"), UsageError);
  for (const std::string& name : network_names()) CHECK_NOTHROW(make_preprocessing(network_info(name).preprocessing));
  CHECK_THROWS_AS(network_info("x").preprocessing, UsageError);
}
