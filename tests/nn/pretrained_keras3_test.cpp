// What Keras 3 writes, .weights.h5 and .keras, and models inside models: where each value lands, and what is refused.
#include <algorithm>
#include <fstream>
#include <random>

#include "affekt/core/error.h"
#include "nn/keras_layers.h"
#include "nn/zip_writer.h"
#include "support/catch.h"
#include "support/error_message.h"
#include "support/temp_folder.h"

using namespace affekt;
using namespace affekt::test;

namespace {

const std::vector<float> kVariance = {0.229F, 0.224F, 0.225F};
const char* const kArchive = "Keras 3 archive";

std::string refusal(const std::filesystem::path& path, const std::string& network) {
  const std::string message = message_of<DataError>([&] { read_pretrained(path, network, true); });
  CHECK(contains(message, path.filename().string()));
  CHECK(message.find('\n') == std::string::npos);
  return message;
}

WrittenLayer dense(const std::string& name, std::int64_t in, std::int64_t out) {
  return {name,
          {{name + "/kernel", {in, out}, std::vector<float>(static_cast<std::size_t>(in * out), 0.5F)},
           {name + "/bias", {out}, std::vector<float>(static_cast<std::size_t>(out), 0.5F)}}};
}

void swap_layers(std::vector<WrittenLayer>& layers, const std::string& a, const std::string& b) {
  const auto at = [&](const std::string& name) {
    return std::find_if(layers.begin(), layers.end(), [&](const WrittenLayer& layer) { return layer.name == name; });
  };
  std::swap(*at(a), *at(b));
}

/// The three entries of a .keras file, as Keras writes them.
std::vector<WrittenEntry> archive_of(const std::string& weights, const std::string& config) {
  return {{"metadata.json", R"({"keras_version": "3.15.1"})"}, {"config.json", config}, {"model.weights.h5", weights}};
}

/// All weights in one layer called `name`: the way the legacy layout writes a model inside a model. Frozen
/// layers come last.
WrittenLayer as_one_layer(const std::string& name, const std::vector<WrittenLayer>& layers, std::size_t frozen) {
  WrittenLayer whole{name, {}};
  const auto add = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      whole.weights.insert(whole.weights.end(), layers[i].weights.begin(), layers[i].weights.end());
    }
  };
  add(frozen, layers.size());
  add(0, frozen);
  return whole;
}

}  // namespace

TEST_CASE("keras 3: weights with the layers' names, and as its first versions wrote them") {
  const TempFolder folder;
  const auto file = folder / "b0.weights.h5";
  Keras3Style style;
  style.optimizer = true;
  for (const bool named : {true, false}) {
    INFO("named " << named);
    style.named = named;
    write_keras3_file(file, keras_efficientnet_b0(6, kVariance), style);
    check_keras_weights(read_pretrained(file, "efficientnet-b0", true), "efficientnet-b0", 6, "Keras 3 weights");
    check_keras_weights(read_pretrained(file, "efficientnet-b0", false), "efficientnet-b0", 0, "Keras 3 weights");
    write_keras3_file(file, keras_resnet50v2(0), style);
    check_keras_weights(read_pretrained(file, "resnet50v2", true), "resnet50v2", 0, "Keras 3 weights");
  }
  CHECK(contains(refusal(file, "vgg16"), "weights of resnet50v2 (Keras), but the network is vgg16"));
  write_keras3_file(file, keras_vgg16(0));
  check_keras_weights(read_pretrained(file, "vgg16", true), "vgg16", 0, "Keras 3 weights");
}

TEST_CASE("keras 3: names decide which layer is which, in the weights or else in config.json") {
  const TempFolder folder;
  const auto file = folder / "x.weights.h5", archive = folder / "x.keras";
  auto layers = keras_efficientnet_b0(0, kVariance);
  swap_layers(layers, "block2b_project_bn", "block2a_project_bn");  // equal shapes: only the name tells
  write_keras3_file(file, layers);
  check_keras_weights(read_pretrained(file, "efficientnet-b0", true), "efficientnet-b0", 0, "Keras 3 weights");
  Keras3Style style;
  style.named = false;
  write_keras3_file(file, layers, style);
  write_zip(archive, archive_of(file_bytes(file), keras_config(layers)));
  check_keras_weights(read_pretrained(archive, "efficientnet-b0", true), "efficientnet-b0", 0, kArchive);
}

TEST_CASE("keras 3: an archive, stored as Keras does or compressed; nothing else in it matters") {
  const TempFolder folder;
  const auto file = folder / "x.weights.h5", archive = folder / "x.keras";
  const auto layers = keras_efficientnet_b0(7, kVariance);
  write_keras3_file(file, layers);
  std::string config = keras_config(layers);
  config.insert(config.find('[') + 1,
                R"({"class_name": "Lambda", "config": {"name": "evil", "function": "4wEAAAA="}}, )");
  auto entries = archive_of(file_bytes(file), config);
  entries.push_back({"assets/data.bin", "\x80\x04 a pickle"});
  write_zip(archive, entries);
  check_keras_weights(read_pretrained(archive, "efficientnet-b0", true), "efficientnet-b0", 7, kArchive);
  for (WrittenEntry& entry : entries) entry.deflate = true;
  write_zip(archive, entries);
  check_keras_weights(read_pretrained(archive, "efficientnet-b0", true), "efficientnet-b0", 7, kArchive);
}

TEST_CASE("keras 3: a model inside a model; a head of another form is left out") {
  const TempFolder folder;
  const auto file = folder / "nested.weights.h5";
  Keras3Style style;
  style.model = "functional";
  style.outer = {dense("dense", 1280, 7)};
  for (const bool named : {true, false}) {
    style.named = named;
    write_keras3_file(file, keras_efficientnet_b0(0, kVariance), style);
    const PretrainedWeights weights = read_pretrained(file, "efficientnet-b0", true);
    CHECK(weights.format == "Keras 3 weights");
    CHECK(weights.head == "top");
    CHECK(weights.classes == 7);
    CHECK(weights.parameters.at("classifier.1.weight") == std::vector<float>(7 * 1280, 0.5F));
  }
  style.outer = {dense("dense", 1280, 64), dense("dense_1", 64, 7)};
  write_keras3_file(file, keras_efficientnet_b0(0, kVariance), style);
  check_keras_weights(read_pretrained(file, "efficientnet-b0", true), "efficientnet-b0", 0,
                      "Keras 3 weights, without 2 layers of another head");
  style.outer = keras_efficientnet_b0(0, kVariance);
  write_keras3_file(file, keras_efficientnet_b0(0, kVariance), style);
  CHECK(contains(refusal(file, "efficientnet-b0"), "found 2 models of efficientnet-b0, expected one"));
}

TEST_CASE("keras legacy layout: a model inside a model, its first layers frozen") {
  const TempFolder folder;
  const auto file = folder / "nested.h5";
  const WrittenLayer inner = as_one_layer("efficientnetb0", keras_efficientnet_b0(0, kVariance), 40);
  write_keras_file(file, {{"input", {}}, inner, dense("dense", 1280, 300), dense("dense_1", 300, 7)});
  check_keras_weights(read_pretrained(file, "efficientnet-b0", true), "efficientnet-b0", 0,
                      "Keras HDF5, without 2 layers of another head");
  write_keras_file(file, {{"input", {}}, inner, dense("dense", 1280, 1)});
  check_keras_weights(read_pretrained(file, "efficientnet-b0", true), "efficientnet-b0", 0,
                      "Keras HDF5, without 1 layer of another head");
}

TEST_CASE("keras: a network with random weights at first normalises nothing") {
  const TempFolder folder;
  const auto file = folder / "x.h5";
  auto layers = keras_efficientnet_b0(0, {1, 1, 1});
  layers[1].weights[0].values = {0, 0, 0};
  CHECK(layers[1].name == "normalization");
  write_keras_file(file, layers);
  CHECK(read_pretrained(file, "efficientnet-b0", true).preprocessing.name == "unit");
}

TEST_CASE("keras 3: wrong numbers of layers, larger sisters, and weights that are of another model than config.json") {
  const TempFolder folder;
  const auto file = folder / "x.weights.h5", archive = folder / "x.keras";
  auto layers = keras_vgg16(0);
  layers.resize(9);
  write_keras3_file(file, layers);
  CHECK(contains(refusal(file, "vgg16"), "found 7 layers with weights, first 'block1_conv1'; vgg16 has 13"));
  layers = keras_vgg16(0);
  WrittenLayer fourth = layers[12];
  CHECK(layers[12].name == "block4_conv3");
  fourth.name = "block4_conv4";
  layers.insert(layers.begin() + 13, fourth);
  write_keras3_file(file, layers);
  CHECK(contains(refusal(file, "vgg16"), "layer 'block4_conv4': a convolution that vgg16 does not have"));
  write_keras3_file(file, {{"a", {}}});
  CHECK(contains(refusal(file, "vgg16"), "an HDF5 file without layers of Keras"));
  write_keras3_file(file, keras_vgg16(0));
  write_zip(archive, archive_of(file_bytes(file), keras_config(keras_resnet50v2(0))));
  CHECK(contains(refusal(archive, "vgg16"),
                 "named 'block1_conv1' here and 'conv1_conv' in config.json: weights and configuration of different"));
}

TEST_CASE("keras 3: archives that Keras never writes") {
  const TempFolder folder;
  const auto file = folder / "x.weights.h5", archive = folder / "x.keras";
  write_keras3_file(file, {dense("a", 2, 2)});
  const std::string weights = file_bytes(file), config = keras_config({dense("a", 2, 2)});
  const auto refused = [&](const std::string& words, const std::vector<WrittenEntry>& entries) {
    write_zip(archive, entries);
    const std::string message = refusal(archive, "vgg16");
    INFO(message);
    CHECK(contains(message, words));
  };
  const auto changed = [&](auto change) {
    auto entries = archive_of(weights, config);
    change(entries[2]);
    return entries;
  };
  using Entry = WrittenEntry;
  refused("found 1 layers with weights", archive_of(weights, config));
  refused("a zip archive without model.weights.h5 (2 entries: 'config.json', 'model.weights.npz')",
          {{"config.json", config}, {"model.weights.npz", "PK"}});
  refused("a zip archive without model.weights.h5 (0 entries)", {});
  refused("a zip archive without config.json", {{"model.weights.h5", weights}});
  refused("a pickle is never read: convert it to safetensors", {{"archive/data.pkl", "\x80\x02."}});
  refused("x.keras: config.json:1:", archive_of(weights, "{\"class_name\": "));
  refused("x.keras: config.json: JSON is nested deeper", archive_of(weights, std::string(100, '[')));
  refused("found 1 layers with weights", archive_of(weights, "[1, {\"config\": 2}]"));
  refused("a damaged or truncated HDF5 file", archive_of("no weights at all", config));
  refused("a damaged or truncated HDF5 file", archive_of("", config));
  refused("'../x' leads out of the archive", changed([](Entry& entry) { entry.name = "../x"; }));
  refused("'/etc/x' leads out of the archive", changed([](Entry& entry) { entry.name = "/etc/x"; }));
  refused("is encrypted; save it without a password", changed([](Entry& entry) { entry.flags = 1; }));
  refused("is compressed by method 93", changed([](Entry& entry) { entry.method = std::uint16_t{93}; }));
  refused("declares 2147483647", changed([](Entry& entry) { entry.declared = 0x7fffffffU; }));
  refused("is of 4 GB or more", changed([](Entry& entry) { entry.declared = 0xffffffffU; }));
  refused("two entries are named 'config.json'", changed([](Entry& entry) { entry.name = "config.json"; }));
  refused("a damaged or truncated zip archive", changed([](Entry& entry) { entry.local_name = "other"; }));
  refused("(size or CRC-32 differ)", changed([](Entry& entry) { entry.crc = 1U; }));
  refused("(size or CRC-32 differ)", changed([](Entry& entry) {
            entry.deflate = true;
            entry.declared = static_cast<std::uint32_t>(entry.content.size() - 1);
          }));
  refused("(size or CRC-32 differ)", changed([](Entry& entry) { entry.method = std::uint16_t{8}; }));
  refused("declares 50000000", changed([](Entry& entry) {  // a bomb of a thousand to one
            entry.content.assign(50000000, '\0');
            entry.deflate = true;
          }));
}

TEST_CASE("keras 3: archives cut short or changed at random never bring the program down") {
  const TempFolder folder;
  const auto file = folder / "x.weights.h5", bad = folder / "bad.keras";
  write_keras3_file(file, {dense("a", 2, 2), dense("b", 2, 2)});
  for (const bool deflate : {false, true}) {
    auto entries = archive_of(file_bytes(file), keras_config({dense("a", 2, 2), dense("b", 2, 2)}));
    for (WrittenEntry& entry : entries) entry.deflate = deflate;
    const std::string bytes = zip_bytes(entries);
    for (const std::size_t size :
         {std::size_t{2}, std::size_t{21}, std::size_t{22}, bytes.size() / 2, bytes.size() - 1}) {
      std::ofstream(bad, std::ios::binary) << bytes.substr(0, size);
      INFO("first " << size << " bytes");
      CHECK(contains(refusal(bad, "vgg16"), "a damaged or truncated zip archive"));
    }
    std::mt19937 random(11);
    for (int round = 0; round < 60; ++round) {
      std::string changed = bytes;
      const std::size_t from = round % 2 == 0 ? 0 : bytes.size() - 300;  // the directory is the end of it
      for (unsigned i = 0; i < 1 + round % 4U; ++i) {
        changed[from + random() % (bytes.size() - from)] = static_cast<char>(random());
      }
      changed[0] = 'P', changed[1] = 'K';
      std::ofstream(bad, std::ios::binary) << changed;
      INFO("round " << round);
      CHECK_FALSE(refusal(bad, "vgg16").empty());
    }
  }
}
