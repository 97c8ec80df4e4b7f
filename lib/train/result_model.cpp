#include "train/result_model.h"

#include "affekt/core/text.h"
#include "affekt/core/version.h"
#include "nn/images.h"
#include "train/options.h"
#include "train/run_folder.h"

namespace affekt {
namespace {

/// Rows of different classes, spread over the training rows.
std::vector<std::size_t> self_test_rows(const Dataset& data, const std::vector<std::size_t>& rows) {
  std::vector<std::size_t> chosen{rows.front()};
  for (const std::size_t row : rows) {
    if (data.labels[row] != data.labels[chosen.front()]) {
      chosen.push_back(row);
      break;
    }
  }
  return chosen;
}

std::vector<SelfTest> make_self_tests(const TorchNetwork& network, const Preprocessing& preprocessing,
                                      const Dataset& data, const std::vector<std::size_t>& rows) {
  const at::NoGradGuard no_grad;
  const at::Tensor input =
      network_input(image_tensor(data, self_test_rows(data, rows), at::kCPU), preprocessing, network.table().input);
  std::vector<SelfTest> tests;
  for (std::int64_t i = 0; i < input.size(0); ++i) {
    const at::Tensor one = input.narrow(0, i, 1);
    const at::Tensor logits = network.forward(one, {}).contiguous();
    const at::Tensor planes = one.contiguous(at::MemoryFormat::Contiguous);
    const float* x = planes.data_ptr<float>();
    const float* y = logits.data_ptr<float>();
    tests.push_back({{x, x + planes.numel()}, {y, y + logits.numel()}});
  }
  return tests;
}

}  // namespace

void ResultModel::write(const std::filesystem::path& path) const {
  write_model(path, card, parameters, self_tests, dtype);
}

ModelCard result_card(const TrainSetup& setup, const TrainState& state) {
  const TrainOptions shown = without_folders(setup.options);
  const Network& table = state.network.table();
  const RunState& run = state.run;
  const PretrainedSource& source = run.start.source;
  ModelCard card;
  card.architecture = table.name;
  card.head = shown.head;
  card.variant = run.start.variant;
  if (!source.file.empty()) card.pretrained = source.file + " (" + source.format + ", CRC-64 " + source.digest + ")";
  card.teachers = teachers_text(setup.teachers.sources());
  card.image_size = table.input.height;
  card.channels = table.input.channels;
  card.classes = emotion_names();
  card.preprocessing = run.start.preprocessing;
  card.training_options_json = train_options_json(shown);
  card.seed = shown.seed;
  card.data = std::to_string(setup.rows.training.size()) + " training rows of " +
              (shown.data.empty() ? "a data set in memory" : join(shown.data, ", "));
  card.data_digest = run.data_digest;
  card.selection = "epoch " + std::to_string(run.best_epoch) + " of " + std::to_string(run.epoch) +
                   ": highest accuracy on " + setup.rows.selection + "; of equals, the lower loss";
  card.metrics["validation_accuracy"] = run.best.accuracy;
  card.metrics["validation_loss"] = run.best.loss;
  card.metrics["best_epoch"] = run.best_epoch;
  card.license = shown.license;
  card.created = utc_time();
  card.tool_version = version();
  return card;
}

ResultModel result_model(const TrainSetup& setup, const TrainState& state) {
  const Network& table = state.network.table();
  const bool half = setup.options.save_dtype == SaveType::fp16;
  ResultModel model;
  model.card = result_card(setup, state);
  model.parameters = state.judged().export_parameters();
  if (half) round_to_half(table, model.parameters);
  if (half) model.dtype = DType::f16;
  TorchNetwork saved(table, at::kCPU);
  saved.load(model.parameters);
  model.self_tests = make_self_tests(saved, state.run.start.preprocessing, setup.data, setup.rows.training);
  return model;
}

}  // namespace affekt
