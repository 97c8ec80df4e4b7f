#include "train/run_report.h"

#include <utility>

#include "affekt/core/text.h"
#include "affekt/report/chart.h"
#include "affekt/report/html_page.h"
#include "train/teacher.h"

namespace affekt {
namespace {

std::string curves_svg(const std::vector<EpochStats>& history, const std::string& title, double EpochStats::*training,
                       double EpochStats::*validation) {
  Chart chart;
  chart.title = title;
  chart.x_label = "epoch";
  chart.y_label = title;
  chart.series = {{"training (augmented)", {}, {}, {}}, {"validation", {}, {}, {}}};
  for (const EpochStats& epoch : history) {
    for (ChartSeries& series : chart.series) series.x.push_back(epoch.epoch);
    chart.series[0].y.push_back(epoch.*training);
    chart.series[1].y.push_back(epoch.*validation);
  }
  return line_chart_svg(chart);
}

Table result_table(const TrainSummary& summary) {
  const auto accuracy = [&](double value) {
    return summary.best_epoch > 0 && value >= 0 ? format_fixed(value, 4) : std::string("n/a");
  };
  Table table;
  table.columns = {{"figure", false}, {"value", true}};
  table.rows = {
      {"network", summary.model},
      {"parameters", std::to_string(summary.parameters)},
      {"of them trained, at the end", std::to_string(summary.trainable_parameters)},
      {"multiply-adds a picture", std::to_string(summary.multiply_adds)},
      {"first weights", summary.pretrained.file.empty() ? "random" : summary.pretrained.file},
      {"teachers", summary.teachers.empty() ? "none" : teachers_text(summary.teachers)},
      {"best epoch", std::to_string(summary.best_epoch) + " of " + std::to_string(summary.epochs_run)},
      {"training accuracy, without augmentation", accuracy(summary.train_accuracy)},
      {"validation accuracy", accuracy(summary.validation_accuracy)},
      {"PrivateTest accuracy", accuracy(summary.private_accuracy)},
      {"training images per second", format_fixed(summary.images_per_second, 1)},
      {"seconds", format_fixed(summary.seconds, 0)},
      {"device", summary.device + ", " + std::to_string(summary.threads) +
                     (summary.threads == 1 ? " thread, " : " threads, ") + summary.precision},
      {"ended", summary.stopped},
  };
  return table;
}

Table source_table(const std::vector<SourceCount>& sources) {
  Table table;
  table.columns = {{"source", false}, {"weight", true}, {"rows", true}};
  for (const std::string& name : emotion_names()) table.columns.push_back({name, true});
  for (const SourceCount& source : sources) {
    std::vector<std::string> row = {source.path, format_shortest(source.weight), std::to_string(source.rows)};
    for (const std::int64_t count : source.classes) row.push_back(std::to_string(count));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table epoch_table(const std::vector<EpochStats>& history) {
  Table table;
  for (const char* name : {"epoch", "train loss", "train accuracy", "validation loss", "validation accuracy",
                           "learning rate", "seconds", "images per second"}) {
    table.columns.push_back({name, true});
  }
  for (const EpochStats& epoch : history) {
    table.rows.push_back({std::to_string(epoch.epoch), format_fixed(epoch.train_loss, 4),
                          format_fixed(epoch.train_accuracy, 4), format_fixed(epoch.validation_loss, 4),
                          format_fixed(epoch.validation_accuracy, 4), format_fixed(epoch.learning_rate, 6),
                          format_fixed(epoch.seconds, 1), format_fixed(epoch.images_per_second, 1)});
  }
  return table;
}

}  // namespace

std::string accuracy_curves_svg(const std::vector<EpochStats>& history) {
  return curves_svg(history, "accuracy", &EpochStats::train_accuracy, &EpochStats::validation_accuracy);
}

std::string loss_curves_svg(const std::vector<EpochStats>& history) {
  return curves_svg(history, "loss", &EpochStats::train_loss, &EpochStats::validation_loss);
}

std::string run_report_html(const TrainSummary& summary, const TrainOptions& options) {
  HtmlPage page("Training run: " + summary.model);
  page.table(result_table(summary));
  if (!summary.history.empty()) {
    page.heading("Curves");
    page.figure(accuracy_curves_svg(summary.history), "Training accuracy is that of the augmented batches.");
    page.figure(loss_curves_svg(summary.history), "The training loss includes label smoothing and weights.");
  }
  if (!summary.sources.empty()) page.heading("Training rows").table(source_table(summary.sources));
  page.heading("Epochs").table(epoch_table(summary.history));
  page.heading("Options").preformatted(train_options_json(options));
  return page.text();
}

}  // namespace affekt
