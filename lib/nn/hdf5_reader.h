// Private: an HDF5 file of which nothing is believed, read through libhdf5 in this process: see keras_file.h for the
// safe way.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace affekt {

/// What a data set of numbers declares.
struct Hdf5Dataset {
  std::vector<std::int64_t> shape;
  bool floating = true;  ///< Else integers.
};

/// Paths lead from the root, their parts separated by '/'. Nothing outside the file is ever opened: soft, external and
/// user-defined links, external storage and virtual data sets are refused, paths are walked link by link, and no value
/// is read before its extent has been compared with what is stored. Every member throws DataError for what is damaged
/// or was not written by Keras.
class Hdf5Reader {
 public:
  /// @param bytes  the file in memory, mapped or unpacked; must outlive the reader. They are not copied.
  /// @param place  what messages begin with.
  Hdf5Reader(std::string_view bytes, std::string place);
  ~Hdf5Reader();
  Hdf5Reader(const Hdf5Reader&) = delete;
  Hdf5Reader& operator=(const Hdf5Reader&) = delete;

  bool has(const std::string& path) const;  ///< The group before the last part must be there.
  bool is_group(const std::string& path) const;
  /// Names of what a group holds, sorted.
  std::vector<std::string> children(const std::string& group) const;

  bool has_names(const std::string& path, const std::string& attribute) const;
  /// The texts of an attribute, whole or split into attribute0, attribute1, ...; {} = there is none.
  std::vector<std::string> names(const std::string& path, const std::string& attribute) const;

  Hdf5Dataset describe(const std::string& dataset) const;
  /// Values in row-major order, widened to float. @param count  what describe() said.
  std::vector<float> read(const std::string& dataset, std::size_t count) const;

  [[noreturn]] void fail(const std::string& where, const std::string& what) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace affekt
