#include <cmath>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/run/train_summary.h"
#include "support/catch.h"
#include "support/error_message.h"
#include "support/temp_folder.h"

using namespace affekt;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string refusal(const std::string& text) {
  const TempFolder folder;
  write_file(folder / "metrics.csv", text);
  return test::message_of<DataError>([&] { read_metrics(folder / "metrics.csv"); });
}

}  // namespace

TEST_CASE("metrics.csv is read as it was written") {
  const TempFolder folder;
  std::vector<EpochStats> history;
  for (int epoch = 1; epoch <= 3; ++epoch) {
    history.push_back({epoch, 1.0 / epoch, 0.1 * epoch, 0.3, std::nan(""), 1e-3 / epoch, 2.5, 100.5, 0.25});
  }
  history[0].validation_accuracy = 2.0 / 3;
  write_file(folder / "metrics.csv", metrics_csv(history));
  const std::vector<EpochStats> read = read_metrics(folder / "metrics.csv");
  REQUIRE(read.size() == history.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    CHECK(read[i].epoch == history[i].epoch);
    CHECK(read[i].train_loss == history[i].train_loss);
    CHECK(read[i].learning_rate == history[i].learning_rate);
    CHECK(read[i].seconds == history[i].seconds);
    CHECK(read[i].images_per_second == history[i].images_per_second);
    CHECK(read[i].data_share == history[i].data_share);
  }
  CHECK(read[0].validation_accuracy == 2.0 / 3);
  CHECK(std::isnan(read[1].validation_accuracy));
  CHECK(metrics_csv({}) ==
        "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,learning_rate,seconds,images_per_second,"
        "data_share\n");
  CHECK(metrics_csv({{1, 0.5, 0.25, 1, 0.125, 0.01, 2, 10, 0}}) ==
        metrics_csv({}) + "1,0.5,0.25,1,0.125,0.01,2.000,10.0,0.0000\n");
}

TEST_CASE("metrics.csv may lack columns and the end of its last line, no more") {
  const TempFolder folder;
  write_file(folder / "m.csv", "validation_accuracy,epoch\n0.5,1\n0.75,2\n0.7");
  const std::vector<EpochStats> read = read_metrics(folder / "m.csv");
  REQUIRE(read.size() == 2);
  CHECK(read[1].epoch == 2);
  CHECK(read[1].validation_accuracy == 0.75);
  CHECK(std::isnan(read[1].seconds));
  for (const char* text : {"", "epoch", "epoch,validation_accuracy\n"}) {
    CAPTURE(text);
    write_file(folder / "m.csv", text);
    CHECK(read_metrics(folder / "m.csv").empty());
  }
  CHECK_THAT(refusal("epoch,seconds\n1,2\n"), ContainsSubstring("metrics.csv:1: no column 'validation_accuracy'"));
  CHECK_THAT(refusal("epoch,validation_accuracy\n1,0.5,7\n"), ContainsSubstring(":2: expected 2 cells, found 3"));
  for (const char* epoch : {"one", "", "1.5", "-1", "99999999999"}) {
    CHECK_THAT(refusal(std::string("epoch,validation_accuracy\n") + epoch + ",0.5\n"),
               ContainsSubstring(":2: epoch: '" + std::string(epoch) + "'"));
  }
  CHECK_THROWS_AS(read_metrics(folder / "missing.csv"), IoError);
}
