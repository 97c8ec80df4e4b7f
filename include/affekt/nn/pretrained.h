// Weights that others trained, brought into this project's names and layouts.
#pragma once

#include <filesystem>
#include <string>

#include "affekt/core/export.h"
#include "affekt/model/model_file.h"

namespace affekt {

struct PretrainedWeights {
  /// In words: "Keras HDF5", "Keras 3 weights", "Keras 3 archive" (with ", without 2 layers of another head" where the
  /// file's head is not the network's own), "torchvision safetensors", "timm safetensors", "affekt model".
  std::string format;
  std::string variant;  ///< For NetworkOptions.
  Preprocessing preprocessing;
  ParameterMap parameters;  ///< Of the backbone and, if kept, of the classifier; this project's names and layouts.
  std::string head;         ///< For NetworkOptions, if the classifier was kept; "" = without.
  int classes = 0;          ///< Of the kept classifier; 0 = without.
  int image_size = 0;       ///< Side of a picture that the kept classifier is for; 0 = any.
  bool folded_batch_norm = false;  ///< All weights 1, means 0, variances equal: calibrate before training.
  std::string digest;              ///< digest_hex() of the file.
};

/// Reads weights for network `network` (a name of network_names()) from a file of Keras (.h5, .weights.h5 or
/// .keras, with or without top, alone or as a model inside a model), a .safetensors file of torchvision or timm, or a
/// model of this program. The content decides the format, not the name. Accepted are the layouts of keras.applications,
/// of torchvision `vgg16` and `efficientnet_b0`, of timm `vgg16`, `efficientnet_b0`, `tf_efficientnet_b0` and
/// `resnetv2_50`.
/// @param keep_classifier  Keep the file's own classifier (head "top"), if it has one.
/// @throws IoError    no such file, unreadable.
/// @throws DataError  damaged, of another network, or of an unknown layout: what was found, what is accepted.
AFFEKT_API PretrainedWeights read_pretrained(const std::filesystem::path& path, const std::string& network,
                                             bool keep_classifier);

/// What users write after --pretrained: a file, a run folder, "default" (the bundled model), or "imagenet": the
/// official file of `network` in $AFFEKT_HOME, else $XDG_DATA_HOME/affekt, else ~/.local/share/affekt.
/// @throws IoError     there is none; for imagenet with the command that downloads it, its size and MD5.
/// @throws UsageError  imagenet for a network that has no such weights.
AFFEKT_API std::filesystem::path resolve_pretrained(const std::string& text, const std::string& network);

}  // namespace affekt
