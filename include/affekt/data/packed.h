// Packed datasets: a safetensors file that opens in milliseconds.
#pragma once

#include <filesystem>

#include "affekt/core/export.h"
#include "affekt/data/dataset.h"

namespace affekt {

/// Tensors `images` u8 (N, 48, 48), `labels` u8 (N), `split` u8 (N; 0 train, 1 public, 2 private), `names` u8 (bytes)
/// with `name_offsets` u64 (N + 1), and, where the rows have them, `soft_labels` f32 (N, 7). Everything is validated
/// before use: shapes, class order, values, offsets, UTF-8 of the names, digest.
/// @throws IoError, DataError with the file and what is wrong.
AFFEKT_API Dataset read_packed(const std::filesystem::path& path);

/// Writes atomically. Source weights are not kept. @throws IoError.
AFFEKT_API void write_packed(const std::filesystem::path& path, const Dataset& data);

}  // namespace affekt
