#include "affekt/train/train_job.h"

#include <cmath>
#include <fstream>
#include <sstream>
#include <thread>

#include "affekt/core/error.h"
#include "affekt/core/random.h"
#include "affekt/core/text.h"
#include "affekt/model/model_file.h"
#include "affekt/nn/classifier.h"
#include "affekt/train/estimate.h"
#include "support/catch.h"
#include "support/error_message.h"
#include "support/temp_folder.h"
#include "train/schedule.h"
#include "train/small_run.h"

using namespace affekt;
using namespace affekt::test;

TEST_CASE("a network learns 63 faces by heart, and the saved model knows them") {
  const TempFolder folder;
  const Dataset data = squares(63, 21, 14);
  TrainOptions options = quick(folder);
  options.epochs = 6;
  options.batch_size = 8;
  options.augment = AugmentKind::none;
  options.lr = 0.003;
  const TrainSummary summary = run_training(data, options);
  CHECK(summary.train_accuracy == 1.0);
  CHECK(summary.validation_accuracy > 0.9);
  CHECK(summary.private_accuracy > 0.9);
  CHECK(summary.history.back().train_loss < 0.3 * summary.history.front().train_loss);
  CHECK(summary.parameters > summary.trainable_parameters);
  CHECK(summary.stopped == "epochs");
  for (const EpochStats& epoch : summary.history) {
    CHECK(epoch.data_share > 0);
    CHECK(epoch.data_share < 0.5);
  }

  const ModelFile file = ModelFile::open(std::filesystem::path(options.out) / "best.safetensors");
  CHECK(file.card().metrics.at("private_accuracy") == summary.private_accuracy);
  CHECK(file.card().metrics.at("validation_accuracy") == summary.validation_accuracy);
  CHECK(file.card().selection.find("PublicTest (21 rows)") != std::string::npos);
  CHECK(file.card().data_digest == data.digest());
  const std::vector<std::size_t> rows = data.rows_of(Split::private_test);
  std::vector<std::uint8_t> faces;
  for (const std::size_t row : rows) faces.insert(faces.end(), data.face(row), data.face(row) + kFacePixels);
  const std::vector<float> logits = Classifier(file).logits(faces.data(), rows.size());
  std::size_t correct = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const float* row = logits.data() + i * kEmotionCount;
    correct += std::max_element(row, row + kEmotionCount) - row == data.labels[rows[i]] ? 1U : 0U;
  }
  CHECK(static_cast<double>(correct) / static_cast<double>(rows.size()) == summary.private_accuracy);
  for (const char* name : {"config.json", "metrics.csv", "summary.json", "curves.svg", "report.html", "log.txt"}) {
    CHECK(std::filesystem::file_size(std::filesystem::path(options.out) / name) > 0);
  }
}

TEST_CASE("the same seed and threads give the same figures to the last digit") {
  const TempFolder folder;
  const Dataset data = squares(7);
  const std::pair<std::string, Precision> cases[] = {
      {"compact", Precision::fp32}, {"compact", Precision::bf16}, {"basic-cnn", Precision::bf16}};
  for (const auto& [model, precision] : cases) {
    CAPTURE(model);
    TrainOptions one = quick(folder, model + std::to_string(static_cast<int>(precision)));
    one.model = model;
    one.compute.precision = precision;
    if (precision == Precision::bf16) one.epochs = 1;  // slow without AVX-512; the order of epochs is that of fp32
    one.compute.threads = 2;
    TrainOptions two = one;
    two.out += "-two";
    run_training(data, one);
    run_training(data, two);
    CHECK(metrics(one) == metrics(two));
    two.out += "-other";
    two.seed = 43;
    run_training(data, two);
    CHECK(metrics(one) != metrics(two));
  }
}

TEST_CASE("a stopped run saves, and resumed gives what the whole run gives") {
  const TempFolder folder;
  const Dataset data = squares();
  for (const double ema : {0.0, 0.9}) {
    TrainOptions whole = quick(folder, "whole" + std::to_string(ema));
    whole.epochs = 3;
    whole.ema = ema;
    whole.optimizer = ema > 0 ? OptimizerKind::sgd : OptimizerKind::adamw;
    const TrainSummary expected = run_training(data, whole);

    TrainOptions part = whole;
    part.out = (folder / ("part" + std::to_string(ema))).string();
    int steps = 0;
    TrainObserver observer;
    observer.stop_requested = [&steps] { return ++steps == 7; };  // 5 steps an epoch: within the second
    CHECK_THROWS_AS(run_training(data, part, observer), Interrupted);
    CHECK_FALSE(std::filesystem::exists(part.out + "/summary.json"));
    TrainOptions rest = read_run_options(part.out);
    const TrainSummary summary = run_training(data, rest);
    CHECK(metrics(part) == metrics(whole));
    CHECK(summary.validation_accuracy == expected.validation_accuracy);
    CHECK(summary.train_accuracy == expected.train_accuracy);
    CHECK(run_training(data, rest).already_finished);
  }
}

TEST_CASE("an epoch that was stopped keeps its learning rate and the time spent before the stop") {
  constexpr double kLinger = 0.5;  // seconds; the epoch itself takes less
  const TempFolder folder;
  const Dataset data = squares();
  TrainOptions whole = quick(folder, "whole");
  const TrainSummary expected = run_training(data, whole);
  for (const int stop_after : {kStepsAnEpoch + 1, 2 * kStepsAnEpoch}) {
    CAPTURE(stop_after);
    TrainOptions part = quick(folder, "part" + std::to_string(stop_after));
    int steps = 0;
    TrainObserver observer;
    observer.stop_requested = [&] {
      if (++steps < stop_after) return false;
      std::this_thread::sleep_for(std::chrono::duration<double>(kLinger));
      return true;
    };
    CHECK_THROWS_AS(run_training(data, part, observer), Interrupted);
    const TrainSummary summary = run_training(data, read_run_options(part.out));
    CHECK(metrics(part) == metrics(whole));
    REQUIRE(summary.history.size() == 2);
    CHECK(summary.history[1].learning_rate == expected.history[1].learning_rate);
    CHECK(summary.history[1].learning_rate > 0);
    CHECK(summary.history[1].seconds >= kLinger);
    CHECK(summary.history[0].seconds + summary.history[1].seconds <= summary.seconds);  // nothing is counted twice
  }
}

TEST_CASE("resuming refuses other data, an empty folder and damaged checkpoints") {
  const TempFolder folder;
  const Dataset data = squares();
  TrainOptions options = quick(folder);
  options.epochs = 1;
  run_training(data, options);
  TrainOptions more = read_run_options(options.out);
  more.epochs = 2;
  CHECK_THROWS_AS(run_training(squares(21), more), UsageError);
  for (const char* name : {"checkpoint-0.safetensors", "checkpoint-1.safetensors"}) {
    const std::filesystem::path path = std::filesystem::path(options.out) / "last" / name;
    if (!std::filesystem::exists(path)) continue;
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-5, std::ios::end);
    file.put('\x7f');
  }
  CHECK_THROWS_AS(run_training(data, more), DataError);
  std::filesystem::remove_all(std::filesystem::path(options.out) / "last");
  CHECK_THROWS_WITH(run_training(data, more), Catch::Matchers::ContainsSubstring("none was saved yet (train anew"));
}

TEST_CASE("the learning rate follows the schedule, whatever the accuracies") {
  const TempFolder folder;
  TrainOptions options = quick(folder);
  options.epochs = 8;
  options.lr = 1e-9;  // nothing is learned: only plateau may notice
  options.warmup_epochs = 0;
  const TrainSummary cosine = run_training(squares(11), options);
  constexpr double kLastStep = 1.5 / 11;  // the last step has 3 of 11 rows; the rate is taken at the middle of a step
  for (const EpochStats& epoch : cosine.history) {
    const double expected = 1e-9 * schedule_factor(options, epoch.epoch - kLastStep);
    CHECK(epoch.learning_rate == Approx(expected).epsilon(1e-9).margin(0));
  }
  CHECK(cosine.history.back().learning_rate > 0);
  options.schedule = ScheduleKind::plateau;
  options.out = (folder / "plateau").string();
  const TrainSummary plateau = run_training(squares(11), options);
  CHECK(plateau.history.front().learning_rate == Approx(1e-9).epsilon(1e-9));
  CHECK(plateau.history.back().learning_rate < 0.5e-9);
}

TEST_CASE("early stopping ends the run and keeps the best epoch's weights") {
  const TempFolder folder;
  const Dataset data = squares();
  TrainOptions options = quick(folder);
  options.epochs = 30;
  options.early_stop = 2;
  options.lr = 0.003;
  options.augment = AugmentKind::none;
  const TrainSummary summary = run_training(data, options);
  CHECK(summary.stopped == "early-stop");
  CHECK(summary.epochs_run == summary.best_epoch + 2);
  const EpochStats& best = summary.history[static_cast<std::size_t>(summary.best_epoch) - 1];
  CHECK(summary.validation_accuracy == best.validation_accuracy);
  for (const EpochStats& epoch : summary.history) CHECK(epoch.validation_accuracy <= best.validation_accuracy);
}

TEST_CASE("a run out of time is saved and goes on later, and PrivateTest waits for the end") {
  const TempFolder folder;
  const Dataset data = squares(18, 7, 7);
  TrainOptions options = quick(folder);
  options.max_time = {0.000001, "s"};
  const TrainSummary cut = run_training(data, options);
  CHECK(cut.stopped == "max-time");
  CHECK(cut.epochs_run == 0);
  CHECK(cut.private_accuracy == -1);
  TrainOptions rest = read_run_options(options.out);
  rest.max_time = {};
  const TrainSummary summary = run_training(data, rest);
  CHECK(summary.epochs_run == 2);
  CHECK(summary.private_accuracy >= 0);
}

TEST_CASE("a run out of time does not judge its weights: they have the figures that selected them") {
  const TempFolder folder;
  const Dataset data = squares(18, 7, 7);
  TrainOptions options = quick(folder);
  options.epochs = 1;
  const TrainSummary first = run_training(data, options);
  TrainOptions rest = read_run_options(options.out);
  rest.epochs = 2;
  rest.max_time = {0.000001, "s"};
  const TrainSummary cut = run_training(data, rest);
  CHECK(cut.stopped == "max-time");
  CHECK(cut.best_epoch == 1);
  CHECK(cut.validation_accuracy == first.validation_accuracy);
  CHECK(cut.validation_loss == first.validation_loss);
  CHECK(cut.train_accuracy == -1);
  CHECK(cut.private_accuracy == -1);
  CHECK(read_text(options.out + "/summary.json").find("\"train_accuracy\": null") != std::string::npos);
  CHECK(read_text(options.out + "/report.html").find("-1.0") == std::string::npos);
  const std::string log = read_text(options.out + "/log.txt");
  CHECK(log.find("judging") == log.rfind("judging"));
}

TEST_CASE("an estimate that is stopped does not claim to have saved anything") {
  const TempFolder folder;
  TrainObserver observer;
  observer.stop_requested = [] { return true; };
  const Dataset data = squares();
  CHECK(message_of<Interrupted>([&] { estimate_training(data, quick(folder), observer); }) ==
        "stopped; nothing was written");
}

TEST_CASE("half precision files hold what the summary reports") {
  const TempFolder folder;
  const Dataset data = squares();
  TrainOptions options = quick(folder);
  options.save_dtype = SaveType::fp16;
  options.ema = 0.5;
  options.clip_grad = 1;
  options.label_smoothing = 0.1;
  options.class_weights = ClassWeights::balanced;
  const TrainSummary summary = run_training(data, options);
  const ModelFile file = ModelFile::open(std::filesystem::path(options.out) / "best.safetensors");
  CHECK(file.parameter("head.output.weight").dtype == DType::f16);
  CHECK(file.file_bytes() < 3000000);
  CHECK(file.card().metrics.at("train_accuracy") == summary.train_accuracy);
}

TEST_CASE("a share of the training rows can select, and public needs PublicTest rows") {
  const TempFolder folder;
  const Dataset data = squares(35, 0);
  TrainOptions options = quick(folder);
  options.epochs = 1;
  CHECK_THROWS_WITH(run_training(data, options), Catch::Matchers::ContainsSubstring("split:0.1"));
  CHECK_FALSE(std::filesystem::exists(options.out));
  options.validation = {0.2};
  const TrainSummary summary = run_training(data, options);
  CHECK(summary.validation_rows == 7);
  CHECK(summary.training_rows == 28);
}

TEST_CASE("limit takes that many training rows of all classes, and validation is not limited") {
  const TempFolder folder;
  TrainOptions options = quick(folder);
  options.epochs = 1;
  options.limit = 9;  // a last batch of one row is left out
  const TrainSummary summary = run_training(squares(), options);
  CHECK(summary.training_rows == 9);
  CHECK(summary.validation_rows == 7);
  CHECK_THROWS_AS(run_training(squares(0, 7), quick(folder, "none")), UsageError);
}

TEST_CASE("a source of which no row is trained on is named") {
  const TempFolder folder;
  Dataset data = squares(70, 21);
  Dataset few = squares(1, 0);
  few.sources.front().path = "few";
  data.append(few);
  Dataset judged = squares(0, 7);
  judged.sources.front().path = "judged";
  data.append(judged);
  TrainOptions options = quick(folder);
  options.max_time = {0.000001, "s"};
  run_training(data, options);
  std::string log = read_text(options.out + "/log.txt");
  CHECK(log.find("few: ") == std::string::npos);
  CHECK(log.find("judged: it has no training rows\n") != std::string::npos);
  CHECK(log.find("best epoch 0 (--resume " + options.out + " goes on)\n") != std::string::npos);
  options.out = (folder / "limited").string();
  options.limit = 7;  // one of each class
  const TrainSummary summary = run_training(data, options);
  REQUIRE(summary.sources.at(1).rows == 0);  // of the seed
  log = read_text(options.out + "/log.txt");
  CHECK(log.find("few: none of its 1 training rows is trained on") != std::string::npos);
}
