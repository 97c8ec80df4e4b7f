// Private: the names that torchvision and timm give the tensors of the networks known here.
#pragma once

#include <string>

#include "affekt/core/safetensors.h"

namespace affekt {

/// One published naming of one network.
struct TorchLayout {
  std::string network;  ///< Of network_names().
  std::string library;  ///< "torchvision" or "timm".
  std::string model;    ///< What the library calls it.
  std::string variant;  ///< For NetworkOptions; "" = the file has to tell (efficientnet-b0).
  std::string preprocessing;
  /// This project's name of a tensor; "" = the layout has no such tensor.
  std::string (*rename)(const std::string& name) = nullptr;
};

/// The layout whose tell-tale tensors are in the file; nullptr = none.
const TorchLayout* find_torch_layout(const SafetensorsFile& file);

/// "361 tensors, first 'layer1.0.conv1.weight': looks like a torchvision or timm resnet"
std::string describe_tensors(const SafetensorsFile& file);

}  // namespace affekt
