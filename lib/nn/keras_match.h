// Private: which layers of a Keras file are which of a network.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "affekt/model/network.h"
#include "nn/keras_file.h"
#include "nn/pretrained_import.h"

namespace affekt {

/// One layer of the network and how Keras stores its weights.
struct KerasExpected {
  Node node;
  NodeShape flattened;                            ///< dense after flatten: what was flattened.
  std::vector<std::vector<std::int64_t>> shapes;  ///< In Keras' layout.
  std::vector<std::string> names;                 ///< Of our parameters, in Keras' order.
};

struct KerasMatch {
  std::vector<KerasExpected> expected;        ///< The backbone's, then the classifier's if it is the network's own.
  std::vector<const KerasLayer*> layers;      ///< The file's, one for each expected.
  const KerasLayer* normalization = nullptr;  ///< EfficientNet's.
  std::int64_t classes = 0;                   ///< Of the classifier; 0 = without.
  int image_size = 0;                         ///< That the classifier is for; 0 = any.
  std::size_t left_out = 0;                   ///< Layers of another head.
  std::string problem;                        ///< "" = it fits.
};

bool is_depthwise(const Node& node);

/// Looks for the network in each model of the file: by the names of its layers, else by their kinds, else in the
/// order in which they come, which is how Keras itself loads them. What is left over is the network's classifier, if
/// it has that form, or another head.
KerasMatch match_keras(const KerasFile& file, const std::string& place, const std::string& network);

}  // namespace affekt
