// Several ranks of one tool on this machine, as a launcher starts them.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "support/run_tool.h"

namespace affekt::test {

class RankJob {
 public:
  /// Starts `size` processes of `tool`; `arguments` of all, and `more[r]` of rank r, if there.
  RankJob(const std::string& tool, int size, const std::vector<std::string>& arguments,
          const std::vector<std::vector<std::string>>& more = {});
  /// Kills those that are left.
  ~RankJob();
  RankJob(const RankJob&) = delete;
  RankJob& operator=(const RankJob&) = delete;

  void send(int rank, int signal) const;
  /// The results by rank, once all have ended. Those still there after `seconds` are killed (exit code 128 + 9).
  std::vector<ToolResult> wait(double seconds = 60);
  /// The same for one.
  ToolResult wait_for(int rank, double seconds = 60);

 private:
  struct Process;
  std::vector<std::unique_ptr<Process>> processes_;
};

}  // namespace affekt::test
