// The features of a frozen backbone, computed once: head epochs read them instead of running the network.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include "affekt/core/export.h"
#include "nn/torch_network.h"

namespace affekt {

/// Rows of equal shape, in memory or in a file that has no name any more, so that it goes with the process.
class AFFEKT_API FeatureCache {
 public:
  /// Calls `compute(begin, count)` for consecutive ranges of 0..rows and keeps the results, (count, ...) each.
  /// @param memory_left  Rows are kept in memory if all of them fit into so many bytes (which are then taken off), else
  ///                     in a file in `folder`.
  /// @throws IoError  the file cannot be made, or the disk has no room for it.
  static FeatureCache fill(std::int64_t rows, std::int64_t batch, std::int64_t& memory_left,
                           const std::filesystem::path& folder,
                           const std::function<at::Tensor(std::int64_t begin, std::int64_t count)>& compute);

  /// Copies of these rows (int64 positions on the CPU), on `device`.
  at::Tensor rows(const at::Tensor& positions, at::Device device) const;
  /// Copies of consecutive rows.
  at::Tensor range(std::int64_t begin, std::int64_t count, at::Device device) const;

  std::int64_t size() const { return values_.size(0); }
  std::int64_t bytes() const { return static_cast<std::int64_t>(values_.nbytes()); }
  bool on_disk() const { return file_ != nullptr; }

 private:
  struct MappedFile;
  std::shared_ptr<MappedFile> file_;  ///< Outlives values_.
  at::Tensor values_;
};

}  // namespace affekt
