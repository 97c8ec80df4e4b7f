#include <cmath>
#include <limits>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/run/train_summary.h"
#include "core/json.h"
#include "support/catch.h"
#include "support/error_message.h"
#include "support/temp_folder.h"

using namespace affekt;
using Catch::Matchers::ContainsSubstring;

namespace {

TrainSummary some_summary() {
  TrainSummary summary;
  summary.run = "runs/a";
  summary.model = "compact";
  summary.epochs_run = 7;
  summary.best_epoch = 5;
  summary.train_accuracy = 0.7;
  summary.validation_accuracy = 2.0 / 3;
  summary.parameters = 1211815;
  summary.groups = {{"head", 903, 903, 0.001}, {"backbone 1/32", 12, 0, 0}};
  summary.pretrained = {"w.h5", "Keras", "0123456789abcdef"};
  summary.teachers = {{"t.safetensors", "vgg16", "fedcba9876543210"}};
  summary.sources = {{"a.csv", 2, 21, {1, 2, 3, 4, 5, 6, 0}}};
  summary.stopped = "early-stop";
  return summary;
}

TrainSummary read_back(const std::string& text, TrainSummary unknown = {}) {
  const TempFolder folder;
  write_file(folder / "summary.json", text);
  return read_train_summary(folder / "summary.json", std::move(unknown));
}

}  // namespace

TEST_CASE("summary.json is read as it was written") {
  const std::string text = train_summary_json(some_summary());
  CHECK(train_summary_json(read_back(text)) == text);
  CHECK(train_summary_json(read_back(train_summary_json({}))) == train_summary_json({}));
}

TEST_CASE("what summary.json does not say stays as it was") {
  TrainSummary unknown;
  unknown.seconds = unknown.private_accuracy = std::numeric_limits<double>::quiet_NaN();
  unknown.epochs_run = -1;
  const TrainSummary read = read_back(R"({"private_accuracy": null, "later": [], "train_accuracy": 1})", unknown);
  CHECK(std::isnan(read.seconds));
  CHECK(std::isnan(read.private_accuracy));
  CHECK(read.epochs_run == -1);
  CHECK(read.train_accuracy == 1);
}

TEST_CASE("a damaged summary.json is refused with the key, and no number is too large to be read") {
  const auto refusal = [](const std::string& text) { return test::message_of<DataError>([&] { read_back(text); }); };
  CHECK_THAT(refusal(R"({"seconds": "long"})"),
             ContainsSubstring("summary.json: seconds: expected a number, found string"));
  CHECK_THAT(refusal(R"({"model": 3})"), ContainsSubstring("summary.json: model: expected a text, found number"));
  CHECK_THAT(refusal(R"({"sources": [{"path": 1}]})"), ContainsSubstring("damaged"));
  CHECK_THAT(refusal("[]"), ContainsSubstring("summary.json: expected an object, found array"));
  CHECK_FALSE(refusal("").empty());
  for (const char* number : {"1e300", "-1e300", "18446744073709551615", "-9223372036854775808", "2.5"}) {
    CAPTURE(number);
    read_back(std::string(R"({"epochs_run": )") + number + R"(, "parameters": )" + number + "}");
  }
  CHECK(read_back(R"({"epochs_run": 1e300})").epochs_run == std::numeric_limits<int>::max());
}

TEST_CASE("the summary of several seeds holds each run and how they scatter") {
  SeedSummary seeds;
  seeds.run = "runs/s";
  seeds.seeds = {1, 2};
  for (const double accuracy : {0.5, 0.75}) {
    seeds.runs.push_back(some_summary());
    seeds.runs.back().validation_accuracy = accuracy;
  }
  const Json json = parse_json_strict(seed_summary_json(seeds), "x");
  CHECK(json.at("validation_accuracy") == 0.625);
  CHECK(std::abs(json.at("validation_accuracy_sd").get<double>() - 0.125 * std::sqrt(2.0)) < 1e-12);
  CHECK(json.at("private_accuracy").is_null());
  REQUIRE(json.at("runs").size() == 2);
  CHECK(json.at("runs")[1].begin().key() == "seed");
  CHECK(json.at("runs")[1].at("seed") == 2);
  CHECK(json.at("runs")[0].at("model") == "compact");
}
