// Private: the names that Keras gives the layers of the networks known here.
#pragma once

#include <string>

namespace affekt {

/// Keras' name of a layer with weights: of vgg16's "features.2" "block1_conv2", of efficientnet-b0's
/// "features.1.0.block.0.0" "block1a_dwconv"; resnet50v2 has Keras' names. (keras.applications, vgg16.py and
/// efficientnet.py.)
/// @param node  name of a node of the network's table that has parameters.
std::string keras_layer_name(const std::string& network, const std::string& node);

}  // namespace affekt
