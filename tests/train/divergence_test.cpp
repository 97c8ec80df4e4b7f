// Losses that diverge: what counts as that, and what a run does about it.
#include "train/divergence.h"

#include <limits>

#include "affekt/core/error.h"
#include "support/catch.h"
#include "support/error_message.h"
#include "train/small_run.h"

using namespace affekt;
using namespace affekt::test;

namespace {

/// One line a warning.
TrainObserver hear(std::string& warnings) {
  TrainObserver observer;
  observer.warning = [&warnings](const std::string& line) { warnings += line + "\n"; };
  return observer;
}

TrainOptions reckless(const TempFolder& folder, double rate) {
  TrainOptions options = quick(folder);
  options.optimizer = OptimizerKind::sgd;
  options.lr = rate;
  options.warmup_epochs = 0;
  options.augment = AugmentKind::none;
  return options;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("a loss diverges when it is not finite, or far above where it was for long") {
  LossWatch falling;
  for (double loss = 2.3; loss > 0.1; loss *= 0.99) CHECK_FALSE(falling.diverges(loss, 64));
  CHECK(falling.calm());
  CHECK_FALSE(falling.diverges(30, 64));  // one bad batch
  CHECK_FALSE(falling.diverges(0.1, 64));
  LossWatch rising = falling;
  int batches = 0;
  while (!rising.diverges(8, 64)) ++batches;
  CHECK(batches > 2);
  CHECK(batches < 40);
  CHECK_FALSE(rising.calm());
  CHECK(LossWatch(falling).diverges(std::nan(""), 64));
  CHECK(LossWatch(falling).diverges(std::numeric_limits<double>::infinity(), 64));
  CHECK(LossWatch().diverges(std::nan(""), 64));

  LossWatch high;  // where it began is not too high, and twice the loss of guessing is not for a low one
  for (int i = 0; i < 100; ++i) CHECK_FALSE(high.diverges(i % 2 == 0 ? 9 : 11, 64));
  LossWatch low;
  for (int i = 0; i < 100; ++i) CHECK_FALSE(low.diverges(i < 50 ? 0.01 : 2, 64));

  const auto rises_to = [](double loss) {  // from a loss of 4, for long
    LossWatch watch;
    bool diverges = false;
    for (int i = 0; i < 200; ++i) diverges = watch.diverges(i < 100 ? 4 : loss, 64) || diverges;
    return diverges;
  };
  CHECK_FALSE(rises_to(11.5));
  CHECK(rises_to(12.5));

  LossWatch pairs, batch;  // the rows count, not the batches
  for (int i = 0; i < 32; ++i) pairs.diverges(i < 16 ? 3 : 1, 2);
  batch.diverges(3, 32);
  batch.diverges(1, 32);
  CHECK(pairs.mean == Approx(batch.mean));
}

TEST_CASE("a hopeless rate is halved three times, then the run ends with advice") {
  const TempFolder folder;
  const Dataset data = squares();
  TrainOptions options = reckless(folder, 1000);
  options.weight_decay = 1000;
  std::string warnings;
  const std::string message = message_of<DataError>([&] { run_training(data, options, hear(warnings)); });
  CHECK(contains(message, "for the fourth time and at an eighth of the rate"));
  CHECK(contains(message, "lower --lr"));
  CHECK(count(warnings, "\n") == 3);
  CHECK(count(warnings, "with half the learning rate, now x ") == 3);
  CHECK(contains(warnings, ": back to the start, with half"));
  CHECK(contains(warnings, "now x 0.125 (3 of 3 times)"));
  const std::string log = read_text(std::filesystem::path(options.out) / "log.txt");
  CHECK(count(log, "warning: the loss ") == 3);
  // It is the state of the run, not of the process: resumed, there is no fourth attempt.
  CHECK_THROWS_AS(run_training(data, read_run_options(options.out), hear(warnings)), DataError);
  CHECK(count(warnings, "\n") == 3);
}

TEST_CASE("weights that the last step of an epoch spoiled are not saved as a model") {
  const TempFolder folder;
  TrainOptions options = reckless(folder, 1000);
  options.weight_decay = 1000;
  options.epochs = 3;
  options.batch_size = 18;  // one step an epoch: the next loss is that of validation
  std::string warnings;
  CHECK_THROWS_AS(run_training(squares(), options, hear(warnings)), DataError);
  CHECK(contains(warnings, "not finite"));
}

TEST_CASE("half the rate can be enough: the run ends well, and its summary says so") {
  const TempFolder folder;
  const Dataset data = squares();
  TrainOptions options = reckless(folder, 0.05);
  options.weight_decay = 80;  // Nesterov's momentum 0.9 stands rate x decay below 1.36: a quarter of this
  options.epochs = 4;
  options.schedule = ScheduleKind::constant;
  std::string warnings;
  const TrainSummary summary = run_training(data, options, hear(warnings));
  INFO(warnings);
  CHECK(count(warnings, "\n") >= 1);
  CHECK(summary.lr_factor < 1);
  CHECK(summary.epochs_run == 4);
  CHECK(summary.history.back().learning_rate == Approx(options.lr * summary.lr_factor));
  CHECK(contains(train_summary_json(summary), "\"lr_factor\": "));

  TrainOptions more = read_run_options(options.out);
  more.epochs = 5;
  const TrainSummary resumed = run_training(data, more);
  CHECK(resumed.lr_factor <= summary.lr_factor);
  CHECK(resumed.history.back().learning_rate == Approx(options.lr * resumed.lr_factor));
}
