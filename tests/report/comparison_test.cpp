#include "affekt/report/comparison.h"

#include <cmath>
#include <fstream>

#include "affekt/core/error.h"
#include "support/catch.h"
#include "support/crafted_model.h"
#include "support/temp_folder.h"

using namespace affekt;
using Catch::Matchers::ContainsSubstring;
namespace fs = std::filesystem;

namespace {

void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

struct Run {
  TempFolder folder;
  fs::path path = folder / "run";

  Run() {
    fs::create_directory(path);
    test::write_crafted_model(path / "best.safetensors", {}, {});
    write(
        path / "summary.json",
        R"({"model":"compact","train_accuracy":0.7,"validation_accuracy":0.61,"private_accuracy":null,"images_per_second":280.5,)"
        R"("seconds":1200,"epochs_run":3})");
    write(path / "metrics.csv",
          "epoch,train_loss,validation_accuracy,seconds\n1,1.5,0.4,30\n2,1.2,nan,10\n3,1.1,0.61,11\n4,1.");  // cut by a
                                                                                                             // crash
  }
  ComparisonRow row() const { return read_comparison_row(path.string()); }
  void refused(const std::string& words) const {
    try {
      row();
      FAIL_CHECK("accepted");
    } catch (const DataError& error) {
      CHECK_THAT(error.what(), ContainsSubstring(words));
    }
  }
};

}  // namespace

TEST_CASE("a run folder tells its summary, its model and its curve") {
  const Run run;
  const ComparisonRow row = read_comparison_row(run.path.string() + "/");
  CHECK(row.name == run.path.string());
  CHECK(row.model == "compact");
  CHECK(row.parameters == 1211815);
  CHECK(row.multiply_adds == 99755776);
  CHECK(row.bytes == static_cast<std::int64_t>(fs::file_size(run.path / "best.safetensors")));
  CHECK(row.validation_accuracy == 0.61);
  CHECK(std::isnan(row.private_accuracy));
  CHECK(row.images_per_second == 280.5);
  CHECK(row.seconds == 1200);
  CHECK(row.train_accuracy == 0.7);
  CHECK(row.seconds_per_epoch == 11);
  CHECK_FALSE(row.judged);
  CHECK(row.epochs_run == 3);
  CHECK(row.curve.x == std::vector<double>{1, 2, 3});
  CHECK(row.curve.y[0] == 0.4);
  CHECK(std::isnan(row.curve.y[1]));
}

TEST_CASE("a model file and an unfinished run tell what the card knows") {
  const Run run;
  fs::remove(run.path / "summary.json");
  fs::remove(run.path / "metrics.csv");
  for (const fs::path& path : {run.path, run.path / "best.safetensors"}) {
    const ComparisonRow row = read_comparison_row(path.string());
    CHECK(row.validation_accuracy == 0.5);
    CHECK(std::isnan(row.seconds));
    CHECK(row.epochs_run == -1);
    CHECK(std::isnan(row.seconds_per_epoch));
    CHECK(row.curve.x.empty());
  }
}

TEST_CASE("damaged run files are refused with their place") {
  const Run run;
  write(run.path / "summary.json", R"({"seconds":"long"})");
  run.refused("summary.json: seconds: expected a number, found string");
  write(run.path / "summary.json", "[]");
  run.refused("summary.json: expected an object");
  write(run.path / "summary.json", "{");
  run.refused("summary.json");
  fs::remove(run.path / "summary.json");
  write(run.path / "metrics.csv", "epoch,validation_accuracy\n1,0.5,7\n");
  run.refused("metrics.csv:2: expected 2 cells, found 3");
  write(run.path / "metrics.csv", "epoch,accuracy\n1,0.5\n");
  run.refused("metrics.csv:1: no column 'validation_accuracy'");
  write(run.path / "metrics.csv", "epoch,validation_accuracy\none,0.5\n");
  run.refused("metrics.csv:2: epoch: 'one'");
  write(run.path / "metrics.csv", "");
  CHECK(run.row().curve.x.empty());
  fs::remove(run.path / "best.safetensors");
  CHECK_THROWS_AS(run.row(), IoError);
}

TEST_CASE("tables for people and for programs") {
  const Run run;
  const std::vector<ComparisonRow> rows = {run.row(), read_comparison_row((run.path / "best.safetensors").string())};
  const std::string text = table_text(comparison_table(rows));
  for (const char* words : {"99.8", "61.00", "20.0 min", "n/a", "50.00"}) CHECK_THAT(text, ContainsSubstring(words));
  const std::string csv = comparison_csv(rows);
  CHECK_THAT(csv,
             ContainsSubstring("name,model,parameters,multiply_adds,bytes,validation_accuracy,private_accuracy,"
                               "images_per_second,seconds,epochs_run,train_accuracy,seconds_per_epoch,judged_split"));
  CHECK_THAT(csv, ContainsSubstring(",0.61,,280.5,1200,3,0.7,11,,,,,,\n") && ContainsSubstring(",0.5,,,,,,,,,,,,\n"));
  CHECK(text.find("here") == std::string::npos);
  std::vector<ComparisonRow> judged = rows;
  judged[0].judged = Judgement{EvalSplit::public_test, 40, 0.625, 0.5, 1.25, 1000};
  CHECK_THAT(table_text(comparison_table(judged)),
             ContainsSubstring("public here %") && ContainsSubstring("62.50") && ContainsSubstring("0.500"));
  CHECK_THAT(comparison_csv(judged), ContainsSubstring(",public,40,0.625,0.5,1.25,1000\n"));
  const std::string curves = comparison_curves(rows);
  CHECK_THAT(curves, ContainsSubstring("<svg") && ContainsSubstring("Validation accuracy"));
  CHECK(comparison_curves({rows[1]}).empty());
  const std::string page = comparison_page(rows);
  CHECK_THAT(page, ContainsSubstring(curves));
  CHECK_THAT(page, ContainsSubstring("Validation accuracy") && ContainsSubstring("(validation)") &&
                       ContainsSubstring("Accuracy and cost"));
}
