// The networks this project knows, by name.
#pragma once

#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/model/network.h"

namespace affekt {

struct NetworkOptions {
  int image_size = 0;  ///< Side of the square input; 0 = 48 (224 with head "top").
  int classes = 7;
  std::string head = "default";  ///< What follows the convolutions, see NetworkInfo::heads.
  /// Whose rules the backbone follows where they differ: "keras" (also TensorFlow's and timm's tf_ files),
  /// "torchvision" (efficientnet-b0: symmetric padding, epsilon 1e-5) or "timm" (resnet50v2: stride in a stage's first
  /// block, no convolution biases, epsilon 1e-5). "" = keras. It belongs to the weights.
  std::string variant = {};
  int image_width = 0;  ///< 0 = square; else image_size is the height.
};

/// Weights as their authors published them, for pictures of ImageNet.
struct PublishedWeights {
  std::string folder;           ///< URL, with a slash at the end; "" = there are none.
  std::string file;             ///< Without classifier.
  std::string with_classifier;  ///< The same network with its classifier.
  std::string size;             ///< Of `file`, in words.
  std::string md5;              ///< Of `file`.
};

/// What there is to know of a network beside its table: one row a network.
struct NetworkInfo {
  std::string name;
  std::string preprocessing;  ///< Name for make_preprocessing() that it is trained with unless told otherwise.
  /// basic-cnn and compact: "default". The others:
  ///   gap         global average pool, dropout 0.2, dense head.output; also called "default"
  ///   flatten-64  dropout 0.25, BatchNorm, flatten, dense 64, ReLU, BatchNorm, dropout 0.5, dense head.output
  ///   linear      gap without dropout; with vgg16 a network without any, and without BatchNorm
  ///   top         the network's own ImageNet classifier: vgg16 flatten, classifier.0 (4096, its inputs grow with the
  ///               picture), ReLU, classifier.3 (4096), ReLU, classifier.6; resnet50v2 global average pool,
  ///               predictions; efficientnet-b0 global average pool, dropout 0.2, classifier.1
  std::vector<std::string> heads;
  std::vector<std::string> variants;     ///< For NetworkOptions; the first is the default.
  std::string classifier;                ///< Last layer of head "top"; "" = no such head.
  bool classifier_needs_size = false;    ///< Its weights fit pictures of one size: it takes flattened features.
  std::vector<std::string> other_files;  ///< Weights of other libraries that can be read, in words, beside Keras'.
  PublishedWeights published;
};

AFFEKT_API const std::vector<std::string>& network_names();
AFFEKT_API const NetworkInfo& network_info(const std::string& name);  ///< @throws UsageError unknown network.

/// basic-cnn: the study's CNN, 3 x 48 x 48 only; 7,837,895 parameters (7,832,519 trainable).
/// compact: residual network for 1 x 48 x 48, at most 2.5 M parameters and 150 M multiply-adds.
/// vgg16, resnet50v2, efficientnet-b0: the backbones of keras.applications, 3 channels, every side from 32 to 256;
/// 14,714,688, 23,564,800 and 4,049,564 parameters without head. Their nodes carry Keras' layer numbers.
/// @throws UsageError for an unknown name, head or variant, or a size the network or head cannot take.
AFFEKT_API Network make_network(const std::string& name, const NetworkOptions& options = {});

}  // namespace affekt
