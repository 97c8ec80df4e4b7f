// Data parallel training with real processes on the loopback interface: the same result as alone.
#include <cmath>

#include "affekt/model/model_file.h"
#include "rank_fixture.h"

using namespace affekt;
using namespace affekt::test;

namespace {

/// The largest difference of any weight of two runs' results.
double difference(const std::string& run, const std::string& other) {
  const ModelFile a = ModelFile::open(run + "/best.safetensors");
  const ModelFile b = ModelFile::open(other + "/best.safetensors");
  double largest = 0;
  for (const ParameterSpec& spec : parameter_specs(a.network())) {
    const std::vector<float> x = to_float(a.parameter(spec.name));
    const std::vector<float> y = to_float(b.parameter(spec.name));
    REQUIRE(x.size() == y.size());
    for (std::size_t i = 0; i < x.size(); ++i) largest = std::max(largest, std::abs(double{x[i]} - double{y[i]}));
  }
  return largest;
}

double accuracy_of(const std::string& run) {
  return Json::parse(read_text(run + "/summary.json")).at("validation_accuracy");
}

}  // namespace

TEST_CASE("without BatchNorm and dropout two and four ranks end with the weights of one") {
  const RankFixture f;
  write_packed(f.data, squares(28, 7));
  const auto vgg = [&](const std::string& name, const char* batch, const char* accumulate) {
    // 28 rows in steps of 16: the last one has 12, not as many as two ranks at 8 or four at 2 x 2 take.
    return std::vector<std::string>{"--model",      "vgg16",    "--image-size", "32",       "--head",       "linear",
                                    "--augment",    "light",    "--epochs",     "1",        "--optimizer",  "sgd",
                                    "--lr",         "0.01",     "--schedule",   "constant", "--batch-size", batch,
                                    "--accumulate", accumulate, "--out",        f.run(name)};
  };
  REQUIRE(f.alone(vgg("one", "16", "1")).exit_code == 0);
  check_all_good(f.together(2, vgg("two", "8", "1")));
  check_all_good(f.together(4, vgg("four", "2", "2")));
  CHECK(difference(f.run("one"), f.run("two")) < 1e-5);
  CHECK(difference(f.run("one"), f.run("four")) < 1e-5);
  // That the weights moved at all: another order of rows leads elsewhere.
  std::vector<std::string> other = vgg("other", "16", "1");
  other.insert(other.end(), {"--class-weights", "balanced", "--label-smoothing", "0.2"});
  REQUIRE(f.alone(other).exit_code == 0);
  CHECK(difference(f.run("one"), f.run("other")) > 1e-4);
}

TEST_CASE("networks with BatchNorm and dropout learn the same with two ranks") {
  const RankFixture f;
  const auto compact = [&](const std::string& name, const char* batch) {
    return std::vector<std::string>{"--model", "compact",   "--augment",    "none",  "--epochs",
                                    "5",       "--lr",      "0.003",        "--ema", "0.9",
                                    "--out",   f.run(name), "--batch-size", batch,   "--json"};
  };
  REQUIRE(f.alone(compact("one", "14")).exit_code == 0);
  const auto results = f.together(2, compact("two", "7"));
  check_all_good(results);
  CHECK(Json::parse(results[0].out).at("ranks") == 2);
  CHECK(accuracy_of(f.run("one")) > 0.9);
  CHECK(accuracy_of(f.run("two")) > 0.9);
}

TEST_CASE("four ranks and a last step of five rows: two ranks sit it out, nobody hangs") {
  const RankFixture f;
  const auto results = f.together(4, {"--limit", "37", "--batch-size", "8", "--epochs", "2", "--out", f.run("run")});
  check_all_good(results);
  CHECK(Json::parse(read_text(f.run("run") + "/summary.json")).at("epochs_run") == 2);
}

TEST_CASE("max-time is up for all ranks at once, and the run goes on") {
  const RankFixture f;
  const auto summary = [&] { return Json::parse(read_text(f.run("run") + "/summary.json")); };
  check_all_good(
      f.together(2, {"--epochs", "100000", "--batch-size", "7", "--max-time", "0.5s", "--out", f.run("run")}));
  CHECK(summary().at("stopped") == "max-time");
  const int more = summary().at("epochs_run").get<int>() + 1;
  const std::vector<std::string> resume = {"--resume",           f.run("run"), "--epochs",
                                           std::to_string(more), "--threads",  "1"};
  check_all_good(RankJob("affekt-train", 2, resume).wait());
  CHECK(summary().at("epochs_run") == more);
}
