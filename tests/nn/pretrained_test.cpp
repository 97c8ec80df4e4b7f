// Weights of torchvision, timm and this program: what is accepted, where each value lands, what is refused and how.
#include "affekt/nn/pretrained.h"

#include <cstdlib>
#include <fstream>
#include <functional>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "nn/weight_files.h"
#include "support/catch.h"
#include "support/error_message.h"
#include "support/temp_folder.h"

using namespace affekt;
using namespace affekt::test;

namespace {

using Rename = std::function<std::string(const std::string&)>;

/// The file a library would write: its names, in our order, with the counters PyTorch adds.
void write_foreign(const std::filesystem::path& path, std::vector<WeightTensor> tensors, const Rename& foreign_name,
                   const std::map<std::string, std::string>& metadata = {{"format", "pt"}}) {
  std::vector<WeightTensor> out;
  for (WeightTensor& tensor : tensors) {
    tensor.name = foreign_name(tensor.name);
    out.push_back(tensor);
    const std::size_t at = tensor.name.find(".running_var");
    if (at != std::string::npos) out.push_back({tensor.name.substr(0, at) + ".num_batches_tracked", {}, {3.0F}});
  }
  write_tensors(path, out, metadata);
}

void check_values(const ParameterMap& found, const std::vector<WeightTensor>& expected) {
  CHECK(found.size() == expected.size());
  for (const WeightTensor& tensor : expected) {
    INFO(tensor.name);
    REQUIRE(found.count(tensor.name) == 1);
    CHECK(found.at(tensor.name) == tensor.values);
  }
}

std::string same(const std::string& name) { return name; }

void replace(std::string& text, const std::string& from, const std::string& to) {
  if (text.compare(0, from.size(), from) == 0) text = to + text.substr(from.size());
}

/// As timm's modules are called, written down from our names.
std::string timm_efficientnet(const std::string& ours) {
  std::string name = ours;
  replace(name, "features.0.0.", "conv_stem.");
  replace(name, "features.0.1.", "bn1.");
  replace(name, "features.8.0.", "conv_head.");
  replace(name, "features.8.1.", "bn2.");
  replace(name, "classifier.1.", "classifier.");
  if (name != ours) return name;
  const int stage = ours[9] - '1';
  std::string inner = ours.substr(ours.find(".block.") + 7);
  const bool first = stage == 0;
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"0.0.", first ? "conv_dw." : "conv_pw."},
                                                        {"0.1.", "bn1."},
                                                        {"1.0.", "conv_dw."},
                                                        {"1.1.", "bn2."},
                                                        {first ? "1.fc1." : "2.fc1.", "se.conv_reduce."},
                                                        {first ? "1.fc2." : "2.fc2.", "se.conv_expand."},
                                                        {first ? "2.0." : "3.0.", first ? "conv_pw." : "conv_pwl."},
                                                        {first ? "2.1." : "3.1.", first ? "bn2." : "bn3."}}) {
    replace(inner, from, to);
  }
  return "blocks." + std::to_string(stage) + ours.substr(10, 2) + "." + inner;
}

std::string timm_resnetv2(const std::string& ours) {
  std::string name = ours;
  replace(name, "conv1_conv.", "stem.conv.");
  replace(name, "post_bn.", "norm.");
  replace(name, "predictions.", "head.fc.");
  if (name != ours) return name;
  std::string inner = ours.substr(13);  // after convS_blockB_
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{{"preact_bn", "norm1"},
                                                                                 {"1_conv", "conv1"},
                                                                                 {"1_bn", "norm2"},
                                                                                 {"2_conv", "conv2"},
                                                                                 {"2_bn", "norm3"},
                                                                                 {"3_conv", "conv3"},
                                                                                 {"0_conv", "downsample.conv"}}) {
    replace(inner, from, to);
  }
  return "stages." + std::to_string(ours[4] - '2') + ".blocks." + std::to_string(ours[11] - '1') + "." + inner;
}

std::string refusal(const std::filesystem::path& path, const std::string& network) {
  const std::string message = message_of<DataError>([&] { read_pretrained(path, network, false); });
  CHECK(contains(message, path.filename().string()));
  CHECK(message.find('\n') == std::string::npos);
  return message;
}

void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string safetensors_text(const std::string& header, std::size_t data) {
  std::string text(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) text[i] = static_cast<char>(header.size() >> 8 * i & 0xFF);
  return text + header + std::string(data, '\1');
}

/// The values of an identity BatchNorm.
void fold(std::vector<WeightTensor>& tensors, float variance) {
  for (WeightTensor& tensor : tensors) {
    const std::string& name = tensor.name;
    if (name.find(".running_var") != std::string::npos) tensor.values.assign(tensor.values.size(), variance);
    if (name.find(".running_mean") != std::string::npos) tensor.values.assign(tensor.values.size(), 0.0F);
    const bool norm = name.size() > 9 && name.compare(name.size() - 9, 9, ".1.weight") == 0;
    if (norm && name != "classifier.1.weight") tensor.values.assign(tensor.values.size(), 1.0F);
  }
}

}  // namespace

TEST_CASE("pretrained: torchvision efficientnet_b0, with and without its classifier") {
  const TempFolder folder;
  const auto file = folder / "anything.bin";  // the content decides, not the name
  write_foreign(file, known_weights("efficientnet-b0", "torchvision", 10), same);
  const PretrainedWeights all = read_pretrained(file, "efficientnet-b0", true);
  CHECK(all.format == "torchvision safetensors");
  CHECK(all.variant == "torchvision");
  CHECK(all.preprocessing.name == "imagenet");
  CHECK(all.head == "top");
  CHECK(all.classes == 10);
  CHECK_FALSE(all.folded_batch_norm);
  CHECK(all.digest == digest_hex(InputFile::open(file.string()).bytes()));
  check_values(all.parameters, known_weights("efficientnet-b0", "torchvision", 10));

  const PretrainedWeights backbone = read_pretrained(file, "efficientnet-b0", false);
  CHECK(backbone.head.empty());
  CHECK(backbone.classes == 0);
  check_values(backbone.parameters, known_weights("efficientnet-b0", "torchvision", 0));
}

TEST_CASE("pretrained: TensorFlow's padding in torchvision names is seen in metadata or folded BatchNorm") {
  const TempFolder folder;
  const auto file = folder / "weights.safetensors";
  auto tensors = known_weights("efficientnet-b0", "keras", 0);
  const auto variant = [&](const std::map<std::string, std::string>& metadata) {
    write_foreign(file, tensors, same, metadata);
    return read_pretrained(file, "efficientnet-b0", false);
  };
  CHECK(variant({{"padding", "TF SAME: (0,1)"}}).variant == "keras");
  CHECK(contains(variant({{"padding", "TF SAME: (0,1)"}}).format, "TensorFlow padding"));
  CHECK(variant({{"padding", "symmetric"}}).variant == "torchvision");
  CHECK_FALSE(variant({}).folded_batch_norm);

  fold(tensors, 1.0F - 1e-3F);
  CHECK(variant({}).variant == "keras");
  CHECK(variant({}).folded_batch_norm);
  CHECK(contains(variant({}).format, "epsilon 1e-3"));
  CHECK_THROWS_AS(variant({{"padding", "symmetric"}}), DataError);

  fold(tensors, 1.0F - 1e-5F);
  CHECK(variant({}).variant == "torchvision");
  CHECK(variant({}).folded_batch_norm);
  CHECK_THROWS_AS(variant({{"padding", "TF SAME"}}), DataError);
}

TEST_CASE("pretrained: timm efficientnet_b0 and tf_efficientnet_b0 need a word to be told apart") {
  const TempFolder folder;
  const auto expected = known_weights("efficientnet-b0", "keras", 10);
  const auto read = [&](const std::string& name, const std::map<std::string, std::string>& metadata) {
    const auto file = folder / name;
    write_foreign(file, expected, timm_efficientnet, metadata);
    return read_pretrained(file, "efficientnet-b0", true);
  };
  const PretrainedWeights tf = read("tf_efficientnet_b0.ns_jft_in1k.safetensors", {{"format", "pt"}});
  CHECK(tf.variant == "keras");
  CHECK(tf.format == "timm safetensors (tf_efficientnet_b0)");
  CHECK(tf.preprocessing.name == "imagenet");
  CHECK(tf.classes == 10);
  check_values(tf.parameters, expected);
  CHECK(read("tf_efficientnet_b0.ap_in1k.safetensors", {}).preprocessing.name == "keras-tf");
  CHECK(read("efficientnet_b0.ra_in1k.safetensors", {}).variant == "torchvision");
  CHECK(read("model.safetensors", {{"architecture", "tf_efficientnet_b0"}}).variant == "keras");

  const std::string message = refusal(folder / "model.safetensors", "vgg16");
  CHECK(contains(message, "weights of efficientnet-b0 (timm), but the network is vgg16"));
  const std::string ambiguous = message_of<DataError>([&] { read("model.safetensors", {{"format", "pt"}}); });
  CHECK(contains(ambiguous, "have the same tensors"));

  write_bytes(
      folder / "config.json",
      R"({"architecture": "tf_efficientnet_b0", "pretrained_cfg": {"tag": "ap_in1k", "mean": [0.5, 0.5, 0.5]}})");
  CHECK(read("model.safetensors", {{"format", "pt"}}).variant == "keras");
  CHECK(read("model.safetensors", {{"format", "pt"}}).preprocessing.name == "keras-tf");
}

TEST_CASE("pretrained: timm resnetv2_50 is a variant of its own") {
  const TempFolder folder;
  const auto file = folder / "model.safetensors";
  const auto expected = known_weights("resnet50v2", "timm", 12);
  auto stored = expected;
  for (WeightTensor& tensor : stored) {
    if (tensor.name == "predictions.weight") tensor.shape = {12, 2048, 1, 1};  // timm's classifier is a convolution
  }
  write_foreign(file, stored, timm_resnetv2);
  const PretrainedWeights weights = read_pretrained(file, "resnet50v2", true);
  CHECK(weights.format == "timm safetensors");
  CHECK(weights.variant == "timm");
  CHECK(weights.preprocessing.name == "keras-tf");
  CHECK(weights.classes == 12);
  check_values(weights.parameters, expected);
}

TEST_CASE("pretrained: vgg16 of torchvision") {
  const TempFolder folder;
  const auto file = folder / "vgg16.safetensors";
  const auto backbone = known_weights("vgg16", "keras", 0);
  write_foreign(file, backbone, same);
  const PretrainedWeights weights = read_pretrained(file, "vgg16", true);  // has no classifier to keep
  CHECK(weights.format == "torchvision safetensors");
  CHECK(weights.preprocessing.name == "imagenet");
  CHECK(weights.variant == "keras");
  CHECK(weights.classes == 0);
  check_values(weights.parameters, backbone);
}

TEST_CASE("pretrained: half precision is widened, integers are refused") {
  const TempFolder folder;
  const auto file = folder / "half.safetensors";
  auto tensors = known_weights("efficientnet-b0", "torchvision", 0);
  for (WeightTensor& tensor : tensors) {
    for (std::size_t i = 0; i < tensor.values.size(); ++i) {
      tensor.values[i] = static_cast<float>(1 + i % 127) / 64.0F;  // exact in both
    }
  }
  for (const DType dtype : {DType::f16, DType::bf16}) {
    write_tensors(file, tensors, {}, dtype);
    check_values(read_pretrained(file, "efficientnet-b0", false).parameters, tensors);
  }
  std::vector<TensorView> views;
  for (const WeightTensor& tensor : tensors) {
    views.push_back({tensor.name, tensor.name == "features.8.0.weight" ? DType::i32 : DType::f32, tensor.shape,
                     reinterpret_cast<const std::byte*>(tensor.values.data()), tensor.values.size() * 4});
  }
  write_safetensors(file, {}, views);
  CHECK(contains(refusal(file, "efficientnet-b0"), "features.8.0.weight"));
}

TEST_CASE("pretrained: models of this program") {
  const TempFolder folder;
  const auto file = folder / "model.safetensors";
  ModelCard card;
  card.architecture = "efficientnet-b0";
  card.head = "gap";
  card.variant = "torchvision";
  card.channels = 3;
  card.image_size = 48;
  card.classes = {"angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"};
  card.preprocessing = make_preprocessing("keras-tf");
  NetworkOptions options;
  options.variant = "torchvision";
  ParameterMap parameters;
  for (const ParameterSpec& spec : parameter_specs(make_network("efficientnet-b0", options))) {
    parameters[spec.name] = known_values(spec.name, count_of(spec.shape));
  }
  const SelfTest test{std::vector<float>(3 * 48 * 48, 0.5F), std::vector<float>(7, 0.0F)};
  write_model(file, card, parameters, {test}, DType::f32);

  const PretrainedWeights all = read_pretrained(file, "efficientnet-b0", true);
  CHECK(all.format == "affekt model");
  CHECK(all.variant == "torchvision");
  CHECK(all.preprocessing.name == "keras-tf");
  CHECK(all.head == "gap");
  CHECK(all.classes == 7);
  CHECK(all.parameters == parameters);
  const PretrainedWeights backbone = read_pretrained(file, "efficientnet-b0", false);
  CHECK(backbone.parameters.size() == parameters.size() - 2);
  CHECK(backbone.parameters.count("head.output.weight") == 0);
  CHECK(contains(refusal(file, "resnet50v2"), "a model of efficientnet-b0, but the network is resnet50v2"));

  const auto bundled = std::filesystem::path(std::getenv("AFFEKT_SOURCE")) / "share/models/default.safetensors";
  const PretrainedWeights compact = read_pretrained(bundled, "compact", false);
  CHECK(compact.parameters.count("stem.conv.weight") == 1);
  CHECK(compact.parameters.count("head.output.weight") == 0);
}

TEST_CASE("pretrained: what is not accepted is refused by name") {
  const TempFolder folder;
  const auto file = folder / "other.safetensors";
  const auto with = [&](const std::vector<std::string>& names) {
    std::vector<WeightTensor> tensors;
    for (const std::string& name : names) tensors.push_back({name, {1}, {0.0F}});
    write_tensors(file, tensors);
  };
  with({"conv1.weight", "layer1.0.conv1.weight"});
  std::string message = refusal(file, "resnet50v2");
  CHECK(contains(message, "2 tensors, first 'conv1.weight': looks like a torchvision or timm ResNet"));
  CHECK(contains(message, "accepted for resnet50v2: Keras .h5, .weights.h5 or .keras, timm resnetv2_50 .safetensors"));
  with({"features.0.weight", "features.28.weight", "features.34.weight", "features.30.weight"});
  CHECK(contains(refusal(file, "vgg16"), "looks like VGG19"));
  with({"hello\n\x1b[31m"});
  CHECK(contains(refusal(file, "vgg16"), "1 tensors, first 'hello"));
  with({});
  CHECK(contains(refusal(file, "compact"), "0 tensors; accepted for compact: a model of this program"));

  write_foreign(file, known_weights("efficientnet-b0", "keras", 0), same);
  CHECK(contains(refusal(file, "vgg16"), "weights of efficientnet-b0 (torchvision), but the network is vgg16"));
  CHECK(contains(refusal(file, "compact"), "the network is compact"));
  CHECK_THROWS_AS(read_pretrained(file, "vgg61", false), UsageError);
  CHECK_THROWS_AS(read_pretrained(folder / "none", "vgg16", false), IoError);
  CHECK_THROWS_AS(read_pretrained(folder.path(), "vgg16", false), IoError);
}

TEST_CASE("pretrained: a tensor too many, one missing, wrong shapes and values") {
  const TempFolder folder;
  const auto file = folder / "b0.safetensors";
  const auto good = known_weights("efficientnet-b0", "torchvision", 10);
  auto tensors = good;
  tensors.push_back({"features.9.0.weight", {1}, {0.0F}});
  write_tensors(file, tensors);
  CHECK(contains(refusal(file, "efficientnet-b0"), "tensor 'features.9.0.weight' is not in torchvision's"));

  tensors = good;
  tensors.erase(tensors.begin() + 5);
  write_tensors(file, tensors);
  CHECK(contains(refusal(file, "efficientnet-b0"), "the first one missing is " + good[5].name));

  tensors = good;
  tensors[0].shape = {32, 27};
  write_tensors(file, tensors);
  CHECK(contains(refusal(file, "efficientnet-b0"), "expected shape [32, 3, 3, 3], found [32, 27]"));

  tensors = good;
  tensors[5].values[1] = std::numeric_limits<float>::quiet_NaN();
  write_tensors(file, tensors);
  CHECK(contains(refusal(file, "efficientnet-b0"), "NaN"));

  tensors = good;
  tensors[4].values[1] = -1;
  CHECK(tensors[4].name == "features.0.1.running_var");
  write_tensors(file, tensors);
  CHECK(contains(refusal(file, "efficientnet-b0"), "negative"));
}

TEST_CASE("pretrained: hostile and damaged files") {
  const TempFolder folder;
  const auto file = folder / "bad.safetensors";
  const std::string tensor = R"("features.0.weight": {"dtype": "F32", "shape": )";
  const std::vector<std::string> bad = {
      "",
      "short",
      std::string("\xff\xff\xff\xff\xff\xff\xff\x7f{", 9),                                  // a huge header
      safetensors_text("{" + tensor + "[4], \"data_offsets\": [0, 16]}}", 12),              // truncated
      safetensors_text("{" + tensor + "[1099511627776], \"data_offsets\": [0, 16]}}", 16),  // absurd
      safetensors_text("{" + tensor +
                           "[4], \"data_offsets\": [0, 16]}, \"b\": {\"dtype\": \"F32\", \"shape\": [4], "
                           "\"data_offsets\": [8, 24]}}",
                       24),  // overlapping
      safetensors_text("{\"a\": ", 0),
      "\x80\x02}q\x00. a pickle of long ago",
  };
  for (const std::string& bytes : bad) {
    write_bytes(file, bytes);
    INFO("bytes " << bytes.substr(0, 60));
    CHECK_FALSE(refusal(file, "vgg16").empty());
  }
  write_tensors(file, known_weights("efficientnet-b0", "torchvision", 0));
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 5);
  CHECK_FALSE(refusal(file, "efficientnet-b0").empty());
}
