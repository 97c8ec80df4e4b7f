// Private: known labels beside clusters, counted block by block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "affekt/cluster/cluster_files.h"
#include "affekt/music/track_table.h"

namespace affekt {

class LabelCounts {
 public:
  /// @param column  "" = there are no labels: nothing is counted. @throws UsageError  no file has it.
  /// @param most    different labels.
  LabelCounts(std::string column, const std::vector<TrackSource>& files, std::size_t most);

  /// Begins anew.
  void start(std::size_t k);
  /// @param block  its first cells are the labels; "" is none. @throws UsageError  too many different ones.
  void add(const TrackTable& block, const std::vector<std::int32_t>& found);
  /// Nothing without a column. @throws DataError  no track has a label.
  std::optional<LabelComparison> finish() const;

 private:
  std::string column_;
  std::size_t most_, k_ = 0;
  std::map<std::string, std::vector<std::size_t>, std::less<>> counts_;
};

}  // namespace affekt
