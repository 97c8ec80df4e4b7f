// compare NETWORK WEIGHTS REFERENCE: reads the weights that scripts/keras/samples wrote and prints the format, what was
// compared, and the largest difference from Keras' own output as a part of the largest value.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "affekt/core/safetensors.h"
#include "affekt/infer/executor.h"
#include "affekt/model/architectures.h"
#include "affekt/nn/pretrained.h"

namespace {

/// RGB from 0 to 255 as the weights want it.
std::vector<float> prepared(const affekt::Preprocessing& preprocessing, std::vector<float> pictures,
                            std::size_t cells) {
  const bool bgr = preprocessing.name == "keras-caffe";
  for (std::size_t picture = 0; picture < pictures.size() / (3 * cells); ++picture) {
    float* planes = pictures.data() + picture * 3 * cells;
    if (bgr) std::swap_ranges(planes, planes + cells, planes + 2 * cells);
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t i = 0; i < cells; ++i) {
        float& value = planes[c * cells + i];
        value = static_cast<float>((value * preprocessing.scale - preprocessing.mean[c]) / preprocessing.std[c]);
      }
    }
  }
  return pictures;
}

int compare(const std::string& name, const std::string& file, const std::string& reference_file) {
  const affekt::SafetensorsFile reference = affekt::SafetensorsFile::open(reference_file);
  const affekt::TensorView& input = reference.at("input");
  const affekt::PretrainedWeights weights = affekt::read_pretrained(file, name, true);
  affekt::NetworkOptions options;
  options.image_size = static_cast<int>(input.shape[2]);
  options.variant = weights.variant;
  const bool top = !weights.head.empty();
  if (top) {
    options.head = weights.head;
    options.classes = weights.classes;
  }
  affekt::Network network = affekt::make_network(name, options);
  if (!top) network.nodes.resize(static_cast<std::size_t>(network.features) + 1);
  const auto cells = static_cast<std::size_t>(input.shape[2] * input.shape[3]);
  const std::vector<float> pictures = prepared(weights.preprocessing, affekt::to_float(input), cells);
  const std::vector<float> found =
      affekt::Executor(network, weights.parameters).logits(pictures.data(), static_cast<std::size_t>(input.shape[0]));
  const char* what = top ? "logits" : "features";
  const std::vector<float> expected = affekt::to_float(reference.at(what));
  if (found.size() != expected.size()) throw std::runtime_error("another number of " + std::string(what));
  double largest = 0, difference = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    largest = std::max(largest, std::abs(double{expected[i]}));
    difference = std::max(difference, std::abs(double{found[i]} - double{expected[i]}));
  }
  std::printf("%s\t%s\t%.2e\n", weights.format.c_str(), what, difference / largest);
  return difference <= 1e-4 * largest ? 0 : 1;  // NaN is not
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  try {
    return compare(argv[1], argv[2], argv[3]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 3;
  }
}
