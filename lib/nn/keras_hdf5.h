// Private: the layouts of Keras' HDF5 files, read in this process: see keras_file.h for the safe way.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "nn/hdf5_reader.h"
#include "nn/keras_file.h"

namespace affekt {

/// The layers of a file in one of two layouts, named here after what writes them today:
///
/// legacy  model.save("x.h5"), and all published files: the attribute `layer_names` (of the root or of /model_weights)
///         names a group a layer, whose attribute `weight_names` names its weights. A model inside a model is one
///         layer, whose weights are called "stem_conv/kernel", "stem_bn/gamma", ...
/// Keras 3 save_weights("x.weights.h5"), and model.weights.h5 of a .keras archive: layers/conv2d_3/vars/0, 1, ... where
///         layers are counted by class in the model's order; `vars` has the attribute `name` (3.6 writes it, 3.3 did
///         not). A model inside a model is layers/functional/layers/..., and whatever else has weights lies beside.
class KerasHdf5 {
 public:
  /// Reads names and shapes only.
  /// @param names  of layers in the Keras 3 layout by their group, for files that do not name them; may be empty.
  /// @throws DataError damaged, not written by Keras, or with other names than `names`.
  KerasHdf5(const Hdf5Reader& file, const std::map<std::string, std::string>& names);

  const std::vector<KerasLayer>& layers() const { return layers_; }  ///< See KerasFile.
  bool legacy() const { return legacy_; }
  /// Values in row-major order. @throws DataError.
  std::vector<float> read(const KerasWeight& weight) const;

 private:
  void read_legacy(const std::string& root);
  void read_legacy_layer(const std::string& group, const std::string& name);
  void read_saved_object(const std::string& group, const std::map<std::string, std::string>& names);
  void add_weight(KerasLayer& layer, const std::string& path) const;

  const Hdf5Reader& file_;
  std::vector<KerasLayer> layers_;
  std::size_t visited_ = 0;  ///< Groups of the Keras 3 layout.
  bool legacy_ = false;
};

}  // namespace affekt
