#include "affekt/model/onnx.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "affekt/core/error.h"
#include "affekt/core/version.h"
#include "affekt/data/emotion.h"
#include "affekt/model/architectures.h"
#include "model/network_builder.h"
#include "model/onnx_graph.h"
#include "model/onnx_reader.h"
#include "support/catch.h"
#include "support/crafted_model.h"
#include "support/error_message.h"
#include "support/temp_folder.h"

using namespace affekt;
using namespace affekt::test;
using Ints = std::vector<std::int64_t>;
using Texts = std::vector<std::string>;

namespace {

/// Values of which no two are equal, some negative.
std::vector<float> some_values(const Network& network, const std::string& parameter) {
  float value = -3;
  for (const ParameterSpec& spec : parameter_specs(network)) {
    std::size_t count = 1;
    for (const std::int64_t extent : spec.shape) count *= static_cast<std::size_t>(extent);
    if (spec.name != parameter) {
      value += 0.5F;
      continue;
    }
    std::vector<float> values(count);
    for (float& each : values) each = value += 0.0625F;
    return values;
  }
  throw std::runtime_error("no parameter " + parameter);
}

ModelCard card_of(const Network& network) {
  ModelCard card;
  card.architecture = network.name;
  card.image_size = network.input.height;
  card.channels = network.input.channels;
  card.classes = emotion_names();
  return card;
}

/// A network written and read.
struct Exported {
  TempFolder folder;
  std::filesystem::path path = folder / "m.onnx";
  std::uint64_t size;
  InputFile bytes;
  OnnxGraph graph;

  Exported(const Network& network, const ModelCard& card)
      : size(onnx::write(path, network, card,
                         [&](const std::string& parameter) { return some_values(network, parameter); })),
        bytes(InputFile::open(path)),
        graph(OnnxFile(bytes.bytes()).graph) {}
  explicit Exported(const Network& network) : Exported(network, card_of(network)) {}
};

/// What the format asks of every graph: names are defined once, before they are used, and nothing is left over.
void check_wiring(const Network& network, const OnnxGraph& graph) {
  std::set<std::string> known{"faces"}, used;
  for (const ParameterSpec& spec : parameter_specs(network)) known.insert(spec.name);
  for (const auto& [name, tensor] : graph.tensors) known.insert(name);
  for (const OnnxNode& node : graph.nodes) {
    INFO(node.op << " " << node.output);
    for (const std::string& input : node.inputs) {
      if (!input.empty()) CHECK(known.count(input) == 1);
      used.insert(input);
    }
    CHECK(known.insert(node.output).second);
  }
  for (const std::string& name : known) {
    INFO(name);
    CHECK(used.count(name) == (name == "probabilities" ? 0 : 1));
  }
  CHECK(known.count("probabilities") == 1);
}

void check_weights(const Network& network, const OnnxGraph& file) {
  for (const ParameterSpec& spec : parameter_specs(network)) {
    INFO(spec.name);
    const OnnxTensor& tensor = file.tensors.at(spec.name);
    CHECK(tensor.type == 1);
    CHECK(tensor.shape == spec.shape);
    CHECK(tensor.values<float>() == some_values(network, spec.name));
  }
}

/// The extents of an input or output after the batch.
Ints shape_of(const ProtoField& value_info, const std::string& name, std::int64_t type) {
  const ProtoMessage info(value_info.bytes);
  CHECK(info.text(1) == name);
  CHECK_FALSE(info.text(3).empty());
  const ProtoMessage tensor = info.message(2).message(1);
  CHECK(tensor.integer(1) == type);
  Ints extents;
  const ProtoMessage shape = tensor.message(2);
  CHECK(ProtoMessage(shape.all(1).at(0).bytes).text(2) == "batch");
  for (std::size_t i = 1; i < shape.all(1).size(); ++i) {
    extents.push_back(ProtoMessage(shape.all(1)[i].bytes).integer(1));
  }
  return extents;
}

}  // namespace

TEST_CASE("an exported file carries the card, its inputs and outputs") {
  const TempFolder folder;
  write_crafted_model(folder / "m.safetensors", {1, 2, 3, 4, 5, 6, 7}, {7, 6, 5, 4, 3, 2, 1});
  const ModelFile model = ModelFile::open(folder / "m.safetensors");
  const std::uint64_t size = write_onnx(folder / "m.onnx", model);
  CHECK(size == std::filesystem::file_size(folder / "m.onnx"));
  const InputFile bytes = InputFile::open(folder / "m.onnx");
  const OnnxFile file(bytes.bytes());
  CHECK(file.model.integer(1) == 7);
  CHECK(file.model.text(2) == "affekt");
  CHECK(file.model.text(3) == version());
  CHECK_FALSE(file.model.text(6).empty());
  const ProtoMessage opset = file.model.message(8);
  CHECK(opset.text_or_empty(1).empty());
  CHECK(opset.integer(2) == kOnnxOperatorSet);
  CHECK(file.graph.message.text(2) == "compact");
  REQUIRE(file.graph.message.all(11).size() == 1);
  CHECK(shape_of(file.graph.message.all(11)[0], "faces", 2) == Ints{1, 48, 48});
  REQUIRE(file.graph.message.all(12).size() == 2);
  CHECK(shape_of(file.graph.message.all(12)[0], "logits", 1) == Ints{7});
  CHECK(shape_of(file.graph.message.all(12)[1], "probabilities", 1) == Ints{7});
  CHECK(file.metadata.at("labels") == "angry,disgust,fear,happy,sad,surprise,neutral");
  CHECK(file.metadata.at("architecture") == "compact");
  CHECK(file.metadata.at("image_size") == "48");
  CHECK(file.metadata.at("card") == card_json(model.card()));
  CHECK(nlohmann::json::parse(file.metadata.at("preprocessing")).at("name") == "unit");
  for (const auto& [key, value] : file.metadata) CHECK_FALSE(value.empty());
  check_wiring(model.network(), file.graph);
  for (const ParameterSpec& spec : parameter_specs(model.network())) {
    CHECK(file.graph.tensors.at(spec.name).values<float>() == to_float(model.parameter(spec.name)));
  }
}

TEST_CASE("half precision weights are widened") {
  const TempFolder folder;
  write_crafted_model(folder / "m.safetensors", {1, 2, 3, 4, 5, 6, 7}, {0.1F, 0.2F, 0.3F, 0, 0, 0, 0});
  const ModelFile full = ModelFile::open(folder / "m.safetensors");
  ParameterMap parameters;
  for (const ParameterSpec& spec : parameter_specs(full.network())) {
    parameters[spec.name] = to_float(full.parameter(spec.name));
  }
  round_to_half(full.network(), parameters);
  write_model(folder / "half.safetensors", full.card(), parameters, full.self_tests(), DType::f16);
  write_onnx(folder / "half.onnx", ModelFile::open(folder / "half.safetensors"));
  const InputFile bytes = InputFile::open(folder / "half.onnx");
  const OnnxTensor bias = OnnxFile(bytes.bytes()).graph.tensors.at("head.output.bias");
  CHECK(bias.type == 1);
  CHECK(bias.values<float>() == parameters.at("head.output.bias"));
  CHECK(bias.values<float>()[0] != 0.1F);
}

TEST_CASE("preprocessing is in the graph: widened, resized, scaled and repeated over the channels") {
  NetworkOptions options;
  options.image_size = 50;  // 50 / 48 rounds down
  Network network = make_network("efficientnet-b0", options);
  ModelCard card = card_of(network);
  card.preprocessing = make_preprocessing("imagenet");
  const Exported exported(network, card);
  const OnnxGraph& file = exported.graph;
  const OnnxNode& cast = file.nodes.at(0);
  CHECK(cast.op == "Cast");
  CHECK(cast.inputs == Texts{"faces"});
  CHECK(cast.integer("to") == 1);
  const OnnxNode& resize = file.nodes.at(1);
  CHECK(resize.op == "Resize");
  CHECK(resize.text("mode") == "linear");
  CHECK(resize.text("coordinate_transformation_mode") == "half_pixel");
  REQUIRE(resize.inputs.size() == 3);
  CHECK(resize.inputs[0] == cast.output);
  CHECK(resize.inputs[1].empty());
  const std::vector<float> scales = file.tensors.at(resize.inputs[2]).values<float>();
  CHECK(scales == std::vector<float>{1, 1, scales[2], scales[2]});
  CHECK(std::floor(double{scales[2]} * 48) == 50);
  CHECK(double{std::nextafter(scales[2], 0.0F)} * 48 < 50);
  const OnnxNode& scaled = file.nodes.at(2);
  const OnnxNode& shifted = file.nodes.at(3);
  CHECK(scaled.op == "Mul");
  CHECK(scaled.inputs[0] == resize.output);
  CHECK(shifted.op == "Add");
  CHECK(shifted.inputs[0] == scaled.output);
  const OnnxTensor& scale = file.tensors.at(scaled.inputs[1]);
  const OnnxTensor& shift = file.tensors.at(shifted.inputs[1]);
  CHECK(scale.shape == Ints{1, 3, 1, 1});
  CHECK(shift.shape == Ints{1, 3, 1, 1});
  const double mean[] = {0.485, 0.456, 0.406}, deviation[] = {0.229, 0.224, 0.225};
  for (std::size_t c = 0; c < 3; ++c) {
    CHECK(scale.values<float>()[c] == Approx(1 / 255.0 / deviation[c]));
    CHECK(shift.values<float>()[c] == Approx(-mean[c] / deviation[c]));
  }
  check_wiring(network, file);
}

TEST_CASE("at every image size the resized picture has that size") {
  for (int side = 32; side <= 256; ++side) {
    if (side == 48) continue;
    Network network{"small", {}, {1, side, side}, 0, 0};
    network.nodes.resize(2);
    network.nodes[1].op = Op::global_average_pool;
    network.nodes[1].inputs = {0};
    const std::string bytes = onnx::graph_without_weights(network, card_of(network)).bytes();
    const std::vector<float> scales = OnnxGraph(bytes).tensors.at("resize.scales").values<float>();
    INFO(side);
    CHECK(static_cast<int>(std::floor(scales[2] * 48.0F)) == side);
    CHECK(static_cast<int>(std::floor(double{scales[3]} * 48)) == side);
  }
}

TEST_CASE("every kind of node becomes what it is in ONNX") {
  NetworkBuilder net("all", {2, 48, 48});
  net.batch_norm_defaults(0.01, 0.1);
  int x = net.conv("conv", 0, 6, {3, 2, true, true, 2, true});
  x = net.max_pool(net.relu(net.batch_norm("norm", x)), 3, 2, 1, true);
  x = net.max_pool_same(net.max_pool(x, 3, 2, 1));
  const int gate = net.sigmoid(net.conv("gate", net.global_average_pool(x), 6, {1, 1, true, false}));
  x = net.add(net.drop_connect(net.multiply(x, gate), 0.1), x);
  x = net.dense("dense", net.flatten(net.swish(x)), 5);
  x = net.add(net.dropout(net.batch_norm("norm2", x), 0.5), x);
  net.dense("out", x, 7);
  const Network network = net.take();
  const Exported exported(network);
  const OnnxGraph& file = exported.graph;
  CHECK(exported.size == std::filesystem::file_size(exported.path));
  check_wiring(network, file);
  check_weights(network, file);
  Texts ops;
  for (const OnnxNode& node : file.nodes) ops.push_back(node.op);
  CHECK(ops == Texts{"Cast",
                     "Mul",
                     "Add",
                     "Conv",
                     "BatchNormalization",
                     "Relu",
                     "MaxPool",
                     "Max",
                     "MaxPool",
                     "MaxPool",
                     "GlobalAveragePool",
                     "Conv",
                     "Sigmoid",
                     "Mul",
                     "Add",
                     "Sigmoid",
                     "Mul",
                     "Flatten",
                     "Gemm",
                     "BatchNormalization",
                     "Add",
                     "Gemm",
                     "Softmax"});
  const OnnxNode& conv = file.made_by("conv");
  CHECK(conv.inputs == Texts{"input", "conv.weight", "conv.bias"});
  CHECK(conv.integers("kernel_shape") == Ints{3, 3});
  CHECK(conv.integers("strides") == Ints{2, 2});
  const Padding padding = network.nodes[1].padding;
  CHECK(padding.top != padding.bottom);
  CHECK(conv.integers("pads") == Ints{padding.top, padding.left, padding.bottom, padding.right});
  CHECK(conv.integer("group") == 2);
  const OnnxNode& norm = file.made_by("norm");
  CHECK(norm.inputs == Texts{"conv", "norm.weight", "norm.bias", "norm.running_mean", "norm.running_var"});
  CHECK(norm.number("epsilon") == 0.01F);
  CHECK(file.made_by("gate").inputs.size() == 2);
  const OnnxNode& dense = file.made_by("dense");
  CHECK(dense.integer("transB") == 1);
  CHECK(file.made_by(dense.inputs[0]).integer("axis") == 1);
  CHECK(file.made_by("logits").inputs == Texts{file.nodes[20].output, "out.weight", "out.bias"});
  CHECK(file.made_by("probabilities").inputs == Texts{"logits"});
  CHECK(file.made_by("probabilities").integer("axis") == 1);
}

TEST_CASE("where padding counts as zero, a pool's results are at least zero") {
  NetworkBuilder net("pools", {1, 48, 48});
  int x = net.max_pool(0, 3, 2, 1, true);
  x = net.max_pool_same(net.max_pool(x, 3, 2, 1));  // 24, 12, 6
  net.dense("out", net.flatten(x), 7);
  const Exported exported(net.take());
  const std::vector<OnnxNode>& nodes = exported.graph.nodes;
  CHECK(nodes.at(3).op == "MaxPool");
  CHECK(nodes[3].integers("pads") == Ints{1, 1, 1, 1});
  CHECK(nodes.at(4).op == "Max");
  CHECK(nodes[4].inputs.at(0) == nodes[3].output);
  const std::vector<float> floor = exported.graph.tensors.at(nodes[4].inputs.at(1)).values<float>();
  REQUIRE(floor.size() ==
          24 * 24);  // the window of 3 reaches over the upper and the left edge, at 47 not over the others
  for (std::size_t i = 0; i < floor.size(); ++i) {
    CHECK(floor[i] == (i < 24 || i % 24 == 0 ? 0.0F : std::numeric_limits<float>::lowest()));
  }
  CHECK(nodes.at(5).integers("pads") == Ints{1, 1, 1, 1});
  CHECK(nodes.at(6).integers("kernel_shape") == Ints{2, 2});
  CHECK(nodes.at(6).integers("pads") == Ints{0, 0, 0, 0});
}

TEST_CASE("where the table leaves open whether a value is flat, the graph says so") {
  NetworkBuilder net("flat", {1, 48, 48});
  const int pooled = net.global_average_pool(0);
  const int dense = net.dense("dense", pooled, 4);                  // without flatten
  const int conv = net.conv("conv", dense, 4, {1, 1, true, true});  // and back
  net.dropout(net.add(conv, dense), 0.5);
  const Network network = net.take();
  const Exported exported(network);
  const OnnxGraph& file = exported.graph;
  check_wiring(network, file);
  CHECK(file.made_by(file.made_by("dense").inputs[0]).op == "Flatten");
  const OnnxNode& lifted = file.made_by(file.made_by("conv").inputs[0]);
  CHECK(lifted.op == "Unsqueeze");
  CHECK(file.tensors.at(lifted.inputs[1]).values<std::int64_t>() == Ints{2, 3});
  CHECK(file.made_by("logits").op == "Flatten");
  CHECK(shape_of(file.message.all(12)[0], "logits", 1) == Ints{4});
}

TEST_CASE("every network, head and variant becomes a graph in which all is used") {
  for (const std::string& name : network_names()) {
    const NetworkInfo& info = network_info(name);
    for (const std::string& head : info.heads) {
      for (const std::string& variant : info.variants) {
        NetworkOptions options;
        options.head = head;
        options.variant = variant;
        options.image_size = 48;
        const Network network = make_network(name, options);
        INFO(name << " " << head << " " << variant);
        const std::string bytes = onnx::graph_without_weights(network, card_of(network)).bytes();
        const OnnxGraph graph(bytes);
        check_wiring(network, graph);
        CHECK(graph.made_by("logits").op == "Gemm");
      }
    }
  }
}

TEST_CASE("what cannot be written leaves nothing behind") {
  const TempFolder folder;
  Network network{"large", {}, {1, 48, 48}, 0, 0};
  network.nodes.resize(3);
  network.nodes[1].op = Op::flatten;
  network.nodes[1].inputs = {0};
  network.nodes[2].op = Op::dense;
  network.nodes[2].name = "dense";
  network.nodes[2].inputs = {1};
  network.nodes[2].channels = 233017;  // times 2304 inputs and four bytes: 2^31 and a little
  const auto never = [](const std::string&) -> std::vector<float> { throw std::runtime_error("asked for weights"); };
  const std::string said =
      message_of<UsageError>([&] { onnx::write(folder / "m.onnx", network, card_of(network), never); });
  CHECK(contains(said, "m.onnx"));
  CHECK(contains(said, "2 GB"));
  network.nodes[2].channels = 7;
  CHECK_THROWS_AS(onnx::write(folder / "m.onnx", network, card_of(network), never), std::runtime_error);
  CHECK_THROWS_AS(onnx::write(folder / "m.onnx", network, card_of(network),
                              [](const std::string&) { return std::vector<float>(6); }),
                  DataError);
  CHECK(std::filesystem::is_empty(folder.path()));
  CHECK_THROWS_AS(onnx::write(folder / "none" / "m.onnx", network, card_of(network), never), IoError);
}
