// Made-up faces that several ranks train on.
#pragma once

#include "affekt/data/packed.h"
#include "small_run.h"
#include "support/rank_job.h"
#include "support/tool_test.h"

namespace affekt::test {

struct RankFixture {
  TempFolder folder;
  std::string data = (folder / "squares.safetensors").string();

  RankFixture() { write_packed(data, squares(70, 21)); }
  std::string run(const std::string& name) const { return (folder / name).string(); }
  std::vector<std::string> words(std::vector<std::string> more) const {
    more.insert(more.begin(), {"--data", data, "--threads", "1", "--precision", "fp32"});
    return more;
  }
  ToolResult alone(const std::vector<std::string>& more) const { return run_tool("affekt-train", words(more)); }
  std::vector<ToolResult> together(int size, const std::vector<std::string>& more) const {
    return RankJob("affekt-train", size, words(more)).wait();
  }
};

inline void check_all_good(const std::vector<ToolResult>& results) {
  for (std::size_t r = 0; r < results.size(); ++r) {
    CAPTURE(r, results[r].err);
    CHECK(results[r].exit_code == 0);
    CHECK(results[r].out.empty() == (r > 0));
    if (r > 0) CHECK(results[r].err.empty());
  }
}

}  // namespace affekt::test
