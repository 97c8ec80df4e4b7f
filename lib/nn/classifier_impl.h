// What a Classifier holds; for eval/, which looks inside.
#pragma once

#include "affekt/nn/classifier.h"
#include "nn/torch_network.h"

namespace affekt {

struct Classifier::Impl {
  TorchNetwork network;
  Preprocessing preprocessing;
  bool bf16 = false;
};

}  // namespace affekt
