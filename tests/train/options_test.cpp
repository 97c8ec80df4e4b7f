#include <cmath>
#include <cstddef>
#include <fstream>
#include <functional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "affekt/core/error.h"
#include "affekt/train/train_job.h"
#include "support/catch.h"
#include "support/error_message.h"
#include "support/temp_folder.h"
#include "train/run_folder.h"

using namespace affekt;

namespace {

void write_text(const std::filesystem::path& path, const std::string& text) { std::ofstream(path) << text; }

/// Every option that config.json holds. The list below names each field there is: with one more it does not compile,
/// and whoever adds that one says here whether it is kept. Not kept are those of the folder itself: out, force,
/// dry_run, resume.
auto kept_fields(TrainOptions& options) {
  auto& [model, image_size, head, pretrained, preprocess, freeze_epochs, unfreeze, backbone_lr, layer_decay,
         feature_cache, epochs, batch_size, accumulate, limit, early_stop, checkpoint_every, rank_timeout, max_time,
         optimizer, lr, weight_decay, schedule, warmup_epochs, clip_grad, ema, augment, mixup, cutmix, label_smoothing,
         teachers, temperature, teacher_weight, class_weights, validation, seed, seeds, compute, save_dtype, license,
         out, force, dry_run, resume, data, ferplus, ferplus_weight, skip_bad_rows] = options;
  auto& [device, threads, precision] = compute;
  return std::tie(model, image_size, head, pretrained, preprocess, freeze_epochs, unfreeze, backbone_lr, layer_decay,
                  feature_cache, epochs, batch_size, accumulate, limit, early_stop, checkpoint_every, rank_timeout,
                  max_time, optimizer, lr, weight_decay, schedule, warmup_epochs, clip_grad, ema, augment, mixup,
                  cutmix, label_smoothing, teachers, temperature, teacher_weight, class_weights, validation, seed,
                  seeds, device, threads, precision, save_dtype, license, data, ferplus, ferplus_weight, skip_bad_rows);
}

/// Gives a field another value than it has, in range or not.
template <typename Field>
void make_other(Field& field) {
  if constexpr (std::is_same_v<Field, std::string>) {
    field += "x";
  } else if constexpr (std::is_same_v<Field, std::vector<std::string>>) {
    field.insert(field.end(), {"a", "b:weight=2"});
  } else if constexpr (std::is_same_v<Field, bool>) {
    field = !field;
  } else if constexpr (std::is_enum_v<Field>) {
    field = field == Field{0} ? Field{1} : Field{0};
  } else {
    field += 3;
  }
}

template <typename Fields, typename Check, std::size_t... I>
void check_each(const Fields& a, const Fields& b, const Fields& c, Check check, std::index_sequence<I...> /*all*/) {
  (check(std::get<I>(a), std::get<I>(b), std::get<I>(c)), ...);
}
template <typename... Field, typename Check>
void check_each(const std::tuple<Field...>& a, const std::tuple<Field...>& b, const std::tuple<Field...>& c,
                Check check) {
  check_each(a, b, c, check, std::index_sequence_for<Field...>());
}

}  // namespace

TEST_CASE("each option out of range is refused by name") {
  const std::vector<std::pair<std::string, std::function<void(TrainOptions&)>>> cases = {
      {"epochs", [](TrainOptions& o) { o.epochs = 0; }},
      {"batch-size", [](TrainOptions& o) { o.batch_size = 1; }},
      {"accumulate", [](TrainOptions& o) { o.accumulate = 0; }},
      {"checkpoint-every", [](TrainOptions& o) { o.checkpoint_every = -1; }},
      {"seeds", [](TrainOptions& o) { o.seeds = 0; }},
      {"limit", [](TrainOptions& o) { o.limit = -1; }},
      {"early-stop", [](TrainOptions& o) { o.early_stop = -1; }},
      {"lr", [](TrainOptions& o) { o.lr = -0.1; }},
      {"lr", [](TrainOptions& o) { o.lr = std::nan(""); }},
      {"weight-decay", [](TrainOptions& o) { o.weight_decay = -1; }},
      {"warmup-epochs", [](TrainOptions& o) { o.warmup_epochs = -1; }},
      {"clip-grad", [](TrainOptions& o) { o.clip_grad = -1; }},
      {"ema", [](TrainOptions& o) { o.ema = 1; }},
      {"label-smoothing", [](TrainOptions& o) { o.label_smoothing = 1; }},
      {"mixup", [](TrainOptions& o) { o.mixup = -0.1; }},
      {"cutmix", [](TrainOptions& o) { o.cutmix = std::nan(""); }},
      {"ferplus-weight", [](TrainOptions& o) { o.ferplus_weight = 1.1; }},
      {"temperature", [](TrainOptions& o) { o.temperature = 0; }},
      {"temperature", [](TrainOptions& o) { o.temperature = 2; }},  // without a teacher
      {"teacher-weight", [](TrainOptions& o) { o.teacher_weight = 0.5; }},
      {"teacher-weight", [](TrainOptions& o) { o.teachers = {"default"}, o.teacher_weight = -1; }},
      {"teacher", [](TrainOptions& o) { o.teachers = {"\xff"}; }},
      {"image-size", [](TrainOptions& o) { o.image_size = -48; }},
      {"validation", [](TrainOptions& o) { o.validation = "private"; }},
      {"validation", [](TrainOptions& o) { o.validation = "split:1.5"; }},
      {"max-time", [](TrainOptions& o) { o.max_time = "soon"; }},
      {"max-time", [](TrainOptions& o) { o.max_time = "m"; }},
      {"device", [](TrainOptions& o) { o.compute.device = "tpu"; }},
      {"threads", [](TrainOptions& o) { o.compute.threads = -2; }},
  };
  CHECK_NOTHROW(TrainOptions().validate());
  for (const auto& [name, spoil] : cases) {
    TrainOptions options;
    spoil(options);
    try {
      options.validate();
      FAIL(name << " was accepted");
    } catch (const UsageError& error) {
      CHECK(std::string(error.what()).rfind(name + ": ", 0) == 0);
    }
  }
}

TEST_CASE("times and fractions are read with their units") {
  TrainOptions options;
  options.max_time = "90";
  CHECK(options.max_seconds() == 90);
  options.max_time = "1.5m";
  CHECK(options.max_seconds() == 90);
  options.max_time = "2h";
  CHECK(options.max_seconds() == 7200);
  options.validation = "split:0.2";
  CHECK(options.validation_fraction() == 0.2);
  CHECK(options.effective_lr() == 0.001);
  options.optimizer = OptimizerKind::sgd;
  CHECK(options.effective_lr() == 0.05);
  options.lr = 0.3;
  CHECK(options.effective_lr() == 0.3);
}

TEST_CASE("every option of a run comes back from its config.json") {
  const TempFolder folder;
  TrainOptions options;
  std::apply([](auto&... field) { (make_other(field), ...); }, kept_fields(options));
  options.lr = 0.1 + 0.2;
  options.seed = 18446744073709551615ULL;
  write_text(folder / "config.json", train_options_json(options));
  TrainOptions read = read_run_options(folder.path().string());
  CHECK(read.resume == folder.path().string());
  CHECK(read.out == folder.path().string());
  TrainOptions usual;
  int number = 0;
  const auto check = [&number](const auto& back, const auto& written, const auto& by_default) {
    INFO("field " << ++number << " of kept_fields()");
    CHECK(written != by_default);
    CHECK(back == written);
  };
  check_each(kept_fields(read), kept_fields(options), kept_fields(usual), check);
}

TEST_CASE("a run folder without a config, or with a damaged one, is refused") {
  const TempFolder folder;
  CHECK_THROWS_AS(read_run_options(folder.path().string()), IoError);
  for (const char* text : {"", "[]", "{\"epochs\": \"many\"}", "{\"optimizer\": \"lion\"}", "{\"epochs\": 3"}) {
    CAPTURE(text);
    write_text(folder / "config.json", text);
    CHECK_THROWS_AS(read_run_options(folder.path().string()), DataError);
  }
}

TEST_CASE("a run folder that is not empty needs force, and loses the old run's files only") {
  const TempFolder folder;
  TrainOptions options;
  options.out = (folder / "run").string();
  CHECK(std::filesystem::is_directory(RunFolder::prepare(options).path() / "last"));
  CHECK_THROWS_AS(RunFolder::prepare(options), UsageError);
  write_text(folder / "run/metrics.csv", "old");
  write_text(folder / "run/notes.txt", "mine");
  options.force = true;
  RunFolder::prepare(options);
  CHECK_FALSE(std::filesystem::exists(folder / "run/metrics.csv"));
  CHECK(std::filesystem::exists(folder / "run/notes.txt"));
}

TEST_CASE("a run folder belongs to one training at a time, under force and on resume, too") {
  const TempFolder folder;
  TrainOptions options, resumed;
  options.out = resumed.resume = (folder / "run").string();
  options.force = true;
  {
    const RunFolder at_work = RunFolder::prepare(options);
    at_work.write_config(options);
    const auto refusal = [](const TrainOptions& o) {
      return test::message_of<UsageError>([&o] { RunFolder::prepare(o); });
    };
    CHECK(test::contains(refusal(options), "out: another training is at work in"));
    CHECK(test::contains(refusal(resumed), "resume: another training is at work in"));
    CHECK(std::filesystem::exists(folder / "run/config.json"));  // force takes nothing from a run that goes on
  }
  RunFolder::prepare(resumed);
  RunFolder::prepare(options);
  CHECK_FALSE(std::filesystem::exists(folder / "run/config.json"));
}

TEST_CASE("resuming removes what a killed process had half written") {
  const TempFolder folder;
  TrainOptions options;
  options.out = (folder / "run").string();
  { RunFolder::prepare(options); }
  for (const char* name : {"run/last/checkpoint-0.safetensors.aBc123.part", "run/best.safetensors.aBc123.part"}) {
    write_text(folder / name, "half");
    write_text(folder / "run/notes.part", "mine");
  }
  options.resume = options.out;
  RunFolder::prepare(options);
  CHECK(std::filesystem::is_empty(folder / "run/last"));
  CHECK_FALSE(std::filesystem::exists(folder / "run/best.safetensors.aBc123.part"));
  CHECK(std::filesystem::exists(folder / "run/notes.part"));
}

TEST_CASE("a run folder below a regular file cannot be written") {
  const TempFolder folder;
  write_text(folder / "file", "x");
  TrainOptions options;
  options.out = (folder / "file").string();
  CHECK_THROWS_AS(RunFolder::prepare(options), IoError);
  options.out = (folder / "file/run").string();
  CHECK_THROWS_AS(RunFolder::prepare(options), IoError);
}

TEST_CASE("a summary without a finished epoch has null accuracies") {
  TrainSummary summary;
  const std::string json = train_summary_json(summary);
  CHECK(json.find("\"validation_accuracy\": null") != std::string::npos);
  CHECK(json.find("\"private_accuracy\": null") != std::string::npos);
  summary.best_epoch = 1;
  summary.validation_accuracy = 0.5;
  CHECK(train_summary_json(summary).find("\"validation_accuracy\": 0.5") != std::string::npos);
}
