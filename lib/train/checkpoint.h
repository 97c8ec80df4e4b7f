// The full state of a run in a file: named tensors and a JSON text, checksummed.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "train/optimizer.h"

namespace affekt {

constexpr int kCheckpointSlots = 2;  ///< Of a run, by turns: a crash while one is written leaves the other.

/// Writes tensors (fp32 or fp64, any device) and state atomically. @throws IoError.
void write_checkpoint(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors,
                      const std::string& state_json);

/// The state text of a checkpoint whose checksum agrees; otherwise throws DataError, IoError if it is missing.
std::string read_checkpoint_state(const std::filesystem::path& path);

/// Copies the file's tensors into `tensors`, all of which must be there with the same shapes. @throws DataError.
void read_checkpoint_tensors(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors);

}  // namespace affekt
