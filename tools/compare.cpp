// affekt-compare: finished runs and model files side by side. This file parses, calls the library and reports.
#include <cmath>
#include <filesystem>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/text.h"
#include "affekt/report/comparison.h"
#include "common/cli.h"

namespace affekt::cli {
namespace {

struct Options {
  std::vector<std::string> inputs;
  std::string out;
  bool force = false;
};

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json to_json(const ComparisonRow& row) {
  return {{"name", row.name},
          {"model", row.model},
          {"parameters", row.parameters},
          {"multiply_adds", row.multiply_adds},
          {"bytes", row.bytes},
          {"validation_accuracy", number(row.validation_accuracy)},
          {"private_accuracy", number(row.private_accuracy)},
          {"images_per_second", number(row.images_per_second)},
          {"seconds", number(row.seconds)},
          {"epochs_run", row.epochs_run < 0 ? Json(nullptr) : Json(row.epochs_run)}};
}

void prepare_folder(const Options& o) {
  if (o.out.empty()) return;
  std::error_code ignored;
  if (!o.force && std::filesystem::is_directory(o.out, ignored) && !std::filesystem::is_empty(o.out, ignored)) {
    throw UsageError("--out: the folder " + printable(o.out) + " is not empty (--force writes into it)");
  }
  ensure_writable_folder(o.out);
}

/// Reads every input, naming those that fail. Returns the exit code so far.
int read_rows(const std::vector<std::string>& inputs, std::vector<ComparisonRow>& rows, Io& io) {
  int first_failure = 0;
  const auto failed = [&](int code, const Error& error) {
    io.error(error.what());
    if (first_failure == 0) first_failure = code;
  };
  for (const std::string& input : inputs) {
    try {
      rows.push_back(read_comparison_row(input));
    } catch (const DataError& error) {
      failed(kBadContent, error);
    } catch (const IoError& error) {
      failed(kNoFile, error);
    }
  }
  return first_failure != 0 && !rows.empty() ? kPartialFailure : first_failure;
}

int run(const Tool& tool, const Options& o, Io& io) {
  if (o.inputs.empty()) throw UsageError("nothing to compare; give run folders, model files or 'default'");
  prepare_folder(o);
  std::vector<ComparisonRow> rows;
  const int code = read_rows(o.inputs, rows, io);
  if (rows.empty()) return code;
  Json result = tool.result();
  result["rows"] = Json::array();
  for (const ComparisonRow& row : rows) result["rows"].push_back(to_json(row));
  const std::string json = result.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  if (!o.out.empty()) {
    const std::filesystem::path folder = o.out;
    write_file(folder / "comparison.csv", comparison_csv(rows));
    write_file(folder / "report.html", comparison_page(rows));
    write_file(folder / "report.json", json);
    io.note("wrote " + printable(o.out) + ": report.json, report.html, comparison.csv");
  }
  io.out() << (tool.common.json ? json : table_text(comparison_table(rows)));
  return code;
}

}  // namespace
}  // namespace affekt::cli

int main(int argc, char** argv) {
  using namespace affekt::cli;
  Tool tool("compare", "Compare finished runs and model files: accuracy, size, speed, cost.");
  Options options;
  tool.positional("RUN_OR_MODEL", options.inputs, "Run folder, model file or 'default'; in this order in the table");
  tool.option("out", options.out, "Folder for report.json, report.html and comparison.csv");
  tool.flag("force", options.force, "Write into a folder that is not empty");
  tool.footer("Example:\n  affekt-compare runs/a runs/b default");
  return tool.run(argc, argv, [&](Io& io) { return run(tool, options, io); });
}
