// How grey pixels become network input.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "affekt/core/export.h"

namespace affekt {

/// Channel c of the input is (x * scale - mean[c]) / std[c] of grey pixels x, 0..255.
struct Preprocessing {
  std::string name = "unit";  ///< See make_preprocessing().
  double scale = 1.0 / 255.0;
  std::array<double, 3> mean{0, 0, 0};
  std::array<double, 3> std{1, 1, 1};
};

AFFEKT_API const std::vector<std::string>& preprocessing_names();

/// unit         x / 255
/// fer2013      (x / 255 - 0.5077) / 0.2550, mean and deviation of its training faces
/// imagenet     (x / 255 - mean) / std of ImageNet, channels red, green, blue
/// keras-tf     x / 127.5 - 1
/// keras-caffe  x - mean of ImageNet, channels blue, green, red
/// @throws UsageError for another name.
AFFEKT_API Preprocessing make_preprocessing(const std::string& name);

}  // namespace affekt
