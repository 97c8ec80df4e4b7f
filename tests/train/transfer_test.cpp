// Fine-tuning on small data: what is frozen stays, and stopping, caching and resuming change nothing.
#include <functional>
#include <nlohmann/json.hpp>
#include <numeric>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/safetensors.h"
#include "affekt/model/model_file.h"
#include "nn/torch_network.h"
#include "support/catch.h"
#include "support/error_message.h"
#include "train/loss.h"
#include "train/small_run.h"
#include "train/start_weights.h"

using namespace affekt;
using namespace affekt::test;
namespace fs = std::filesystem;

namespace {

/// EfficientNet-B0 (BatchNorm, dropout, stochastic depth) on 32 x 32 pixels: the cheapest run with a real backbone.
TrainOptions small_b0(const TempFolder& folder, const std::string& name) {
  TrainOptions options = quick(folder, name);
  options.model = "efficientnet-b0";
  options.image_size = 32;
  options.augment = AugmentKind::none;
  options.save_dtype = SaveType::fp32;
  return options;
}

ModelFile best_of(const TrainOptions& options) { return ModelFile::open(fs::path(options.out) / "best.safetensors"); }

/// The tensors of the newest checkpoint: weights, averages, moments, sums.
std::string final_state(const TrainOptions& options) {
  std::string out;
  std::int64_t newest = -1;
  for (const char* slot : {"checkpoint-0.safetensors", "checkpoint-1.safetensors"}) {
    const fs::path path = fs::path(options.out) / "last" / slot;
    if (!fs::exists(path)) continue;
    const SafetensorsFile file = SafetensorsFile::open(path);
    const auto state = nlohmann::json::parse(file.metadata().at("state"));
    const std::int64_t steps = state.at("optimizer_steps").get<std::int64_t>();
    if (steps < newest) continue;
    newest = steps;
    out.clear();
    for (const TensorView& tensor : file.tensors()) {
      out += tensor.name + " " +
             digest_hex({reinterpret_cast<const char*>(tensor.data), static_cast<std::size_t>(tensor.bytes)}) + "\n";
    }
  }
  return out;
}

/// A finished run whose model others begin with.
TrainOptions first_run(const TempFolder& folder, const Dataset& data) {
  TrainOptions options = small_b0(folder, "first");
  options.epochs = 1;
  options.preprocess = "keras-tf";
  run_training(data, options);
  return options;
}

std::vector<std::string> differing_parameters(const ModelFile& a, const ModelFile& b) {
  std::vector<std::string> out;
  for (const ParameterSpec& spec : parameter_specs(a.network())) {
    if (to_float(a.parameter(spec.name)) != to_float(b.parameter(spec.name))) out.push_back(spec.name);
  }
  return out;
}

}  // namespace

TEST_CASE("without unfreezing only the head moves, and the card says where the weights came from") {
  const TempFolder folder;
  const Dataset data = squares(10, 7);
  const TrainOptions first = first_run(folder, data);
  TrainOptions second = small_b0(folder, "second");
  second.pretrained = first.out;
  second.unfreeze = {0};
  second.augment = AugmentKind::paper;
  second.ema = 0.9;
  const TrainSummary summary = run_training(data, second);
  const ModelFile before = best_of(first);
  const ModelFile after = best_of(second);
  CHECK(differing_parameters(before, after) == std::vector<std::string>{"head.output.weight", "head.output.bias"});
  CHECK(summary.trainable_parameters == 1280 * 7 + 7);
  CHECK(summary.pretrained.file == "best.safetensors");
  CHECK(summary.pretrained.digest.size() == 16);
  CHECK(summary.preprocessing == "keras-tf");
  CHECK(after.card().preprocessing.name == "keras-tf");
  CHECK(after.card().pretrained ==
        "best.safetensors (" + summary.pretrained.format + ", CRC-64 " + summary.pretrained.digest + ")");
  CHECK(after.card().training_options_json.find(folder.path().string()) == std::string::npos);
  CHECK(read_run_options(second.out).pretrained == first.out);

  second.out = (folder / "third").string();
  second.preprocess = "unit";
  second.ema = 0;
  second.epochs = 1;
  second.head = "flatten-64";
  CHECK(run_training(data, second).preprocessing == "unit");
  const ModelFile flat = best_of(second);
  CHECK(flat.card().head == "flatten-64");
  CHECK(flat.card().preprocessing.scale == Approx(1 / 255.0));
}

TEST_CASE("a part of the backbone stays as it was, statistics included") {
  const TempFolder folder;
  const Dataset data = squares(10, 7);
  TrainOptions options = small_b0(folder, "run");
  options.epochs = 1;
  options.unfreeze = {40};
  options.lr = 0.01;
  options.warmup_epochs = 0;
  const TrainSummary summary = run_training(data, options);
  const ModelFile file = best_of(options);
  TorchNetwork start(file.network(), at::kCPU);
  start.initialise(options.seed);
  const ParameterMap first = start.export_parameters();
  std::int64_t moved = 0;
  for (const ParameterSpec& spec : parameter_specs(file.network())) {
    CAPTURE(spec.name);
    const Node& node = file.network().nodes[static_cast<std::size_t>(spec.node)];
    const bool trained = node.layer < 0 || node.layer >= file.network().layers - 40;
    const std::vector<float> values = to_float(file.parameter(spec.name));
    CHECK((values != first.at(spec.name)) == trained);
    if (trained && spec.trainable) moved += static_cast<std::int64_t>(values.size());
  }
  CHECK(moved == summary.trainable_parameters);
  CHECK(moved < summary.parameters);
}

TEST_CASE("stopped frozen, at the border or thawed: the resumed run ends as the whole one does") {
  const TempFolder folder;
  const Dataset data = squares(18, 4);  // 5 steps an epoch; the backbone thaws after 10
  for (const bool cached : {true, false}) {
    TrainOptions whole = small_b0(folder, cached ? "cached" : "augmented");
    whole.epochs = 3;
    whole.freeze_epochs = 2;
    whole.unfreeze = {30};
    whole.layer_decay = 0.5;
    whole.ema = 0.9;
    whole.schedule = ScheduleKind::plateau;
    if (!cached) whole.augment = AugmentKind::light;
    run_training(data, whole);
    for (const int stop : {3, 10, 12}) {
      CAPTURE(cached, stop);
      TrainOptions part = whole;
      part.out += "-" + std::to_string(stop);
      int questions = cached ? -6 : -1;  // asked for each batch of features, too: 18 and 4 rows, or 4
      TrainObserver observer;
      observer.stop_requested = [&] { return ++questions == stop; };
      CHECK_THROWS_AS(run_training(data, part, observer), Interrupted);
      run_training(data, read_run_options(part.out));
      CHECK(metrics(part) == metrics(whole));
      CHECK(final_state(part) == final_state(whole));
      CHECK(differing_parameters(best_of(part), best_of(whole)).empty());
    }
  }
}

TEST_CASE("cached features give what computed ones give, in memory and in a file, pooled and not") {
  const TempFolder folder;
  const Dataset data = squares(18, 7);
  for (const char* head : {"gap", "flatten-64"}) {
    CAPTURE(head);
    std::vector<TrainSummary> summaries;
    for (const char* size : {"off", "2G", "0"}) {
      TrainOptions options = small_b0(folder, std::string(head) + size);
      options.image_size = 64;
      options.head = head;
      options.epochs = 3;
      options.freeze_epochs = 2;
      options.feature_cache = MemoryLimit::parse(size);
      summaries.push_back(run_training(data, options));
      const std::string log = read_text(fs::path(options.out) / "log.txt");
      CHECK((log.find("features of the training rows: ") != std::string::npos) == (std::string(size) != "off"));
      CHECK((log.find("in a file") != std::string::npos) == (std::string(size) == "0"));
    }
    for (std::size_t epoch = 0; epoch < 3; ++epoch) {
      const EpochStats& off = summaries[0].history[epoch];
      const EpochStats& memory = summaries[1].history[epoch];
      // After thawing, a backbone of random weights makes differences of rounding large.
      const double tolerance = epoch < 2 ? 1e-5 : 1e-2;
      CHECK(memory.train_loss == Approx(off.train_loss).epsilon(tolerance));
      CHECK(memory.validation_loss == Approx(off.validation_loss).epsilon(tolerance));
      CHECK(memory.train_loss == summaries[2].history[epoch].train_loss);
      CHECK(memory.validation_loss == summaries[2].history[epoch].validation_loss);
    }
  }
}

TEST_CASE("random weights of VGG16 are not fed pixels of Caffe's scale") {
  TrainOptions options;
  options.model = "vgg16";
  CHECK(read_start_weights(options).info.preprocessing.name == "imagenet");
  options.preprocess = "keras-caffe";
  CHECK(read_start_weights(options).info.preprocessing.name == "keras-caffe");
  options = {};
  CHECK(read_start_weights(options).info.preprocessing.name == "fer2013");
}

TEST_CASE("a classifier for pictures of another size brings no half a head") {
  TrainOptions options;
  options.model = "vgg16";
  options.head = "top";
  options.image_size = 32;
  NetworkOptions larger = network_options(options, "keras");
  larger.image_size = 64;
  StartWeights start;
  start.info.source = {"x.keras", "Keras 3 archive", "0"};
  start.weights.head = "top";
  for (const ParameterSpec& spec : parameter_specs(make_network("vgg16", larger))) {
    const auto count = std::accumulate(spec.shape.begin(), spec.shape.end(), std::int64_t{1}, std::multiplies<>());
    start.weights.parameters[spec.name].assign(static_cast<std::size_t>(count), 0.25F);
  }
  TorchNetwork network(make_network("vgg16", network_options(options, "keras")), at::kCPU);
  CHECK(contains(set_start_weights(network, start, 1), "; a new head"));
  const ParameterMap set = network.export_parameters();
  CHECK(set.at("features.0.weight").front() == 0.25F);
  CHECK(set.at("classifier.3.weight").front() != 0.25F);
}

TEST_CASE("a stop while features are computed is a stop, and going on needs no pretrained file") {
  const TempFolder folder;
  const Dataset data = squares(10, 7);
  const TrainOptions first = first_run(folder, data);
  TrainOptions options = small_b0(folder, "run");
  options.freeze_epochs = 1;
  options.pretrained = first.out;
  TrainObserver observer;
  observer.stop_requested = [] { return true; };
  CHECK_THROWS_AS(run_training(data, options, observer), Interrupted);
  fs::remove_all(first.out);
  const TrainSummary summary = run_training(data, read_run_options(options.out));
  CHECK(summary.epochs_run == 2);
  CHECK(summary.preprocessing == "keras-tf");
  CHECK(summary.pretrained.file == "best.safetensors");
  CHECK(best_of(options).card().preprocessing.scale == Approx(make_preprocessing("keras-tf").scale));
}

TEST_CASE("rows of a source with twice the weight count twice in the loss, and are counted by class") {
  Dataset data = squares(14, 7);
  data.sources[0].path = "fer.csv";
  Dataset own = squares(7, 0);
  own.sources[0].path = "my-faces";
  own.sources[0].weight = 2;
  data.append(std::move(own));
  const std::vector<std::size_t> rows = data.rows_of(Split::train);
  const std::vector<float> weights = row_weights(data, rows, ClassWeights::none);
  REQUIRE(weights.size() == 21);
  CHECK(weights.back() == Approx(2 * weights.front()));
  CHECK(std::accumulate(weights.begin(), weights.end(), 0.0F) == Approx(21));

  const TempFolder folder;
  TrainOptions options = quick(folder);
  options.epochs = 1;
  const TrainSummary weighted = run_training(data, options);
  REQUIRE(weighted.sources.size() == 2);
  CHECK(weighted.sources[0].rows == 14);
  CHECK(weighted.sources[1].path == "my-faces");
  CHECK(weighted.sources[1].weight == 2);
  CHECK(weighted.sources[1].classes == std::array<std::int64_t, kEmotionCount>{1, 1, 1, 1, 1, 1, 1});
  const auto json = nlohmann::json::parse(train_summary_json(weighted));
  CHECK(json.at("sources")[0].at("classes").at("happy") == 2);
  CHECK(json.at("pretrained").is_null());
  CHECK(json.at("multiply_adds").get<std::int64_t>() == 99755776);
  CHECK(json.at("groups")[0].at("trainable") == json.at("trainable_parameters"));
  const TrainSummary again = run_training(data, read_run_options(options.out));
  CHECK(again.already_finished);
  CHECK(train_summary_json(again) == train_summary_json(weighted));
  data.sources[1].weight = 1;
  options.out = (folder / "even").string();
  CHECK(run_training(data, options).history[0].train_loss != weighted.history[0].train_loss);
}

TEST_CASE("the options of fine-tuning are refused where they make no sense") {
  const TempFolder folder;
  TrainOptions good = small_b0(folder, "run");
  CHECK_NOTHROW(check_training(good));
  const auto refused = [&](const char* words, const std::function<void(TrainOptions&)>& change) {
    TrainOptions options = good;
    change(options);
    CAPTURE(words);
    CHECK_THROWS_AS(check_training(options), UsageError);
    CHECK_THROWS_WITH(check_training(options), Catch::Matchers::ContainsSubstring(words));
  };
  refused("freeze-epochs: 2 of 2 epochs", [](TrainOptions& o) { o.freeze_epochs = 2; });
  refused("last:9999 of the 238 layers", [](TrainOptions& o) { o.unfreeze = {9999}; });
  refused("unknown head 'gpa'", [](TrainOptions& o) { o.head = "gpa"; });
  refused("unknown preprocessing 'caffe'", [](TrainOptions& o) { o.preprocess = "caffe"; });
  refused("layer-decay: expected", [](TrainOptions& o) { o.layer_decay = 1.5; });
  for (const char* plain : {"compact", "basic-cnn"}) {
    refused("has no backbone", [&](TrainOptions& o) { o.model = plain, o.image_size = 0, o.freeze_epochs = 1; });
    refused("has no backbone", [&](TrainOptions& o) { o.model = plain, o.image_size = 0, o.unfreeze = {3}; });
  }
  good.pretrained = (folder / "missing.h5").string();
  CHECK_THROWS_AS(check_training(good), IoError);
  good.pretrained = "none";
  good.unfreeze = {0};
  good.freeze_epochs = 5;  // makes no difference
  CHECK_NOTHROW(check_training(good));
  CHECK(good.frozen_epochs() == 0);
}

TEST_CASE("a run that is stopped while BatchNorm is calibrated saves nothing that could be gone on with") {
  const TempFolder folder;
  const Dataset data = squares();
  TrainOptions options = quick(folder, "first");
  options.epochs = 1;
  run_training(data, options);
  const ModelFile model = best_of(options);
  ParameterMap folded;
  for (const ParameterSpec& spec : parameter_specs(model.network())) {
    folded[spec.name] = to_float(model.parameter(spec.name));
  }
  for (const Node& node : model.network().nodes) {
    if (node.op != Op::batch_norm) continue;
    for (float& value : folded.at(node.name + ".weight")) value = 1;
    for (float& value : folded.at(node.name + ".running_mean")) value = 0;
    for (float& value : folded.at(node.name + ".running_var")) value = 0.999F;
  }
  options.pretrained = (folder / "folded.safetensors").string();
  write_model(options.pretrained, model.card(), folded, model.self_tests(), DType::f32);
  options.out = (folder / "second").string();
  TrainObserver observer;
  observer.stop_requested = [] { return true; };
  std::string message;
  try {
    run_training(data, options, observer);
  } catch (const Interrupted& stopped) {
    message = stopped.what();
  }
  CHECK(message == "stopped before the first step, nothing is saved (train anew, with --force)");
  CHECK_THROWS_AS(run_training(data, read_run_options(options.out)), DataError);
  options.force = true;
  CHECK(run_training(data, options).epochs_run == 1);
  CHECK(read_text(options.out + "/log.txt").find("BatchNorm is folded away") != std::string::npos);
}
