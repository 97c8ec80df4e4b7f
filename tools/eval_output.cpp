#include "eval_output.h"

#include "affekt/core/text.h"
#include "affekt/report/evaluation.h"
#include "affekt/report/html_page.h"
#include "common/result_folder.h"

namespace affekt::cli {
namespace {

constexpr int kDecimals = 4;

std::string title(const EvalSubject& subject, const EvalResult& evaluation) {
  std::vector<std::string> names;
  for (const ModelFile& model : subject.models) {
    names.push_back(model.card().architecture + " (" + printable(model.path().string()) + ")");
  }
  return join(names, " + ") + (names.size() > 1 ? ", ensemble" : "") + ", split " + subject.split +
         (subject.tta == "none" ? "" : ", tta " + subject.tta) + ", " + std::to_string(evaluation.report.samples) +
         (evaluation.report.samples == 1 ? " face" : " faces");
}

Table figure_table(const EvalSubject& subject, const EvalResult& evaluation) {
  const ClassificationReport& report = evaluation.report;
  Table table;
  table.columns = {{"figure", false}, {"value", true}, {"", false}};
  table.rows.push_back({"accuracy", number_or(report.accuracy, kDecimals), ""});
  if (evaluation.leaks_known) {
    table.rows.push_back(
        {"accuracy without leaked faces", number_or(evaluation.accuracy_without_leaked, kDecimals),
         std::to_string(evaluation.leaked) +
             (evaluation.leaked == 1 ? " face also occurs in Training" : " faces also occur in Training")});
  }
  table.rows.push_back({"balanced accuracy", number_or(report.balanced_accuracy, kDecimals), "mean recall"});
  table.rows.push_back({"top-2 accuracy", number_or(report.top2_accuracy, kDecimals), ""});
  table.rows.push_back({"macro F1", number_or(report.macro_f1, kDecimals), ""});
  table.rows.push_back({"log loss", number_or(report.log_loss, kDecimals), "nats"});
  table.rows.push_back({"calibration error", number_or(report.ece, kDecimals), "15 bins of equal width"});
  table.rows.push_back({"faces per second", number_or(evaluation.images_per_second, 0), ""});
  if (subject.skipped > 0) table.rows.push_back({"skipped", std::to_string(subject.skipped), "bad rows of the data"});
  return table;
}

/// The table without its header line.
std::string body_text(const Table& table) {
  const std::string text = table_text(table);
  return text.substr(text.find('\n') + 1);
}

}  // namespace

void add_models_json(const std::vector<ModelFile>& models, Json& result) {
  result["models"] = Json::array();
  for (const ModelFile& model : models) {
    result["models"].push_back({{"file", model.path().string()},
                                {"architecture", model.card().architecture},
                                {"parameters", count_parameters(model.network())}});
  }
}

void add_eval_json(const EvalSubject& subject, const EvalResult& evaluation, Json& result) {
  const ClassificationReport& report = evaluation.report;
  result["split"] = subject.split;
  result["tta"] = subject.tta;
  for (const auto& [name, kind] : engine_names()) {
    if (kind == evaluation.engine) result["engine"] = name;
  }
  result["samples"] = report.samples;
  result["skipped"] = subject.skipped;
  result["accuracy"] = number_or_null(report.accuracy);
  result["balanced_accuracy"] = number_or_null(report.balanced_accuracy);
  result["top2_accuracy"] = number_or_null(report.top2_accuracy);
  result["macro_f1"] = number_or_null(report.macro_f1);
  result["log_loss"] = number_or_null(report.log_loss);
  result["ece"] = number_or_null(report.ece);
  result["classes"] = emotion_names();
  result["confusion"] = report.confusion;
  Json per_class = Json::array();
  for (const ClassScore& score : report.per_class) {
    per_class.push_back({{"name", score.name},
                         {"precision", number_or_null(score.precision)},
                         {"recall", number_or_null(score.recall)},
                         {"f1", number_or_null(score.f1)},
                         {"support", score.support}});
  }
  result["per_class"] = per_class;
  result["leaked"] = evaluation.leaks_known ? Json(evaluation.leaked) : Json(nullptr);
  result["accuracy_without_leaked"] = number_or_null(evaluation.accuracy_without_leaked);
  result["images_per_second"] = number_or_null(evaluation.images_per_second);
}

std::string eval_text(const EvalSubject& subject, const EvalResult& evaluation) {
  return title(subject, evaluation) + "\n\n" + table_text(class_score_table(evaluation.report)) + "\n" +
         body_text(figure_table(subject, evaluation)) + "\nConfusion matrix, faces\n" +
         table_text(confusion_table(evaluation.report)) + "\nConfusion matrix, percent of each true class\n" +
         table_text(normalised_confusion_table(evaluation.report));
}

std::string eval_page(const EvalSubject& subject, const EvalResult& evaluation) {
  HtmlPage page("Evaluation: " + subject.split + " split");
  page.paragraph(title(subject, evaluation));
  page.heading("Figures").table(figure_table(subject, evaluation));
  page.heading("Classes").table(class_score_table(evaluation.report));
  page.heading("Confusion matrix")
      .figure(heat_map_svg(confusion_heat_map(evaluation.report)),
              "Each row sums to one: where the faces of a class went.")
      .table(confusion_table(evaluation.report));
  for (const ModelFile& model : subject.models) {
    page.heading("Model card: " + printable(model.path().filename().string()))
        .preformatted(Json::parse(card_json(model.card())).dump(2));
  }
  return page.text();
}

std::string predictions_csv(const Dataset& data, const EvalResult& evaluation) {
  Table table;
  table.columns = {{"source"}, {"name"}, {"split"}, {"label"}, {"prediction"}, {"confidence"}};
  for (const std::string& name : emotion_names()) table.columns.push_back({name});
  constexpr int kProbabilityDecimals = 6;
  for (std::size_t i = 0; i < evaluation.rows.size(); ++i) {
    const std::size_t row = evaluation.rows[i];
    const double* p = evaluation.probabilities.data() + i * kEmotionCount;
    const std::size_t best = likeliest_class(p);
    std::vector<std::string> cells = {
        data.sources[data.source[row]].path, data.names[row],       split_name(data.splits[row]),
        emotion_names()[data.labels[row]],   emotion_names()[best], format_fixed(p[best], kProbabilityDecimals)};
    for (std::size_t c = 0; c < kEmotionCount; ++c) cells.push_back(format_fixed(p[c], kProbabilityDecimals));
    table.rows.push_back(std::move(cells));
  }
  return table_csv(table);
}

}  // namespace affekt::cli
