// Where things lie in the folder of a training.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "affekt/core/export.h"

namespace affekt {

struct RunPaths {
  std::filesystem::path folder;

  std::filesystem::path config() const { return folder / "config.json"; }
  std::filesystem::path metrics() const { return folder / "metrics.csv"; }
  std::filesystem::path best() const { return folder / "best.safetensors"; }  ///< The model.
  std::filesystem::path last() const { return folder / "last"; }              ///< The folder of checkpoints.
  std::filesystem::path checkpoint(int slot) const {
    return last() / ("checkpoint-" + std::to_string(slot) + ".safetensors");
  }
  std::filesystem::path summary() const { return folder / "summary.json"; }
  std::filesystem::path curves() const { return folder / "curves.svg"; }
  std::filesystem::path report() const { return folder / "report.html"; }
  std::filesystem::path log() const { return folder / "log.txt"; }
  std::vector<std::filesystem::path> all() const {
    return {config(), metrics(), best(), last(), summary(), curves(), report(), log()};
  }
};

/// The run of one seed in the folder of a training with several: FOLDER/seed-N.
AFFEKT_API std::filesystem::path seed_folder(const std::filesystem::path& folder, std::uint64_t seed);
/// The folders named so, by number; {} if there are none or `folder` cannot be read.
AFFEKT_API std::vector<std::filesystem::path> seed_folders_in(const std::filesystem::path& folder);
/// Those of them that have a model.
AFFEKT_API std::vector<std::filesystem::path> seed_runs_in(const std::filesystem::path& folder);

}  // namespace affekt
