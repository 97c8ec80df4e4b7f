// random_model NETWORK FILE FACES [IMAGE_SIZE [HEAD [VARIANT]]]: writes a model file with random weights (He et al.,
// ICCV 2015) that behaves on FACES, bytes of (n, 48, 48) grey pixels of which up to 64 are looked at, 16 for
// statistics, as a trained one does: its BatchNorm statistics are of them, and its largest logit is 5. The same
// arguments give the same model. IMAGE_SIZE 0 is 48. random_model --list prints NETWORK, HEAD and VARIANT of all there
// are. For benchmarks and checks of formats: it has learned nothing.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/random.h"
#include "affekt/core/version.h"
#include "affekt/data/dataset.h"
#include "affekt/data/emotion.h"
#include "affekt/infer/executor.h"
#include "affekt/model/architectures.h"
#include "affekt/model/model_file.h"

namespace {

using namespace affekt;

std::size_t count_of(const NodeShape& shape) { return static_cast<std::size_t>(shape.count()); }

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

ParameterMap he_weights(const Network& network, RandomStream& random) {
  ParameterMap parameters;
  for (const ParameterSpec& spec : parameter_specs(network)) {
    std::size_t count = 1;
    for (const std::int64_t extent : spec.shape) count *= static_cast<std::size_t>(extent);
    std::vector<float>& values = parameters[spec.name];
    values.resize(count);
    const bool matrix = spec.shape.size() > 1;
    // The larger of inputs and outputs of a cell: gates of squeeze-and-excitation stay near their middle.
    const auto outputs = static_cast<std::size_t>(spec.shape[0]);
    const std::size_t fan = std::max(count / outputs, matrix ? count / static_cast<std::size_t>(spec.shape[1]) : 0);
    const double deviation = matrix ? std::sqrt(2.0 / static_cast<double>(fan)) : 0.1;
    const bool around_one = !matrix && (ends_with(spec.name, ".weight") || ends_with(spec.name, ".running_var"));
    for (float& value : values) value = static_cast<float>((around_one ? 1.0 : 0.0) + deviation * random.normal());
  }
  return parameters;
}

/// (n, channels, height, width), preprocessed; the nearest pixel is near enough.
std::vector<float> pictures(const std::string& file, const NodeShape& shape, const Preprocessing& rule) {
  constexpr std::size_t kMostFaces = 64;
  const InputFile faces = InputFile::open(file);
  const std::size_t n = std::min(kMostFaces, faces.bytes().size() / kFacePixels);
  if (n == 0) throw DataError(file + ": not one face of 48 x 48 bytes");
  std::vector<float> all;
  for (std::size_t face = 0; face < n; ++face) {
    for (std::size_t c = 0; c < static_cast<std::size_t>(shape.channels); ++c) {
      for (int y = 0; y < shape.height; ++y) {
        for (int x = 0; x < shape.width; ++x) {
          const int cell = y * kFaceSide / shape.height * kFaceSide + x * kFaceSide / shape.width;
          const auto grey =
              static_cast<unsigned char>(faces.bytes()[face * kFacePixels + static_cast<std::size_t>(cell)]);
          all.push_back(static_cast<float>((grey * rule.scale - rule.mean.at(c)) / rule.std.at(c)));
        }
      }
    }
  }
  return all;
}

/// One thread: there is one network after another, each for one batch.
Executor executor_of(const Network& network, const ParameterMap& parameters) {
  ExecutorOptions options;
  options.threads = 1;
  return Executor(network, parameters, options);
}

/// Outputs of the node, picture by picture.
std::vector<float> outputs(Network network, int node, const ParameterMap& parameters, const std::vector<float>& input) {
  if (node == 0) return input;
  network.nodes.resize(static_cast<std::size_t>(node) + 1);
  return executor_of(network, parameters).logits(input.data(), input.size() / count_of(network.input));
}

/// Gives a BatchNorm statistics of what it gets: half of each channel's mean, and the variance of the whole layer. With
/// the channels' own a deep network of random weights is chaotic (Yang et al., "A Mean Field Theory of Batch
/// Normalization", ICLR 2019): rounding in its first layer would decide its answer.
void measure(const Network& network, const Node& node, const NodeShape& shape, const std::vector<float>& input,
             ParameterMap& parameters) {
  constexpr std::size_t kMeasured = 16;
  const std::vector<float> some(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                   input.size(), kMeasured * count_of(network.input))));
  const std::vector<float> values = outputs(network, node.inputs[0], parameters, some);
  std::vector<float>& means = parameters.at(node.name + ".running_mean");
  const std::size_t area = count_of(shape) / means.size();
  const auto n = static_cast<double>(values.size());
  std::vector<double> sums(means.size());
  for (std::size_t i = 0; i < values.size(); ++i) sums[i / area % sums.size()] += double{values[i]};
  for (std::size_t c = 0; c < means.size(); ++c) {
    means[c] = static_cast<float>(sums[c] / n * static_cast<double>(means.size()) / 2);
  }
  double variance = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    variance += std::pow(double{values[i]} - double{means[i / area % means.size()]}, 2) / n;
  }
  for (float& value : parameters.at(node.name + ".running_var")) value *= static_cast<float>(variance);
}

void write(const std::string& name, const std::string& file, const std::string& faces, const NetworkOptions& options) {
  const Network network = make_network(name, options);
  const std::vector<NodeShape> shapes = infer_shapes(network);
  ModelCard card;
  card.architecture = name;
  card.head = options.head;
  card.variant = options.variant;
  card.image_size = network.input.height;
  card.channels = network.input.channels;
  card.classes = emotion_names();
  card.preprocessing = make_preprocessing(network_info(name).preprocessing);
  card.data = "nothing: random weights";
  card.license = "Apache-2.0";
  card.tool_version = version();
  RandomStream random(1);
  ParameterMap parameters = he_weights(network, random);
  const std::vector<float> input = pictures(faces, network.input, card.preprocessing);
  for (std::size_t i = 0; i < network.nodes.size(); ++i) {
    if (network.nodes[i].op == Op::batch_norm) measure(network, network.nodes[i], shapes[i], input, parameters);
  }
  const int last = static_cast<int>(network.nodes.size()) - 1;
  float largest = 0;
  for (const float value : outputs(network, last, parameters, input)) largest = std::max(largest, std::abs(value));
  for (const char* part : {".weight", ".bias"}) {
    for (float& value : parameters.at(network.nodes.back().name + part)) value *= 5 / largest;
  }
  SelfTest test;
  test.input.assign(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(count_of(network.input)));
  test.logits = executor_of(network, parameters).logits(test.input.data(), 1);
  write_model(file, card, parameters, {test}, DType::f32);
}

/// Every head, and every variant with the first head.
void list() {
  for (const std::string& name : network_names()) {
    const NetworkInfo& info = network_info(name);
    for (const std::string& head : info.heads) {
      for (const std::string& variant : info.variants) {
        if (head != info.heads.front() && variant != info.variants.front()) continue;
        std::printf("%s %s %s\n", name.c_str(), head.c_str(), variant.c_str());
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string(argv[1]) == "--list") {
    list();
    return 0;
  }
  if (argc < 4 || argc > 7) return 2;
  try {
    NetworkOptions options;
    options.image_size = argc > 4 && std::atoi(argv[4]) > 0 ? std::atoi(argv[4]) : kFaceSide;
    if (argc > 5) options.head = argv[5];
    if (argc > 6) options.variant = argv[6];
    write(argv[1], argv[2], argv[3], options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "random_model: %s\n", error.what());
    return 3;
  }
}
