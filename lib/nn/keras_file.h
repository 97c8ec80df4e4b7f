// Private: a Keras .h5 file of weights as a list of layers, read through libhdf5 with suspicion.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace affekt {

struct KerasWeight {
  std::string name;  ///< "conv1_conv/kernel:0"
  std::vector<std::int64_t> shape;
  bool floating = true;  ///< Else an integer (the `count` of a Normalization).
};

struct KerasLayer {
  std::string name;  ///< "conv1_conv"
  std::vector<KerasWeight> weights;
};

/// The names of layers and weights come from the attributes `layer_names` and `weight_names` (also split into
/// `layer_names0`, `layer_names1`, ...) of the root or of /model_weights. Nothing outside the file is ever opened:
/// soft, external and user-defined links, external storage and virtual data sets are refused, names are walked link by
/// link, and no value is read before its extent has been compared with what is stored.
class KerasFile {
 public:
  /// Reads names and shapes only. @throws DataError damaged, or not written by Keras.
  explicit KerasFile(const std::filesystem::path& path);
  ~KerasFile();
  KerasFile(const KerasFile&) = delete;
  KerasFile& operator=(const KerasFile&) = delete;

  const std::vector<KerasLayer>& layers() const { return layers_; }  ///< Those with weights, in the file's order.
  /// Values in row-major order. @throws DataError.
  std::vector<float> read(const KerasLayer& layer, const KerasWeight& weight) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::vector<KerasLayer> layers_;
};

}  // namespace affekt
