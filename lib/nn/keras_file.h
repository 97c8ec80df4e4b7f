// Private: a Keras .h5, .weights.h5 or .keras file as a list of layers.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace affekt {

struct KerasWeight {
  std::string name;  ///< Its path in the file: "conv1_conv/conv1_conv/kernel:0", "layers/conv2d/vars/0"
  std::vector<std::int64_t> shape;
  bool floating = true;  ///< Else an integer (the `count` of a Normalization).
};

struct KerasLayer {
  std::string name;   ///< "conv1_conv"; files of Keras 3.0 to 3.3 have none, and it is then a path
  std::string model;  ///< Which of the models in the file it belongs to: some text that they share.
  std::string kind;   ///< "conv2d", "batch_normalization", ...; older files do not say: "".
  std::vector<KerasWeight> weights;
};

/// Damaged files make libhdf5 write where it must not, run in circles or ask for gigabytes. So it runs in a process of
/// its own: a fork of this one, with memory in proportion to the file, limited time, and nothing to say but names,
/// shapes and values, which are checked here. If it dies, that is a DataError. A .keras archive is unpacked there, too.
class KerasFile {
 public:
  /// Reads names and shapes only. @throws DataError damaged, or not written by Keras. @throws IoError no process.
  explicit KerasFile(const std::filesystem::path& path);
  ~KerasFile();
  KerasFile(const KerasFile&) = delete;
  KerasFile& operator=(const KerasFile&) = delete;

  /// "Keras HDF5" (what model.save("x.h5") writes, and all published files), "Keras 3 weights", "Keras 3 archive".
  const std::string& format() const { return format_; }
  /// Those with weights: in the file's order, or, where it says their kind, by model, kind and order within it.
  const std::vector<KerasLayer>& layers() const { return layers_; }
  /// Values of weight number `weight` of `layer`, one of layers(), in row-major order. @throws DataError.
  std::vector<float> read(const KerasLayer& layer, std::size_t weight) const;

 private:
  std::uint64_t next_message(bool values, std::uint64_t max_bytes) const;
  [[noreturn]] void fail() const;
  void stop();

  std::string place_;
  int socket_ = -1;
  pid_t reader_ = -1;
  std::string format_;
  std::vector<KerasLayer> layers_;
};

}  // namespace affekt
