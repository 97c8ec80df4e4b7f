#include "affekt/report/evaluation.h"

#include <cmath>
#include <limits>

#include "affekt/core/text.h"

namespace affekt {
namespace {

constexpr int kDecimals = 3;
constexpr double kPercent = 100;

using Score = double ClassScore::*;

double average(const ClassificationReport& report, Score score, bool weighted) {
  double sum = 0;
  double weights = 0;
  for (const ClassScore& entry : report.per_class) {
    if (std::isnan(entry.*score)) continue;
    const double weight = weighted ? static_cast<double>(entry.support) : 1;
    sum += weight * entry.*score;
    weights += weight;
  }
  return weights > 0 ? sum / weights : std::numeric_limits<double>::quiet_NaN();
}

Table empty_confusion_table() {
  Table table;
  table.columns.push_back({"truth \\ prediction", false});
  for (const std::string& name : emotion_names()) table.columns.push_back({name, true});
  return table;
}

}  // namespace

Table class_score_table(const ClassificationReport& report) {
  Table table;
  table.columns = {{"", false}, {"precision", true}, {"recall", true}, {"f1", true}, {"support", true}};
  for (const ClassScore& score : report.per_class) {
    table.rows.push_back({score.name, number_or(score.precision, kDecimals), number_or(score.recall, kDecimals),
                          number_or(score.f1, kDecimals), std::to_string(score.support)});
  }
  const std::string samples = std::to_string(report.samples);
  table.rows.push_back({"accuracy", "", "", number_or(report.accuracy, kDecimals), samples});
  for (const bool weighted : {false, true}) {
    table.rows.push_back({weighted ? "weighted avg" : "macro avg",
                          number_or(average(report, &ClassScore::precision, weighted), kDecimals),
                          number_or(average(report, &ClassScore::recall, weighted), kDecimals),
                          number_or(average(report, &ClassScore::f1, weighted), kDecimals), samples});
  }
  return table;
}

Table confusion_table(const ClassificationReport& report) {
  Table table = empty_confusion_table();
  for (std::size_t truth = 0; truth < kEmotionCount; ++truth) {
    std::vector<std::string> row = {emotion_names()[truth]};
    for (const std::size_t count : report.confusion[truth]) row.push_back(std::to_string(count));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table normalised_confusion_table(const ClassificationReport& report) {
  Table table = empty_confusion_table();
  const auto shares = normalised_confusion(report);
  for (std::size_t truth = 0; truth < kEmotionCount; ++truth) {
    std::vector<std::string> row = {emotion_names()[truth]};
    for (const double share : shares[truth]) row.push_back(number_or(kPercent * share, 1));
    table.rows.push_back(std::move(row));
  }
  return table;
}

HeatMap confusion_heat_map(const ClassificationReport& report) {
  HeatMap map;
  map.title = "Confusion matrix, share of each true class";
  map.row_label = "truth";
  map.column_label = "prediction";
  map.rows = emotion_names();
  map.columns = emotion_names();
  for (const auto& row : normalised_confusion(report)) map.values.insert(map.values.end(), row.begin(), row.end());
  return map;
}

}  // namespace affekt
