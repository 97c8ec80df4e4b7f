#include "affekt/report/comparison.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/model/model_file.h"
#include "affekt/run/run_paths.h"
#include "affekt/run/train_summary.h"

namespace affekt {
namespace fs = std::filesystem;
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

void take_metric(const Metrics& metrics, const char* key, double& field) {
  const auto found = metrics.find(key);
  if (found != metrics.end() && std::isnan(field)) field = found->second;
}

void read_summary(const fs::path& path, ComparisonRow& row) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return;
  TrainSummary unknown;
  unknown.epochs_run = -1;
  unknown.train_accuracy = unknown.validation_accuracy = unknown.private_accuracy = kUnknown;
  unknown.images_per_second = unknown.seconds = kUnknown;
  const TrainSummary summary = read_train_summary(path, unknown);
  row.train_accuracy = summary.train_accuracy;
  row.validation_accuracy = summary.validation_accuracy;
  row.private_accuracy = summary.private_accuracy;
  row.images_per_second = summary.images_per_second;
  row.seconds = summary.seconds;
  row.epochs_run = summary.epochs_run;
}

double median(std::vector<double> values) {
  if (values.empty()) return kUnknown;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

void read_curve(const fs::path& path, ComparisonRow& row) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return;
  std::vector<double> seconds;
  for (const EpochStats& epoch : read_metrics(path)) {
    row.curve.x.push_back(epoch.epoch);
    row.curve.y.push_back(epoch.validation_accuracy);
    if (!std::isnan(epoch.seconds)) seconds.push_back(epoch.seconds);
  }
  row.seconds_per_epoch = median(std::move(seconds));
}

double percent(double fraction) { return 100 * fraction; }

std::string count_or(std::int64_t count, const std::string& missing) {
  return count < 0 ? missing : std::to_string(count);
}

std::string duration(double seconds) {
  if (std::isnan(seconds)) return "n/a";
  constexpr double kMinute = 60;
  constexpr double kHour = 3600;
  if (seconds < kMinute) return format_fixed(seconds, 1) + " s";
  return seconds < kHour ? format_fixed(seconds / kMinute, 1) + " min" : format_fixed(seconds / kHour, 1) + " h";
}

std::string judged_split(const ComparisonRow& row) { return row.judged ? eval_split_name(row.judged->split) : ""; }

Judgement unknown_judgement() { return {{}, 0, kUnknown, kUnknown, kUnknown, kUnknown}; }

}  // namespace

std::vector<std::string> runs_to_compare(const std::string& run_or_model) {
  std::error_code ignored;
  if (fs::exists(RunPaths{run_or_model}.best(), ignored)) return {run_or_model};
  std::vector<std::string> runs;
  for (const fs::path& run : seed_runs_in(run_or_model)) runs.push_back(run.string());
  return runs.empty() ? std::vector<std::string>{run_or_model} : runs;
}

ComparisonRow read_comparison_row(const std::string& run_or_model) {
  const fs::path file = resolve_model_path(run_or_model);
  const ModelFile model = ModelFile::open(file);
  ComparisonRow row;
  row.name = run_or_model;
  while (row.name.size() > 1 && row.name.back() == '/') row.name.pop_back();
  row.model = model.card().architecture;
  row.parameters = count_parameters(model.network());
  row.multiply_adds = count_multiply_adds(model.network());
  row.bytes = static_cast<std::int64_t>(model.file_bytes());
  row.curve.name = row.name;
  std::error_code ignored;
  if (fs::is_directory(run_or_model, ignored)) {
    const RunPaths run{run_or_model};
    read_summary(run.summary(), row);
    read_curve(run.metrics(), row);
  }
  const Metrics& metrics = model.card().metrics;
  take_metric(metrics, "train_accuracy", row.train_accuracy);
  take_metric(metrics, "validation_accuracy", row.validation_accuracy);
  take_metric(metrics, "private_accuracy", row.private_accuracy);
  return row;
}

Table comparison_table(const std::vector<ComparisonRow>& rows) {
  constexpr double kMillion = 1e6;
  Table table;
  table.columns = {{"name"},        {"model"},         {"parameters", true},   {"M mult-adds", true},
                   {"MB", true},    {"train %", true}, {"validation %", true}, {"private %", true},
                   {"img/s", true}, {"epoch", true},   {"training", true}};
  const auto judged = std::find_if(rows.begin(), rows.end(), [](const ComparisonRow& row) { return row.judged; });
  if (judged != rows.end()) {
    for (const char* what : {" here %", " here F1", " here img/s"}) {
      table.columns.push_back({judged_split(*judged) + what, true});
    }
  }
  for (const ComparisonRow& row : rows) {
    table.rows.push_back({row.name, row.model, std::to_string(row.parameters),
                          format_fixed(static_cast<double>(row.multiply_adds) / kMillion, 1),
                          format_fixed(static_cast<double>(row.bytes) / kMillion, 2),
                          number_or(percent(row.train_accuracy), 2), number_or(percent(row.validation_accuracy), 2),
                          number_or(percent(row.private_accuracy), 2), number_or(row.images_per_second, 0),
                          duration(row.seconds_per_epoch), duration(row.seconds)});
    if (judged == rows.end()) continue;
    const Judgement judgement = row.judged.value_or(unknown_judgement());
    for (const std::string& cell : {number_or(percent(judgement.accuracy), 2), number_or(judgement.macro_f1, 3),
                                    number_or(judgement.images_per_second, 0)}) {
      table.rows.back().push_back(cell);
    }
  }
  return table;
}

std::string comparison_csv(const std::vector<ComparisonRow>& rows) {
  const auto number = [](double value) { return std::isnan(value) ? std::string() : format_shortest(value); };
  Table table;
  for (const char* name :
       {"name", "model", "parameters", "multiply_adds", "bytes", "validation_accuracy", "private_accuracy",
        "images_per_second", "seconds", "epochs_run", "train_accuracy", "seconds_per_epoch", "judged_split",
        "judged_samples", "judged_accuracy", "judged_macro_f1", "judged_log_loss", "judged_images_per_second"}) {
    table.columns.push_back({name});
  }
  for (const ComparisonRow& row : rows) {
    const Judgement judged = row.judged.value_or(unknown_judgement());
    table.rows.push_back({row.name, row.model, std::to_string(row.parameters), std::to_string(row.multiply_adds),
                          std::to_string(row.bytes), number(row.validation_accuracy), number(row.private_accuracy),
                          number(row.images_per_second), number(row.seconds), count_or(row.epochs_run, ""),
                          number(row.train_accuracy), number(row.seconds_per_epoch), judged_split(row),
                          row.judged ? std::to_string(judged.samples) : "", number(judged.accuracy),
                          number(judged.macro_f1), number(judged.log_loss), number(judged.images_per_second)});
  }
  return table_csv(table);
}

}  // namespace affekt
