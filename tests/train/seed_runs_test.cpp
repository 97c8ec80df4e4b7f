#include "affekt/train/seed_runs.h"

#include <cmath>

#include "affekt/core/error.h"
#include "support/catch.h"
#include "support/error_message.h"
#include "train/small_run.h"

using namespace affekt;
using namespace affekt::test;
namespace fs = std::filesystem;

namespace {

TrainOptions three(const TempFolder& folder) {
  TrainOptions options = quick(folder);
  options.seeds = 3;
  options.epochs = 1;
  return options;
}

}  // namespace

TEST_CASE("mean and sample standard deviation of few values") {
  const Spread three = Spread::of({1, 2, 6});
  CHECK(three.mean == Approx(3));
  CHECK(three.deviation == Approx(std::sqrt(7.0)));  // (4 + 1 + 9) / 2
  CHECK(Spread::of({5}).mean == 5);
  CHECK(std::isnan(Spread::of({5}).deviation));
  CHECK(std::isnan(Spread::of({}).mean));
}

TEST_CASE("three seeds are three runs, each what its seed alone gives, and a summary of all") {
  const TempFolder folder;
  const Dataset data = squares(10, 14, 14);
  const TrainOptions options = three(folder);
  const SeedSummary summary = run_seeds(data, options);
  REQUIRE(summary.runs.size() == 3);
  CHECK(summary.complete);
  CHECK(summary.seeds == std::vector<std::uint64_t>{42, 43, 44});
  TrainOptions alone = quick(folder, "alone");
  alone.epochs = 1;
  alone.seed = 43;
  run_training(data, alone);
  TrainOptions second = read_run_options(options.out + "/seed-43");
  CHECK(second.seed == 43);
  CHECK(metrics(second) == metrics(alone));
  const Spread spread = spread_of(summary, &TrainSummary::private_accuracy);
  double sum = 0;
  for (const TrainSummary& run : summary.runs) sum += run.private_accuracy;
  CHECK(spread.mean == Approx(sum / 3));
  CHECK(contains(read_text(options.out + "/summary.json"), "\"private_accuracy_sd\": "));
  CHECK_FALSE(fs::exists(options.out + "/last"));

  CHECK(run_seeds(data, read_run_options(options.out)).already_finished);
  CHECK_THROWS_AS(run_seeds(data, options), UsageError);  // without force
  TrainOptions fewer = options;
  fewer.seeds = 2;
  fewer.force = true;
  CHECK(run_seeds(data, fewer).runs.size() == 2);
  CHECK_FALSE(fs::exists(options.out + "/seed-44"));  // of the older runs nothing is left
}

TEST_CASE("several seeds that were stopped go on with the run that was at work, and begin the others") {
  const TempFolder folder;
  const Dataset data = squares(10, 7);
  TrainOptions options = three(folder);
  int steps = -1;  // of the second run, which has three
  TrainObserver observer;
  observer.log = [&steps](const std::string& line) {
    if (contains(line, "seed 43 ")) steps = 0;
  };
  observer.stop_requested = [&steps] { return steps >= 0 && ++steps == 2; };
  const std::string message = message_of<Interrupted>([&] { run_seeds(data, options, observer); });
  CHECK(contains(message, "seed 43: stopped in epoch 1 after step 2"));
  CHECK(contains(message, "all: --resume " + options.out));
  CHECK_FALSE(fs::exists(options.out + "/seed-44"));
  std::string said;
  TrainObserver second;
  second.log = [&said](const std::string& line) { said += line + "\n"; };
  const SeedSummary summary = run_seeds(data, read_run_options(options.out), second);
  CHECK(summary.runs.size() == 3);
  CHECK_FALSE(summary.already_finished);
  CHECK(contains(said, "seed 44 (3 of 3): "));
  CHECK(contains(said, "resumed "));

  options.out = (folder / "short").string();
  options.max_time = {0.000001, "s"};
  const SeedSummary cut = run_seeds(data, options);
  CHECK(cut.runs.empty());
  CHECK_FALSE(cut.complete);
}
