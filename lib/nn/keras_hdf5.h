// Private: a Keras .h5 file read through libhdf5, in this process: see keras_file.h for the safe way.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "nn/keras_file.h"

namespace affekt {

/// The names of layers and weights come from the attributes `layer_names` and `weight_names` (also split into
/// `layer_names0`, `layer_names1`, ...) of the root or of /model_weights. Nothing outside the file is ever opened:
/// soft, external and user-defined links, external storage and virtual data sets are refused, names are walked link by
/// link, and no value is read before its extent has been compared with what is stored.
class KerasHdf5 {
 public:
  /// Reads names and shapes only. @throws DataError damaged, or not written by Keras.
  explicit KerasHdf5(const std::filesystem::path& path);
  ~KerasHdf5();
  KerasHdf5(const KerasHdf5&) = delete;
  KerasHdf5& operator=(const KerasHdf5&) = delete;

  const std::vector<KerasLayer>& layers() const { return layers_; }  ///< Those with weights, in the file's order.
  /// Values in row-major order. @throws DataError.
  std::vector<float> read(const KerasLayer& layer, const KerasWeight& weight) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::vector<KerasLayer> layers_;
};

}  // namespace affekt
