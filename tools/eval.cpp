// affekt-eval: judges one model, or several as an ensemble. This file parses, calls the library and reports.
#include <filesystem>
#include <numeric>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/text.h"
#include "affekt/eval/evaluate.h"
#include "affekt/model/onnx.h"
#include "common/cli.h"
#include "common/dataset.h"
#include "common/result_folder.h"
#include "eval_output.h"

namespace affekt::cli {
namespace {

struct Options {
  std::vector<std::string> models = {"default"};
  std::vector<std::string> data;
  DatasetOptions dataset;
  EvalOptions eval;
  std::string out;
  bool force = false;
  std::string export_onnx;
};

void bind(Tool& tool, Options& o) {
  tool.option("model", o.models, "Model file, run folder or 'default'; several are an ensemble [default]");
  tool.option("data", o.data, "fer2013.csv (.gz, .xz), a folder of class folders or a packed file; repeatable");
  tool.choice("split", o.eval.split, eval_split_names(), "Rows to judge; test is public and private");
  tool.choice("tta", o.eval.tta, tta_names(), "Views of a face to average over");
  tool.option("out", o.out, "Folder for report.json, report.html and predictions.csv");
  tool.flag("force", o.force, "Write into a folder that is not empty");
  tool.option("batch-size", o.eval.batch_size, "Faces in one pass");
  tool.flag("skip-bad-rows", o.dataset.skip_bad_rows, "Leave bad rows out, counted and named");
  tool.choice("engine", o.eval.engine, engine_names(), "What computes: oneDNN on the CPU, or LibTorch");
  tool.option("device", o.eval.compute.device, "auto|cpu|cuda[:N]");
  tool.choice("precision", o.eval.compute.precision, precision_names(), "Number format of convolutions");
  tool.option("export-onnx", o.export_onnx, "Write the model as this .onnx file; judging needs --data, this does not");
  tool.footer(
      "Examples:\n  affekt-eval --data fer2013.csv --split private\n"
      "  affekt-eval --model runs/a --model runs/b --data fer2013.csv --tta flip --out judged\n"
      "  affekt-eval --model runs/a --export-onnx a.onnx");
}

std::string tta_name(TestTimeAugmentation tta) {
  for (const auto& [name, value] : tta_names()) {
    if (value == tta) return name;
  }
  return {};
}

/// Before any work is done.
void check_export(const Tool& tool, const Options& o) {
  if (o.models.size() > 1) {
    throw UsageError("export-onnx: takes one model, found " + std::to_string(o.models.size()) +
                     " (export them one by one)");
  }
  if (lower_ascii(std::filesystem::path(o.export_onnx).extension().string()) != ".onnx") {
    throw UsageError("export-onnx: '" + printable(o.export_onnx) + "' does not end in .onnx");
  }
  if (!o.data.empty()) return;
  for (const char* name :
       {"split", "tta", "out", "force", "batch-size", "skip-bad-rows", "engine", "device", "precision"}) {
    if (tool.chosen(name)) throw UsageError(std::string(name) + ": needs --data, the faces to judge");
  }
}

/// Writes the file, adds it to the result, and says what it is.
std::string export_model(const ModelFile& model, const std::string& file, Json& result) {
  const std::uint64_t bytes = write_onnx(file, model);
  result["onnx"] = {{"file", to_utf8(file)}, {"bytes", bytes}, {"operator_set", kOnnxOperatorSet}};
  return printable(file) + ": " + model.card().architecture + ", " + std::to_string(count_parameters(model.network())) +
         " parameters, " + std::to_string(bytes) + " bytes, ONNX operator set " + std::to_string(kOnnxOperatorSet);
}

int run(Tool& tool, Options& o, Io& io) {
  o.eval.compute.threads = tool.common.threads;
  o.eval.validate();
  const bool exporting = !o.export_onnx.empty();
  if (exporting) check_export(tool, o);
  if (o.data.empty() && !exporting) throw UsageError("--data: nothing to judge; give a dataset");
  std::vector<ModelFile> models;
  for (const std::string& model : o.models) models.push_back(ModelFile::open(resolve_model_path(model)));
  Json result = tool.result();
  add_models_json(models, result);
  if (o.data.empty()) {
    const std::string said = export_model(models.front(), o.export_onnx, result);
    io.out() << (tool.common.json ? json_text(result) : said) << '\n';
    return 0;
  }
  prepare_result_folder(o.out, o.force);
  if (exporting) check_writable_file(o.export_onnx);
  const Dataset data = open_datasets(o.data, o.dataset, io);
  if (exporting) io.note("wrote " + export_model(models.front(), o.export_onnx, result));
  const std::atomic<int>& signal = catch_interrupts();
  o.eval.stop_requested = [&signal] { return signal != 0; };
  o.eval.progress = [&io](std::size_t done, std::size_t total) {
    io.progress(static_cast<double>(done) / static_cast<double>(total),
                std::to_string(done) + " of " + std::to_string(total) + " passes");
  };
  const EvalResult evaluation = evaluate(models, data, o.eval);
  io.end_progress();
  const std::size_t skipped =
      std::accumulate(data.sources.begin(), data.sources.end(), std::size_t{0},
                      [](std::size_t sum, const DataSource& source) { return sum + source.skipped; });
  const EvalSubject subject{models, eval_split_name(o.eval.split), tta_name(o.eval.tta), skipped};
  add_eval_json(subject, evaluation, result);
  const std::string json = result.dump(tool.common.json ? -1 : 2, ' ', false, Json::error_handler_t::replace) + "\n";
  if (!o.out.empty()) {
    write_result_files(o.out,
                       {{"predictions.csv", predictions_csv(data, evaluation)},
                        {"report.html", eval_page(subject, evaluation)},
                        {"report.json", json}},
                       io);
  }
  io.out() << (tool.common.json ? json : eval_text(subject, evaluation));
  return 0;
}

}  // namespace
}  // namespace affekt::cli

int main(int argc, char** argv) {
  using namespace affekt::cli;
  Tool tool("eval", "Judge one model, or several as an ensemble, over labelled faces.");
  Options options;
  bind(tool, options);
  return tool.run(argc, argv, [&](Io& io) { return run(tool, options, io); });
}
