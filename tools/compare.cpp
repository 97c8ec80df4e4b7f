// affekt-compare: finished runs and model files side by side. This file parses, calls the library and reports.
#include <utility>
#include <vector>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/eval/evaluate.h"
#include "affekt/report/comparison.h"
#include "common/cli.h"
#include "common/dataset.h"
#include "common/result_folder.h"

namespace affekt::cli {
namespace {

struct Options {
  std::vector<std::string> inputs;
  std::vector<std::string> data;
  EvalSplit split = EvalSplit::private_test;
  DatasetOptions dataset;
  std::string out;
  bool force = false;
};

Json to_json(const Judgement& judged) {
  return {{"split", eval_split_name(judged.split)},
          {"samples", judged.samples},
          {"accuracy", judged.accuracy},
          {"macro_f1", judged.macro_f1},
          {"log_loss", judged.log_loss},
          {"images_per_second", judged.images_per_second}};
}

Json to_json(const ComparisonRow& row) {
  return {{"name", row.name},
          {"model", row.model},
          {"parameters", row.parameters},
          {"multiply_adds", row.multiply_adds},
          {"bytes", row.bytes},
          {"validation_accuracy", number_or_null(row.validation_accuracy)},
          {"private_accuracy", number_or_null(row.private_accuracy)},
          {"images_per_second", number_or_null(row.images_per_second)},
          {"seconds", number_or_null(row.seconds)},
          {"epochs_run", row.epochs_run < 0 ? Json(nullptr) : Json(row.epochs_run)},
          {"train_accuracy", number_or_null(row.train_accuracy)},
          {"seconds_per_epoch", number_or_null(row.seconds_per_epoch)},
          {"judged", row.judged ? to_json(*row.judged) : Json(nullptr)}};
}

/// Reads every input, naming those that fail. Returns the exit code so far.
int read_rows(const std::vector<std::string>& inputs, std::vector<ComparisonRow>& rows, Io& io) {
  int first_failure = 0;
  const auto failed = [&](int code, const Error& error) {
    io.error(error.what());
    if (first_failure == 0) first_failure = code;
  };
  std::vector<std::string> runs;
  for (const std::string& input : inputs) {
    for (std::string& run : runs_to_compare(input)) runs.push_back(std::move(run));
  }
  for (const std::string& run : runs) {
    try {
      rows.push_back(read_comparison_row(run));
    } catch (const DataError& error) {
      failed(kBadContent, error);
    } catch (const IoError& error) {
      failed(kNoFile, error);
    }
  }
  return first_failure != 0 && !rows.empty() ? kPartialFailure : first_failure;
}

Judgement judge(const std::string& model, const Dataset& data, const EvalOptions& options) {
  std::vector<ModelFile> models;
  models.push_back(ModelFile::open(resolve_model_path(model)));
  const EvalResult result = evaluate(models, data, options);
  const ClassificationReport& report = result.report;
  return {options.split, report.samples, report.accuracy, report.macro_f1, report.log_loss, result.images_per_second};
}

/// Judges every model on the rows of --data.
/// @returns false if one of them gives other answers than its file says.
bool judge_rows(const Tool& tool, const Options& o, std::vector<ComparisonRow>& rows, Io& io) {
  const Dataset data = open_datasets(o.data, o.dataset, io);
  EvalOptions options;
  options.split = o.split;
  options.compute.threads = tool.common.threads;
  bool all = true;
  for (ComparisonRow& row : rows) {
    io.note("judging " + row.name);
    try {
      row.judged = judge(row.name, data, options);
    } catch (const DataError& error) {
      io.error(error.what());
      all = false;
    }
  }
  return all;
}

int run(const Tool& tool, const Options& o, Io& io) {
  if (o.inputs.empty()) throw UsageError("nothing to compare; give run folders, model files or 'default'");
  if (o.data.empty() && tool.chosen("split")) throw UsageError("--split: needs --data, the faces to judge on");
  prepare_result_folder(o.out, o.force);
  std::vector<ComparisonRow> rows;
  int code = read_rows(o.inputs, rows, io);
  if (rows.empty()) return code;
  if (!o.data.empty() && !judge_rows(tool, o, rows, io)) code = kPartialFailure;
  Json result = tool.result();
  result["options"]["inputs"] = Json::array();
  for (const std::string& input : o.inputs) result["options"]["inputs"].push_back(to_utf8(input));
  result["rows"] = Json::array();
  for (const ComparisonRow& row : rows) result["rows"].push_back(to_json(row));
  const std::string json = result.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  std::vector<std::pair<std::string, std::string>> files = {{"comparison.csv", comparison_csv(rows)},
                                                            {"report.html", comparison_page(rows)}};
  const std::string curves = comparison_curves(rows);
  if (!curves.empty()) files.emplace_back("curves.svg", curves);
  files.emplace_back("report.json", json);
  write_result_files(o.out, files, io);
  io.out() << (tool.common.json ? json : table_text(comparison_table(rows)));
  return code;
}

}  // namespace
}  // namespace affekt::cli

int main(int argc, char** argv) {
  using namespace affekt::cli;
  Tool tool("compare", "Compare finished runs and model files: accuracy, size, speed, cost.");
  Options options;
  tool.positional("RUN_OR_MODEL", options.inputs,
                  "Run folder (of --seeds: each of its runs), model file or 'default'; in this order");
  tool.option("data", options.data, "Faces to judge every model on, as for affekt-eval; repeatable");
  tool.choice("split", options.split, affekt::eval_split_names(),
              "Rows of them to judge on; test is public and private");
  tool.flag("skip-bad-rows", options.dataset.skip_bad_rows, "Leave bad rows out, counted and named");
  tool.option("out", options.out, "Folder for report.json, report.html, comparison.csv and curves.svg");
  tool.flag("force", options.force, "Write into a folder that is not empty");
  tool.footer(
      "Example:\n  affekt-compare runs/a runs/b default\n  affekt-compare runs/a default --data fer2013.csv --split "
      "public");
  return tool.run(argc, argv, [&](Io& io) { return run(tool, options, io); });
}
