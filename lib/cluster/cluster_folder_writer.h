// Private: the folder of a clustering, with tracks.csv, whose rows come in blocks.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "affekt/cluster/cluster_model.h"
#include "affekt/cluster/kmeans.h"
#include "affekt/music/track_table.h"

namespace affekt {

/// What was not finished leaves nothing behind.
class ClusterFolderWriter {
 public:
  /// @throws IoError  the folder cannot be written.
  explicit ClusterFolderWriter(const std::filesystem::path& dir);
  ~ClusterFolderWriter();
  ClusterFolderWriter(const ClusterFolderWriter&) = delete;
  ClusterFolderWriter& operator=(const ClusterFolderWriter&) = delete;

  /// Begins with the header; what was added before is dropped.
  void start(const std::vector<TrackSource>& sources, const ClusterModel& model);
  /// Rows whose `source` is an index into the sources given. @throws IoError.
  void add(const TrackTable& table, const Assignment& found);
  void finish(ClusterModel& model, std::string_view report_html);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace affekt
