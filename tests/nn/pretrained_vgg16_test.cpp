// VGG16 with its classifier: half a gigabyte, and the one layer whose inputs change their order.
#include "nn/keras_layers.h"
#include "support/catch.h"
#include "support/temp_folder.h"

using namespace affekt;
using namespace affekt::test;

TEST_CASE("keras: vgg16 with its classifier, whose first layer counts a flattened picture") {
  const TempFolder folder;
  const auto file = folder / "vgg16.h5";
  write_keras_file(file, keras_vgg16(5));
  check_keras_weights(read_pretrained(file, "vgg16", true), "vgg16", 5);
  check_keras_weights(read_pretrained(file, "vgg16", false), "vgg16", 0);
}

TEST_CASE("keras: vgg16 with a classifier for small pictures") {
  const TempFolder folder;
  const auto file = folder / "vgg16.weights.h5";
  write_keras3_file(file, keras_vgg16(5, 2));
  const PretrainedWeights weights = read_pretrained(file, "vgg16", true);
  CHECK(weights.head == "top");
  CHECK(weights.image_size == 64);
  NetworkOptions options;
  options.head = "top";
  options.image_size = 64;
  options.classes = 5;
  const Network table = make_network("vgg16", options);
  for (const ParameterSpec& spec : parameter_specs(table)) {
    INFO(spec.name);
    CHECK(weights.parameters.at(spec.name).size() == count_of(spec.shape));
  }
  // Keras' input 512 + 3 is channel 3 of the second cell, ours 3 * 4 + 1.
  const std::vector<WrittenLayer> written = keras_vgg16(5, 2);
  const std::vector<float>& theirs = written[written.size() - 3].weights[0].values;
  CHECK(weights.parameters.at("classifier.0.weight")[7 * 2048 + 13] == theirs[(512 + 3) * 4096 + 7]);
}

TEST_CASE("pretrained: timm's vgg16 has convolutions for a classifier") {
  const TempFolder folder;
  const auto file = folder / "vgg16.safetensors";
  auto stored = known_weights("vgg16", "keras", 3);
  const auto expected = stored;
  for (WeightTensor& tensor : stored) {
    if (tensor.name == "classifier.0.weight") tensor.shape = {4096, 512, 7, 7};
    if (tensor.name == "classifier.3.weight") tensor.shape = {4096, 4096, 1, 1};
  }
  for (WeightTensor& tensor : stored) {
    for (const auto& [ours, theirs] : {std::pair<std::string, std::string>{"classifier.0", "pre_logits.fc1"},
                                       {"classifier.3", "pre_logits.fc2"},
                                       {"classifier.6", "head.fc"}}) {
      if (tensor.name.compare(0, ours.size(), ours) == 0) tensor.name = theirs + tensor.name.substr(ours.size());
    }
  }
  write_tensors(file, stored);
  const PretrainedWeights timm = read_pretrained(file, "vgg16", true);
  CHECK(timm.format == "timm safetensors");
  CHECK(timm.classes == 3);
  CHECK(timm.parameters.size() == expected.size());
  for (const WeightTensor& tensor : expected) CHECK((timm.parameters.at(tensor.name) == tensor.values));
}
