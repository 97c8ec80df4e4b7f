// Weights in the files of Keras: .h5, .weights.h5 and .keras.
#include <algorithm>
#include <cmath>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/model/architectures.h"
#include "nn/keras_file.h"
#include "nn/keras_match.h"
#include "nn/pretrained_import.h"

namespace affekt {
namespace {

/// Keras' layout to ours: HWIO -> OIHW, depthwise HWC1 -> C1HW, dense (in, out) -> (out, in) with the inputs of a
/// flattened picture reordered from (h, w, c) to (c, h, w). Vectors stay.
std::vector<float> to_our_layout(const KerasExpected& layer, std::size_t which, std::vector<float> values) {
  const std::vector<std::int64_t>& from = layer.shapes[which];
  const auto at = [&](std::size_t i) { return static_cast<std::size_t>(from[i]); };
  std::vector<float> out;
  if (from.size() == 4) {
    const std::size_t cells = at(0) * at(1), in = is_depthwise(layer.node) ? at(3) : at(2);
    const std::size_t outputs = at(2) * at(3) / in;
    out.resize(values.size());
    for (std::size_t cell = 0; cell < cells; ++cell) {
      for (std::size_t i = 0; i < in; ++i) {
        for (std::size_t o = 0; o < outputs; ++o) {
          out[(o * in + i) * cells + cell] = values[(cell * in + i) * outputs + o];
        }
      }
    }
    return out;
  }
  if (from.size() != 2) return values;
  const std::size_t inputs = at(0), outputs = at(1);
  const auto channels = static_cast<std::size_t>(std::max(layer.flattened.channels, 1));
  const std::size_t cells = inputs / channels;
  const bool picture = layer.flattened.channels > 0 && layer.flattened.height * layer.flattened.width > 1;
  out.resize(values.size());
  for (std::size_t i = 0; i < inputs; ++i) {
    const std::size_t to = picture ? i % channels * cells + i / channels : i;
    for (std::size_t o = 0; o < outputs; ++o) out[o * inputs + to] = values[i * outputs + o];
  }
  return out;
}

/// What EfficientNet's Normalization makes of a picture / 255. The network divides by the root of the variance and,
/// where the variance is ImageNet's deviation, by the root of the deviation once more: either way what comes out must
/// be ImageNet's normalisation, or none, as in a network that began with random weights.
Preprocessing read_normalization(const std::string& place, const KerasFile& file, const KerasLayer& layer) {
  constexpr double kNear = 1e-3;
  Preprocessing imagenet = make_preprocessing("imagenet");
  const std::vector<float> mean = file.read(layer, 0);
  const std::vector<float> variance = file.read(layer, 1);
  bool mean_fits = true, deviation_fits = true, variance_fits = true, none = true;
  for (std::size_t c = 0; c < 3; ++c) {
    const double m = mean[c], v = variance[c], std = imagenet.std[c];
    mean_fits = mean_fits && std::abs(m - imagenet.mean[c]) < kNear;
    deviation_fits = deviation_fits && std::abs(v - std) < kNear;
    variance_fits = variance_fits && std::abs(v - std * std) < kNear;
    none = none && m == 0 && v == 1;
  }
  if (none) return make_preprocessing("unit");
  if (mean_fits && (deviation_fits || variance_fits)) return imagenet;
  throw DataError(place + ": layer '" + printable(layer.name, 80) + "' normalises by mean " +
                  format_shortest(double{mean[0]}) + ", ..., variance " + format_shortest(double{variance[0]}) +
                  ", ...; expected ImageNet's (mean 0.485, ..., variance 0.229, ... or 0.0524, ...) or none (0 and 1)");
}

[[noreturn]] void refuse(const KerasFile& file, const std::string& place, const std::string& network,
                         const std::string& problem) {
  for (const std::string& other : network_names()) {
    if (other == network || network_info(other).published.file.empty() ||
        !match_keras(file, place, other).problem.empty())
      continue;
    throw DataError(place + ": weights of " + other + " (Keras), but the network is " + network + "; " +
                    accepted_text(network));
  }
  throw DataError(place + ": " + problem + "; " + accepted_text(network));
}

}  // namespace

PretrainedWeights read_keras(const std::filesystem::path& path, const std::string& network, bool keep_classifier) {
  const std::string place = printable(path.string());
  const KerasFile file(path);
  if (network_info(network).published.file.empty()) {
    throw DataError(place + ": a Keras file; " + accepted_text(network));
  }
  const KerasMatch found = match_keras(file, place, network);
  if (!found.problem.empty()) refuse(file, place, network, found.problem);
  PretrainedWeights weights;
  weights.format = file.format();
  if (found.left_out > 0) {
    weights.format += ", without " + std::to_string(found.left_out) + (found.left_out == 1 ? " layer" : " layers") +
                      " of another head";
  }
  weights.variant = "keras";
  weights.preprocessing = found.normalization == nullptr ? make_preprocessing(network_info(network).preprocessing)
                                                         : read_normalization(place, file, *found.normalization);
  if (keep_classifier && found.classes != 0) {
    weights.classes = static_cast<int>(found.classes);
    weights.head = "top";
    weights.image_size = found.image_size;
  }
  WeightCollector collector(place, network, "keras", weights.classes, weights.image_size);
  for (std::size_t i = 0; i < found.expected.size(); ++i) {
    const KerasExpected& layer = found.expected[i];
    for (std::size_t w = 0; w < layer.names.size(); ++w) {
      const ParameterSpec* spec = collector.find(layer.names[w]);
      if (spec == nullptr) continue;  // of the classifier
      const KerasWeight& stored = found.layers[i]->weights[w];
      collector.add(*spec, to_our_layout(layer, w, file.read(*found.layers[i], w)), stored.name);
    }
  }
  weights.parameters = collector.take();
  weights.folded_batch_norm = is_folded(collector.table(), weights.parameters, nullptr);
  return weights;
}

}  // namespace affekt
