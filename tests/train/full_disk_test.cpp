// Files that cannot be written while a run is at work. A limit on the size of files stands for the full disk: it needs
// no rights and strikes the large files first, as a full disk does.
#include <sys/resource.h>

#include <csignal>

#include "affekt/core/error.h"
#include "affekt/model/model_file.h"
#include "support/catch.h"
#include "support/error_message.h"
#include "train/small_run.h"

using namespace affekt;
using namespace affekt::test;
namespace fs = std::filesystem;

namespace {

constexpr rlim_t kMebibyte = rlim_t{1} << 20;
constexpr rlim_t kBelowCheckpoint = 8 * kMebibyte;  // compact: 4.9 MB of weights, and two moments as large
constexpr rlim_t kBelowModel = 2 * kMebibyte;
constexpr rlim_t kBelowTable = 20;  // bytes

/// Writing beyond a limit fails in the file, not in the process; the old limit comes back.
class SmallDisk {
 public:
  SmallDisk() : handler_(std::signal(SIGXFSZ, SIG_IGN)) { getrlimit(RLIMIT_FSIZE, &before_); }
  ~SmallDisk() {
    make_room();
    std::signal(SIGXFSZ, handler_);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  void fill(rlim_t left) const {
    const rlimit limit{left, before_.rlim_max};
    REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  void make_room() const { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

struct Watched {
  TrainObserver observer;
  std::string warnings, log;
  std::function<void(int)> after_step;

  Watched() {
    observer.warning = [this](const std::string& line) { warnings += line + "\n"; };
    observer.log = [this](const std::string& line) { log += line + "\n"; };
    observer.stop_requested = [this] {
      if (after_step) after_step(++steps_);
      return false;
    };
  }

 private:
  int steps_ = 0;
};

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("a run goes on while checkpoints cannot be written, says so once, and saves again when there is room") {
  const TempFolder folder;
  const Dataset data = squares();
  TrainOptions whole = quick(folder, "whole");
  whole.epochs = 4;
  whole.checkpoint_every = 2;
  TrainOptions cramped = whole;
  cramped.out = (folder / "cramped").string();
  const TrainSummary expected = run_training(data, whole);
  const SmallDisk disk;
  Watched watched;
  watched.after_step = [&](int step) {
    if (step == kStepsAnEpoch + 1) disk.fill(kBelowCheckpoint);
    if (step == 3 * kStepsAnEpoch + 1) disk.make_room();
  };
  const TrainSummary summary = run_training(data, cramped, watched.observer);
  INFO(watched.warnings);
  CHECK(lines(watched.warnings) == 1);
  CHECK(contains(watched.warnings, "no checkpoint can be written, the last good one is from epoch 2, step 1: "));
  CHECK(contains(watched.warnings, "File too large"));
  CHECK(contains(watched.log, "checkpoints can be written again"));
  CHECK(metrics(cramped) == metrics(whole));
  CHECK(summary.validation_accuracy == expected.validation_accuracy);
}

TEST_CASE("killed on a full disk, a run goes on from the last good checkpoint; stopped, it says what was not saved") {
  const TempFolder folder;
  const Dataset data = squares();
  const TrainOptions whole = quick(folder, "whole");
  run_training(data, whole);
  const TrainOptions part = quick(folder, "part");
  const SmallDisk disk;
  Watched watched;
  int steps = 0;
  watched.observer.stop_requested = [&] {
    if (++steps == kStepsAnEpoch + 1) disk.fill(kBelowCheckpoint);
    return steps == kStepsAnEpoch + 3;
  };
  const std::string message = message_of<Interrupted>([&] { run_training(data, part, watched.observer); });
  CHECK(contains(message, "stopped in epoch 2 after step 3; not saved (--resume"));
  CHECK(contains(message, "goes on from the end of epoch 1)"));
  disk.make_room();
  run_training(data, read_run_options(part.out));
  CHECK(metrics(part) == metrics(whole));
}

TEST_CASE("the best weights wait in memory for room, and are written at the next chance") {
  const TempFolder folder;
  const Dataset data = squares(18, 7, 7);
  TrainOptions whole = quick(folder, "whole");
  TrainOptions cramped = quick(folder, "cramped");
  const TrainSummary expected = run_training(data, whole);
  const SmallDisk disk;
  Watched watched;
  watched.after_step = [&](int step) {
    if (step == 1) disk.fill(kBelowTable);
    if (step == 2 * kStepsAnEpoch - 1) disk.make_room();
  };
  const TrainSummary summary = run_training(data, cramped, watched.observer);
  INFO(watched.warnings);
  CHECK(contains(watched.warnings, "the best weights cannot be written and are kept in memory: "));
  CHECK(contains(watched.warnings, "metrics.csv or curves.svg cannot be written"));
  CHECK(metrics(cramped) == metrics(whole));
  CHECK(summary.private_accuracy == expected.private_accuracy);
}

TEST_CASE("a result that cannot be written at the end is exit code 4, and a resumed run writes it") {
  const TempFolder folder;
  const Dataset data = squares();
  const TrainOptions options = quick(folder);
  const SmallDisk disk;
  Watched watched;
  watched.after_step = [&](int step) {
    if (step == kStepsAnEpoch + 1) disk.fill(kBelowModel);
  };
  const std::string message = message_of<IoError>([&] { run_training(data, options, watched.observer); });
  CHECK(contains(message, "best.safetensors"));
  CHECK(contains(message, "make room and --resume"));
  CHECK_FALSE(fs::exists(options.out + "/summary.json"));
  disk.make_room();
  const TrainSummary summary = run_training(data, read_run_options(options.out));
  CHECK(summary.epochs_run == 2);
  CHECK(fs::exists(options.out + "/summary.json"));
  CHECK_NOTHROW(ModelFile::open(fs::path(options.out) / "best.safetensors"));
}

TEST_CASE("a folder without room for a first checkpoint is found out before training") {
  const TempFolder folder;
  const SmallDisk disk;
  disk.fill(kBelowCheckpoint);
  Watched watched;
  bool stepped = false;
  watched.after_step = [&](int) { stepped = true; };
  CHECK_THROWS_AS(run_training(squares(), quick(folder), watched.observer), IoError);
  CHECK_FALSE(stepped);
}
