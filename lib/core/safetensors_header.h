// Private: the JSON header of a safetensors file, read without building a document and trusting nothing.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "affekt/core/safetensors.h"

namespace affekt {

struct SafetensorsHeader {
  struct Entry {
    TensorView tensor;  ///< data is still null.
    std::uint64_t begin = 0, end = 0;
  };
  std::map<std::string, std::string> metadata;
  std::vector<Entry> entries;  ///< Sorted by position in the file.
};

/// Parses and validates the header: ranges cover [0, data_bytes) in order, without overlaps or gaps.
/// @param place  what messages begin with, the file's printable name. @throws DataError
SafetensorsHeader parse_safetensors_header(std::string_view json, std::uint64_t data_bytes, const std::string& place);

/// JSON header for these tensors, laid out one after another, padded with spaces to a multiple of 8.
std::string make_safetensors_header(const std::map<std::string, std::string>& metadata,
                                    const std::vector<TensorView>& tensors);

}  // namespace affekt
