// Private: the weights in a .keras file of Keras 3, which is a zip archive.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace affekt {

/// Takes two entries out of the archive: model.weights.h5, and config.json for the layers' names. Nothing else in it is
/// looked at: no code, no pickle, no asset. Keras stores them; compressed entries are read, too.
class KerasArchive {
 public:
  /// @param bytes  of the archive; must outlive the object, whose weights lie in them if they are stored.
  /// @param place  what messages begin with.
  /// @throws DataError  damaged, encrypted, too large, not written by Keras; see list_zip().
  KerasArchive(std::string_view bytes, const std::string& place);
  KerasArchive(const KerasArchive&) = delete;
  KerasArchive& operator=(const KerasArchive&) = delete;

  std::string_view weights() const { return weights_; }  ///< The HDF5 file.
  /// Layers by their group in weights(): "layers/conv2d_3" is "block2_conv2".
  const std::map<std::string, std::string>& names() const { return names_; }

 private:
  std::string unpacked_;  ///< Compressed weights.
  std::string_view weights_;
  std::map<std::string, std::string> names_;
};

}  // namespace affekt
