// What becomes of a job of several ranks when one of them is lost, stopped, wrong or late.
#include <chrono>
#include <csignal>
#include <thread>

#include "rank_fixture.h"

using namespace affekt;
using namespace affekt::test;

namespace {

void wait_for(const fs::path& file) {
  for (int i = 0; i < 1200 && !fs::exists(file); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  REQUIRE(fs::exists(file));
}

}  // namespace

TEST_CASE("a killed rank ends the others with one clear line, and the run resumes with one rank and with four") {
  const RankFixture f;
  RankJob job("affekt-train", 2,
              f.words({"--epochs", "100000", "--limit", "28", "--batch-size", "7", "--checkpoint-every", "1",
                       "--rank-timeout", "10", "--out", f.run("run")}));
  wait_for(f.run("run") + "/metrics.csv");
  job.send(1, SIGKILL);
  const auto before = std::chrono::steady_clock::now();
  const auto results = job.wait(30);
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(15));
  INFO(results[0].err);
  CHECK(results[1].exit_code == 128 + SIGKILL);
  CHECK(results[0].exit_code == 1);
  CHECK(results[0].out.empty());
  const std::string last = results[0].err.substr(results[0].err.rfind('\n', results[0].err.size() - 2) + 1);
  CHECK_THAT(last, Catch::Matchers::StartsWith("affekt-train: lost rank 1 of 2: ") && ContainsSubstring("(--resume "));
  const auto finished = [&](const char* epochs, int ranks) {
    const std::vector<std::string> resume = {"--resume", f.run("run"), "--epochs", epochs, "--threads", "1"};
    if (ranks == 1) return run_tool("affekt-train", resume).exit_code == 0;
    const auto all = RankJob("affekt-train", ranks, resume).wait();
    for (const ToolResult& result : all) {
      UNSCOPED_INFO(result.err);
      if (result.exit_code != 0) return false;
    }
    return true;
  };
  const int done = static_cast<int>(split(read_text(f.run("run") + "/metrics.csv"), '\n').size());
  CHECK(finished(std::to_string(done + 2).c_str(), 1));
  CHECK(finished(std::to_string(done + 4).c_str(), 4));
  CHECK(Json::parse(read_text(f.run("run") + "/summary.json")).at("epochs_run") == done + 4);
}

TEST_CASE("a silent rank counts as lost after the timeout, rank 0 too") {
  const RankFixture f;
  for (const int victim : {0, 1}) {
    const std::string run = f.run("run" + std::to_string(victim));
    RankJob job(
        "affekt-train", 2,
        f.words({"--epochs", "100000", "--limit", "28", "--batch-size", "7", "--rank-timeout", "3", "--out", run}));
    wait_for(run + "/metrics.csv");
    job.send(victim, SIGSTOP);
    const ToolResult left = job.wait_for(1 - victim, 30);
    INFO(left.err);
    CHECK(left.exit_code == 1);
    CHECK_THAT(left.err, ContainsSubstring("lost rank " + std::to_string(victim) + " of 2: silent for 3 s"));
  }
}

TEST_CASE("a signal to any rank saves and ends all") {
  const RankFixture f;
  const auto ended_by = [&](int signal, std::vector<int> ranks) {
    const std::string run = f.run("run" + std::to_string(signal) + std::to_string(ranks.size()));
    RankJob job("affekt-train", 2, f.words({"--epochs", "100000", "--limit", "28", "--batch-size", "7", "--out", run}));
    wait_for(run + "/metrics.csv");
    for (const int rank : ranks) {
      job.send(rank, signal);
      job.send(rank, signal);  // as launchers do: the process gets it from the terminal too
    }
    const auto results = job.wait();
    CHECK_THAT(results[0].err, ContainsSubstring("; saved (--resume "));
    CHECK(results[1].err.empty());
    CHECK(results[0].exit_code == 128 + signal);
    CHECK(results[1].exit_code == 128 + signal);
  };
  ended_by(SIGINT, {1});
  ended_by(SIGTERM, {1});
  ended_by(SIGTERM, {0, 1});
}

TEST_CASE("ranks that do not do the same work say on all ranks what differs") {
  const RankFixture f;
  const auto refused = [&](const std::vector<std::vector<std::string>>& more, const std::string& words) {
    const auto results =
        RankJob("affekt-train", 2, {"--threads", "1", "--epochs", "1", "--out", f.run("run")}, more).wait();
    for (const ToolResult& result : results) check_refused("affekt-train", result, 2, words);
    CHECK_FALSE(fs::exists(f.run("run")));
  };
  refused({{"--data", f.data, "--batch-size", "8"}, {"--data", f.data, "--batch-size", "16"}},
          ": --batch-size: rank 1 has 16, rank 0 has 8 (");
  const std::string other = (f.folder / "other.safetensors").string();
  write_packed(other, squares(69, 21));
  refused({{"--data", f.data}, {"--data", other}}, ": --data: rank 1 has rows of digest ");
  refused({{"--data", f.data}, {"--data", f.data + ":weight=2", "--data", f.data}}, ": --data: rank 1 has ");
}

TEST_CASE("a rank that fails tells the others why; ranks that never come are named") {
  const RankFixture f;
  const auto results = RankJob("affekt-train", 2, f.words({"--epochs", "1", "--out", f.data + "/run"})).wait();
  CHECK(results[0].exit_code == 4);
  CHECK(results[1].exit_code == 1);
  CHECK_THAT(results[1].err, ContainsSubstring("rank 0 of 2 ended: ") && ContainsSubstring("squares.safetensors/run"));
  CHECK(count_lines(results[1].err) == 1);
  const auto lonely = [&](const char* rank, const std::string& words) {
    const ToolResult result =
        run_tool("affekt-train", f.words({"--epochs", "1", "--out", f.run("run"), "--rank-timeout", "1"}),
                 {"", "", {std::string("RANK=") + rank, "WORLD_SIZE=3", "MASTER_ADDR=127.0.0.1", "MASTER_PORT=29871"}});
    check_refused("affekt-train", result, 2, words);
  };
  lonely("0", "WORLD_SIZE: ranks 1, 2 of 3 did not come within 1 s");
  lonely("2", "MASTER_ADDR: rank 0 does not answer at 127.0.0.1 port 29871 for 1 s");
}

TEST_CASE("a wrong place is one line, before any file is opened") {
  const RankFixture f;
  const ToolResult result = run_tool("affekt-train", {"--data", "missing.csv", "--out", f.run("run")},
                                     {"", "", {"RANK=2", "WORLD_SIZE=2", "MASTER_ADDR=127.0.0.1"}});
  check_refused("affekt-train", result, 2, ": RANK: expected 0 to 1, found '2'");
}
