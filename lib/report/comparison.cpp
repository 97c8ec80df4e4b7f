#include "affekt/report/comparison.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/text.h"
#include "affekt/model/model_file.h"
#include "core/json.h"

namespace affekt {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLargestSummary = std::size_t{1} << 20;
constexpr std::size_t kLargestMetrics = std::size_t{64} << 20;

void take_metric(const Metrics& metrics, const char* key, double& field) {
  const auto found = metrics.find(key);
  if (found != metrics.end() && std::isnan(field)) field = found->second;
}

void take_number(const Json& summary, const char* key, const std::string& place, double& field) {
  const auto found = summary.find(key);
  if (found == summary.end() || found->is_null()) return;
  if (!found->is_number()) throw DataError(place + ": " + key + ": expected a number, found " + found->type_name());
  field = found->get<double>();
}

void read_summary(const fs::path& path, ComparisonRow& row) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return;
  const InputFile file = InputFile::open(path, kLargestSummary);
  const std::string place = printable(path.string());
  const auto summary = parse_json_strict(file.bytes(), place);
  if (!summary.is_object()) throw DataError(place + ": expected an object, found " + summary.type_name());
  take_number(summary, "train_accuracy", place, row.train_accuracy);
  take_number(summary, "validation_accuracy", place, row.validation_accuracy);
  take_number(summary, "private_accuracy", place, row.private_accuracy);
  take_number(summary, "images_per_second", place, row.images_per_second);
  take_number(summary, "seconds", place, row.seconds);
  double epochs = -1;
  take_number(summary, "epochs_run", place, epochs);
  row.epochs_run = static_cast<std::int64_t>(std::clamp(epochs, -1.0, 1e9));
}

std::size_t column_of(const std::vector<std::string>& header, const char* name, const std::string& place) {
  const auto found = std::find(header.begin(), header.end(), name);
  if (found == header.end()) throw DataError(place + ":1: no column '" + name + "'");
  return static_cast<std::size_t>(found - header.begin());
}

double median(std::vector<double> values) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// metrics.csv is this program's own: numbers and commas, no quotes. A last line cut short by a crash is left out.
void read_curve(const fs::path& path, ComparisonRow& row) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return;
  const InputFile file = InputFile::open(path, kLargestMetrics);
  const std::string place = printable(path.string());
  std::string_view bytes = file.bytes();
  bytes = bytes.substr(0, bytes.find_last_of('\n') + 1);
  if (bytes.empty()) return;
  const std::vector<std::string> lines = split(bytes.substr(0, bytes.size() - 1), '\n');
  const std::vector<std::string> header = split(lines.front(), ',');
  const std::size_t epoch = column_of(header, "epoch", place);
  const std::size_t accuracy = column_of(header, "validation_accuracy", place);
  const auto spent = static_cast<std::size_t>(std::find(header.begin(), header.end(), "seconds") - header.begin());
  std::vector<double> seconds;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string> cells = split(lines[i], ',');
    if (cells.size() != header.size()) {
      throw DataError(place + ":" + std::to_string(i + 1) + ": expected " + std::to_string(header.size()) +
                      " cells, found " + std::to_string(cells.size()));
    }
    const auto x = parse_double(cells[epoch]);
    const auto y = parse_double(cells[accuracy]);
    if (!x) throw DataError(place + ":" + std::to_string(i + 1) + ": epoch: '" + printable(cells[epoch], 40) + "'");
    row.curve.x.push_back(*x);
    row.curve.y.push_back(y.value_or(std::numeric_limits<double>::quiet_NaN()));
    const auto z = spent < cells.size() ? parse_double(cells[spent]) : std::nullopt;
    if (z) seconds.push_back(*z);
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

Judgement unknown_judgement() {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  return {{}, 0, kUnknown, kUnknown, kUnknown, kUnknown};
}

}  // namespace

std::vector<std::string> runs_to_compare(const std::string& run_or_model) {
  std::error_code ignored;
  if (fs::exists(fs::path(run_or_model) / "best.safetensors", ignored)) return {run_or_model};
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
    read_summary(fs::path(run_or_model) / "summary.json", row);
    read_curve(fs::path(run_or_model) / "metrics.csv", row);
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
