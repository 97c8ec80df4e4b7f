#include <cmath>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "affekt/core/error.h"
#include "affekt/train/train_job.h"
#include "affekt/train/train_option_table.h"
#include "support/catch.h"
#include "support/count_fields.h"
#include "support/error_message.h"
#include "support/temp_folder.h"
#include "train/run_folder.h"

using namespace affekt;

namespace {

void write_text(const std::filesystem::path& path, const std::string& text) { std::ofstream(path) << text; }

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
  } else if constexpr (std::is_arithmetic_v<Field>) {
    field += 3;
  } else {
    for (const char* text : {"last:7", "split:0.25", "1.5h", "300M"}) {
      try {
        field = Field::parse(text);
      } catch (const UsageError&) {
        continue;
      }
    }
  }
}

struct Described {
  TrainOptionRow row;
  const void* field;
};

std::vector<Described> described(const TrainOptions& options) {
  std::vector<Described> all;
  visit_train_options(options, [&](const TrainOptionRow& row, const auto& field) { all.push_back({row, &field}); });
  return all;
}

/// The option of that name alone is given.
auto given_only(const std::string& name) {
  return [name](const std::string& asked) { return asked == name; };
}

template <typename Value>
std::string refusal(const std::string& text) {
  return test::message_of<UsageError>([&] { Value::parse(text); });
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
      {"ferplus", [](TrainOptions& o) { o.ferplus = "\xff"; }},
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

TEST_CASE("every number has a range, and what is just outside of it is refused") {
  for (const Described& one : described(TrainOptions())) {
    TrainOptions options;
    options.teachers = {"default"};
    visit_train_options(options, [&](const TrainOptionRow& row, auto& field) {
      using Field = std::decay_t<decltype(field)>;
      if constexpr (std::is_arithmetic_v<Field> && !std::is_same_v<Field, bool>) {
        if (row.name != one.row.name || row.name == "seed" || row.name == "threads") return;
        CAPTURE(row.name);
        CHECK_FALSE(row.range.empty());
        const auto refused = [&](double value) {
          const Field before = std::exchange(field, static_cast<Field>(value));
          const std::string message = test::message_of<UsageError>([&] { options.validate(); });
          CHECK(message.rfind(row.name + ": expected " + row.range + ", found ", 0) == 0);
          field = before;
        };
        CHECK_NOTHROW(options.validate());
        refused(row.least - 1);
        if (std::isfinite(row.most)) refused(row.most + 1);
      }
    });
  }
}

TEST_CASE("values with units and cases are read and printed as they were given") {
  for (const char* text : {"90", "90s", "1.5m", "2h", "100000", "1000000s", ""})
    CHECK(Duration::parse(text).text() == text);
  CHECK(Duration::parse("90").seconds() == 90);
  CHECK(Duration::parse("1.5m").seconds() == 90);
  CHECK(Duration::parse("2h").seconds() == 7200);
  CHECK(Duration().seconds() == 0);
  for (const char* text : {"soon", "m", "0", "-1s", "inf", "nan", "1 m 2", "3d"}) {
    CHECK(refusal<Duration>(text) == "expected a time like 90s, 45m or 2h, found '" + std::string(text) + "'");
  }
  for (const char* text : {"public", "split:0.2"}) CHECK(ValidationRows::parse(text).text() == text);
  CHECK(ValidationRows::parse("split:0.2").fraction == 0.2);
  for (const char* text : {"private", "split:1.5", "split:0", "split:", "split:nan", "public ", ""}) {
    CHECK(test::contains(refusal<ValidationRows>(text), "expected public or split:F"));
  }
  for (const char* text : {"all", "none", "last:50"}) CHECK(Unfreeze::parse(text).text() == text);
  CHECK(Unfreeze::parse("last:50").layers == 50);
  CHECK(Unfreeze::parse("none").layers == 0);
  for (const char* text : {"last:0", "last:x", "last:-1", "last:", "last:2147483648", "half", ""}) {
    CHECK(test::contains(refusal<Unfreeze>(text), "found '" + std::string(text) + "'"));
  }
  for (const char* text : {"off", "0", "1.5K", "512M", "2G", "1T"}) CHECK(MemoryLimit::parse(text).text() == text);
  CHECK(MemoryLimit::parse("1.5K").bytes() == 1536);
  CHECK(MemoryLimit::parse("7").bytes() == 7);
  CHECK_FALSE(MemoryLimit::parse("off").bytes().has_value());
  for (const char* text : {"much", "", "G", "-1", "nan", "1e300", "1e15K", "2GB"}) {
    CHECK(test::contains(refusal<MemoryLimit>(text), "expected off or a size"));
  }
}

TEST_CASE("without a rate of its own a run has the optimizer's") {
  TrainOptions options;
  CHECK(options.effective_lr() == 0.001);
  options.optimizer = OptimizerKind::sgd;
  CHECK(options.effective_lr() == 0.05);
  options.lr = 0.3;
  CHECK(options.effective_lr() == 0.3);
}

TEST_CASE("fields of an aggregate are counted, whatever their types") {
  struct Inner {
    int a = 0;
    std::string b;
  };
  struct Outer {
    Inner inner;
    std::vector<std::string> c;
    double d = 1;
    OnResume e = OnResume::keep;
  };
  struct None {};
  CHECK(test::count_fields<None>() == 0);
  CHECK(test::count_fields<Inner>() == 2);
  CHECK(test::count_fields<Outer>() == 4);
}

TEST_CASE("every field of TrainOptions has one row in the table of options") {
  const TrainOptions options;
  const std::vector<Described> all = described(options);
  std::set<const void*> fields;
  std::set<std::string> names, not_in_config;
  for (const Described& one : all) {
    fields.insert(one.field);
    names.insert(one.row.name);
    if (!one.row.in_config) not_in_config.insert(one.row.name);
  }
  // ComputeOptions is a field of TrainOptions whose own fields have the rows.
  const std::size_t expected = test::count_fields<TrainOptions>() - 1 + test::count_fields<ComputeOptions>();
  CHECK(fields.size() == expected);
  CHECK(names.size() == expected);
  CHECK(all.size() == expected);
  CHECK(not_in_config == std::set<std::string>{"dry-run", "force", "out", "resume"});
}

TEST_CASE("every option of a run comes back from its config.json") {
  const TempFolder folder;
  const TrainOptions usual;
  TrainOptions options;
  visit_train_options(options, [](const TrainOptionRow& /*row*/, auto& field) { make_other(field); });
  options.lr = 0.1 + 0.2;
  options.seed = 18446744073709551615ULL;
  write_text(folder / "config.json", train_options_json(options));
  const TrainOptions read = read_run_options(folder.path().string());
  CHECK(read.resume == folder.path().string());
  CHECK(read.out == folder.path().string());
  const std::vector<Described> written = described(options), by_default = described(usual);
  std::size_t i = 0;
  visit_train_options(read, [&](const TrainOptionRow& row, const auto& field) {
    using Field = std::decay_t<decltype(field)>;
    CAPTURE(row.name);
    if (row.in_config) {
      CHECK_FALSE(field == *static_cast<const Field*>(by_default[i].field));
      CHECK(field == *static_cast<const Field*>(written[i].field));
    }
    ++i;
  });
}

TEST_CASE("config.json has its keys in one order, which cards keep") {
  const auto json = nlohmann::ordered_json::parse(train_options_json(TrainOptions()));
  std::string keys;
  for (const auto& [key, value] : json.items()) keys += key + " ";
  CHECK(keys ==
        "data ferplus ferplus-weight skip-bad-rows model image-size head pretrained preprocess freeze-epochs unfreeze "
        "backbone-lr layer-decay feature-cache epochs batch-size accumulate limit early-stop checkpoint-every "
        "rank-timeout max-time optimizer lr weight-decay schedule warmup-epochs clip-grad ema augment mixup cutmix "
        "label-smoothing teacher temperature teacher-weight class-weights validation seed seeds device threads "
        "precision layout save-dtype license ");
  CHECK(json.at("max-time") == "");
  CHECK(json.at("feature-cache") == "2G");
  CHECK(json.at("unfreeze") == "all");
  CHECK(json.at("validation") == "public");
}

TEST_CASE("a resumed run keeps its options, takes those that may change, and names them") {
  TrainOptions saved, now;
  saved.lr = 0.5, saved.epochs = 7, saved.max_time = {2, "h"}, saved.rank_timeout = 5;
  visit_train_options(now, [](const TrainOptionRow& /*row*/, auto& field) { make_other(field); });
  now.max_time = {};
  const TrainOptions nothing = resumed_options(saved, now, [](const std::string&) { return false; });
  CHECK(nothing.epochs == 7);
  CHECK(nothing.max_time == Duration());  // belongs to the part of the run that has ended
  CHECK(nothing.rank_timeout == now.rank_timeout);
  const TrainOptions all = resumed_options(saved, now, [](const std::string&) { return true; });
  CHECK(all.epochs == now.epochs);
  CHECK(all.data == now.data);
  CHECK(all.lr == 0.5);
  CHECK(all.out == saved.out);
  const std::string words = test::message_of<UsageError>([] { check_resumable(given_only("lr")); });
  CHECK(test::contains(words, "--lr: a resumed run keeps its own (only --epochs, "));
  for (const Described& one : described(now)) {
    CAPTURE(one.row.name);
    if (one.row.on_resume == OnResume::keep) {
      CHECK_THROWS_AS(check_resumable(given_only(one.row.name)), UsageError);
    } else {
      CHECK_NOTHROW(check_resumable(given_only(one.row.name)));
      if (one.row.in_config) CHECK(test::contains(words, "--" + one.row.name));
    }
  }
}

TEST_CASE("the page of the tool names every option") {
  const auto page = std::filesystem::path(std::getenv("AFFEKT_SOURCE")) / "docs/affekt-train.md";
  std::ostringstream text;
  text << std::ifstream(page).rdbuf();
  for (const Described& one : described(TrainOptions())) {
    CAPTURE(one.row.name);
    const std::regex name("--" + one.row.name + "([^a-z-]|$)");
    CHECK(std::regex_search(text.str(), name));
  }
}

TEST_CASE("a run folder without a config, or with a damaged one, is refused") {
  const TempFolder folder;
  CHECK_THROWS_AS(read_run_options(folder.path().string()), IoError);
  for (const char* text : {"", "[]", "{\"epochs\": \"many\"}", "{\"optimizer\": \"lion\"}",
                           "{\"unfreeze\": \"last:0\"}", "{\"max-time\": 90}", "{\"epochs\": 3"}) {
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
