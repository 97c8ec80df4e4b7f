// The networks this project knows, by name.
#pragma once

#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/model/network.h"

namespace affekt {

struct NetworkOptions {
  int image_size = 0;  ///< Side of the square input; 0 = 48.
  int classes = 7;
  std::string head = "default";  ///< What follows the convolutions, see head_names().
  /// Whose rules the backbone follows where they differ: "keras" (also TensorFlow's and timm's tf_ files),
  /// "torchvision" (efficientnet-b0: symmetric padding, epsilon 1e-5) or "timm" (resnet50v2: stride in a stage's first
  /// block, no convolution biases, epsilon 1e-5). "" = keras. It belongs to the weights.
  std::string variant = {};
  int image_width = 0;  ///< 0 = square; else image_size is the height.
};

AFFEKT_API const std::vector<std::string>& network_names();

/// basic-cnn: the study's CNN, 3 x 48 x 48 only; 7,837,895 parameters (7,832,519 trainable).
/// compact: residual network for 1 x 48 x 48, at most 2.5 M parameters and 150 M multiply-adds.
/// @throws UsageError for an unknown name, an unknown head, or a size the network cannot take.
AFFEKT_API Network make_network(const std::string& name, const NetworkOptions& options = {});

/// Name for make_preprocessing() that the network is trained with unless told otherwise. @throws UsageError unknown
/// name.
AFFEKT_API std::string default_preprocessing(const std::string& name);

}  // namespace affekt
