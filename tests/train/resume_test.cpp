// Runs that are stopped, cut short and gone on with: the same weights as without the stop.
#include <cstdlib>
#include <fstream>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/processor.h"
#include "affekt/core/safetensors.h"
#include "support/catch.h"
#include "support/error_message.h"
#include "train/small_run.h"

using namespace affekt;
using namespace affekt::test;
namespace fs = std::filesystem;

namespace {

/// Everything random and everything with a memory at once.
TrainOptions eventful(const TempFolder& folder, const std::string& name) {
  TrainOptions options = quick(folder, name);
  options.model = "compact";  // has dropout
  options.epochs = 4;
  options.batch_size = 3;
  options.accumulate = 2;  // 26 rows: four steps of 6 and one of 2
  options.augment = AugmentKind::light;
  options.ema = 0.9;
  options.schedule = ScheduleKind::plateau;
  options.lr = 0.003;
  options.checkpoint_every = 2;
  return options;
}

std::string digest_of_tensors(const fs::path& path) {
  const SafetensorsFile file = SafetensorsFile::open(path);
  std::uint64_t digest = 0;
  for (const TensorView& tensor : file.tensors()) digest = digest_update(digest, tensor.data, tensor.bytes);
  return digest_text(digest);
}

fs::path newest_checkpoint(const TrainOptions& options) {
  fs::path newest;
  for (const auto& entry : fs::directory_iterator(fs::path(options.out) / "last")) {
    if (newest.empty() || entry.last_write_time() > fs::last_write_time(newest)) newest = entry.path();
  }
  return newest;
}

/// Of the weights that are judged, and of the last state: weights, averages, moments and sums.
std::string digests(const TrainOptions& options) {
  return digest_of_tensors(fs::path(options.out) / "best.safetensors") + " " +
         digest_of_tensors(newest_checkpoint(options));
}

void damage(const fs::path& path) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-5, std::ios::end);
  file.put('\x7f');
}

struct Killed {};

/// Leaves the run as a kill after `steps` steps would: nothing is saved on the way out.
void run_and_kill(const Dataset& data, const TrainOptions& options, int steps) {
  TrainObserver observer;
  observer.stop_requested = [&steps]() -> bool {
    if (--steps == 0) throw Killed();
    return false;
  };
  CHECK_THROWS_AS(run_training(data, options, observer), Killed);
}

}  // namespace

TEST_CASE("a killed run goes on from the checkpoint within the epoch, to the same weights") {
  const TempFolder folder;
  const Dataset data = squares(26);
  const TrainOptions whole = eventful(folder, "whole");
  run_training(data, whole);
  for (const int steps : {3, 5, 9, 18}) {  // 5 an epoch
    CAPTURE(steps);
    const TrainOptions part = eventful(folder, "part" + std::to_string(steps));
    run_and_kill(data, part, steps);
    run_training(data, read_run_options(part.out));
    CHECK(metrics(part) == metrics(whole));
    CHECK(digests(part) == digests(whole));
  }
}

TEST_CASE("a run resumes to the same weights in the blocked layout, and keeps the one it began with") {
  const TempFolder folder;
  const Dataset data = squares(26);
  TrainOptions whole = eventful(folder, "whole");
  whole.epochs = 2;
  // What auto means may change from one part of a run to the next, as it does on another processor.
  const std::string limited = processor().has("avx2") ? "AVX2" : "ALL";
  const struct Restore {
    ~Restore() { ::unsetenv("ONEDNN_MAX_CPU_ISA"); }
  } restore;
  ::setenv("ONEDNN_MAX_CPU_ISA", limited.c_str(), 1);
  const std::string layout = run_training(data, whole).layout;
  CHECK(layout == (limited == "AVX2" ? "blocked" : "channels-last"));
  TrainOptions part = whole;
  part.out = (folder / "part").string();
  run_and_kill(data, part, 8);
  ::setenv("ONEDNN_MAX_CPU_ISA", "SSE41", 1);  // oneDNN itself looks once
  CHECK(run_training(data, read_run_options(part.out)).layout == layout);
  CHECK(metrics(part) == metrics(whole));
  CHECK(digests(part) == digests(whole));

  TrainOptions last = whole;
  last.layout = Layout::channels_last;
  last.out = (folder / "last").string();
  CHECK(run_training(data, last).layout == "channels-last");
  CHECK((digests(last) == digests(whole)) == (layout == "channels-last"));
}

TEST_CASE("a damaged newest checkpoint within an epoch falls back to the other one, with a warning") {
  const TempFolder folder;
  const Dataset data = squares(26);
  const TrainOptions whole = eventful(folder, "whole");
  run_training(data, whole);
  const TrainOptions part = eventful(folder, "part");
  run_and_kill(data, part, 10);  // saved after step 8 of the run, within the second epoch, and at its end
  damage(newest_checkpoint(part));
  std::string said;
  TrainObserver observer;
  observer.log = [&said](const std::string& line) { said += line + "\n"; };
  run_training(data, read_run_options(part.out), observer);
  CHECK(contains(said, "using the older checkpoint: "));
  CHECK(contains(said, "the checksum does not agree"));
  CHECK(digests(part) == digests(whole));
}

TEST_CASE("two batches of half the size step as the whole batch does, and the last step may be smaller") {
  const TempFolder folder;
  const Dataset data = squares(11, 2);
  TrainOptions whole = quick(folder, "whole");
  whole.model = "vgg16";
  whole.head = "linear";  // neither BatchNorm nor dropout
  whole.image_size = 32;
  whole.epochs = 1;
  whole.optimizer = OptimizerKind::sgd;
  whole.lr = 0.01;
  whole.warmup_epochs = 0;
  whole.batch_size = 6;  // 6, 5
  TrainOptions halves = whole;
  halves.out = (folder / "halves").string();
  halves.batch_size = 3;
  halves.accumulate = 2;
  const TrainSummary expected = run_training(data, whole);
  const TrainSummary summary = run_training(data, halves);
  CHECK(summary.history[0].train_loss == Approx(expected.history[0].train_loss).epsilon(1e-5));
  CHECK(summary.history[0].learning_rate == expected.history[0].learning_rate);
  const SafetensorsFile a = SafetensorsFile::open(fs::path(whole.out) / "best.safetensors");
  const SafetensorsFile b = SafetensorsFile::open(fs::path(halves.out) / "best.safetensors");
  double largest = 0;
  for (const TensorView& tensor : a.tensors()) {
    const TensorView& other = b.at(tensor.name);
    REQUIRE(other.bytes == tensor.bytes);
    const auto* x = reinterpret_cast<const float*>(tensor.data);
    const auto* y = reinterpret_cast<const float*>(other.data);
    for (std::size_t i = 0; i < tensor.bytes / sizeof(float); ++i) {
      largest = std::max(largest, static_cast<double>(std::abs(x[i] - y[i])));
    }
  }
  CHECK(largest < 1e-5);
  CHECK(largest > 0);  // another order of sums: they are not the same batches
}

TEST_CASE(
    "other data, or other weights of their sources, are refused: of a run that goes on and of one that has ended") {
  const TempFolder folder;
  const auto two_sources = [](double weight) {
    Dataset data = squares(14, 7);
    Dataset own = squares(7, 0);
    own.sources.front().weight = weight;
    data.append(own);
    return data;
  };
  TrainOptions options = quick(folder);
  options.max_time = {0.000001, "s"};
  run_training(two_sources(2), options);
  TrainOptions rest = read_run_options(options.out);
  rest.max_time = {};
  const auto refusal = [&rest](const Dataset& data) {
    return message_of<UsageError>([&] { run_training(data, rest); });
  };
  for (int ended = 0; ended < 2; ++ended) {
    CHECK(contains(refusal(two_sources(3)), "data: the sources have other weights than the run was started with"));
    CHECK(contains(refusal(squares(14, 14)), "data: not the data this run was started with"));
    CHECK(run_training(two_sources(2), rest).already_finished == (ended == 1));
  }
}

TEST_CASE("a resumed run says where it goes on, within an epoch too") {
  const TempFolder folder;
  const TrainOptions options = quick(folder);
  int steps = 0;
  TrainObserver observer;
  observer.stop_requested = [&steps] { return ++steps == 7; };  // 5 steps an epoch
  CHECK_THROWS_AS(run_training(squares(), options, observer), Interrupted);
  run_training(squares(), read_run_options(options.out));
  CHECK(
      contains(read_text(fs::path(options.out) / "log.txt"), "resumed after epoch 1 and step 2 of the next: compact"));
}

TEST_CASE("a run that is stopped while an epoch is validated goes on with the validation") {
  const TempFolder folder;
  const Dataset data = squares(18, 260);  // more rows than one batch
  run_training(data, quick(folder, "whole"));
  const TrainOptions options = quick(folder);
  int asked = 0;
  TrainObserver observer;
  observer.stop_requested = [&asked] { return ++asked == 6; };  // after the five steps of an epoch
  CHECK(contains(message_of<Interrupted>([&] { run_training(data, options, observer); }),
                 "stopped in epoch 1 after step 5; saved"));
  run_training(data, read_run_options(options.out));
  CHECK(metrics(options) == metrics(quick(folder, "whole")));
  CHECK(digests(options) == digests(quick(folder, "whole")));
}

TEST_CASE("a run that is stopped while its weights are judged is judged when resumed") {
  const TempFolder folder;
  const Dataset data = squares(260, 7, 7);  // training rows for more than one batch
  TrainOptions options = quick(folder, "whole");
  options.epochs = 1;
  options.batch_size = 64;
  const TrainSummary whole = run_training(data, options);
  options.out = (folder / "run").string();
  TrainObserver observer;
  bool judging = false;
  observer.log = [&](const std::string& line) {
    judging = judging || line.rfind("judging the saved weights on 260", 0) == 0;
  };
  observer.stop_requested = [&] { return judging; };
  const std::string message = message_of<Interrupted>([&] { run_training(data, options, observer); });
  CHECK(contains(message, "stopped while the saved weights were judged; saved (--resume"));
  CHECK_FALSE(fs::exists(fs::path(options.out) / "summary.json"));
  const TrainSummary summary = run_training(data, read_run_options(options.out));
  CHECK_FALSE(summary.already_finished);
  CHECK(summary.train_accuracy == whole.train_accuracy);
  CHECK(summary.private_accuracy == whole.private_accuracy);
  CHECK(metrics(options) == metrics(quick(folder, "whole")));
}
