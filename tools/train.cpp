// affekt-train: fits one emotion classifier. This file parses, calls the library and reports; it decides nothing.
#include <algorithm>
#include <array>
#include <cmath>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/model/architectures.h"
#include "affekt/train/augment_sheet.h"
#include "affekt/train/train_job.h"
#include "common/cli.h"
#include "common/dataset.h"
#include "common/result_folder.h"
#include "train_estimate.h"
#include "train_ranks.h"
#include "train_seeds.h"

namespace affekt::cli {
namespace {

void bind_run(Tool& tool, TrainOptions& o) {
  tool.option("data", o.data,
              "PATH[:weight=W]: fer2013.csv (.gz, .xz), a folder of class folders or a packed file; repeatable");
  tool.option("ferplus", o.ferplus, "Votes of FER+ (fer2013new.csv): soft labels for fer2013.csv");
  tool.option("ferplus-weight", o.ferplus_weight,
              "Share of FER+'s soft labels in the target; the rest is the hard label");
  tool.flag("skip-bad-rows", o.skip_bad_rows, "Leave bad rows out, counted and named");
  tool.option("model", o.model, "Network: " + join(network_names(), "|"));
  tool.option("image-size", o.image_size, "Side of the input; 0 = the network's own");
  tool.option("head", o.head, "What follows the backbone: default|gap|flatten-64|linear|top");
  tool.option("validation", o.validation, "Rows that select the weights: public, or split:F of the training rows");
  tool.option("limit", o.limit, "Training rows, stratified by class; 0 = all");
  tool.option("out", o.out, "Run folder; default runs/<model>-<UTC time>");
  tool.flag("force", o.force, "Overwrite a run folder that is not empty");
  tool.option("resume", o.resume,
              "Go on with a run folder (with --epochs, --threads, --device, --data, --teacher, --max-time)");
  tool.flag("dry-run", o.dry_run, "Train a few steps and tell what all would take, in time and memory; writes nothing");
  tool.option("seeds", o.seeds, "Runs with --seed and the numbers after it, each in OUT/seed-N; mean and deviation");
  tool.option("checkpoint-every", o.checkpoint_every, "Steps between checkpoints within an epoch; 0 = after epochs");
  tool.option("rank-timeout", o.rank_timeout, "Seconds of silence after which another rank counts as lost");
  tool.option("max-time", o.max_time, "Stop, saved and resumable, after 90s, 45m or 2h");
  tool.option("device", o.compute.device, "auto|cpu|cuda[:N]");
  tool.choice("precision", o.compute.precision, precision_names(), "Number format of convolutions");
  tool.choice("save-dtype", o.save_dtype, save_type_names(), "Number format of the model file");
  tool.option("license", o.license, "Licence of the weights, for the model card");
}

void bind_recipe(Tool& tool, TrainOptions& o) {
  tool.option("epochs", o.epochs, "Passes over the training rows");
  tool.option("batch-size", o.batch_size, "Rows in one batch");
  tool.option("accumulate", o.accumulate, "Batches in one step of the optimizer");
  tool.choice("optimizer", o.optimizer, optimizer_names(), "How the weights move");
  tool.option("lr", o.lr, "Highest learning rate; 0 = 0.05 for sgd, 0.001 for adam and adamw");
  tool.option("weight-decay", o.weight_decay, "On weights, never on biases and norms");
  tool.choice("schedule", o.schedule, schedule_names(), "How the learning rate changes");
  tool.option("warmup-epochs", o.warmup_epochs, "Epochs of rising learning rate, at most half of all");
  tool.choice("augment", o.augment, augment_names(), "Random changes of training faces");
  tool.option("mixup", o.mixup, "A of Beta(A, A) for blending faces and their labels; 0 = off");
  tool.option("cutmix", o.cutmix, "A of Beta(A, A) for pasting boxes of other faces; 0 = off");
  tool.option("teacher", o.teachers, "Model to learn from besides the labels: FILE, run folder or default; repeatable");
  tool.option("temperature", o.temperature, "Softens the teachers' and the network's answers alike");
  tool.option("teacher-weight", o.teacher_weight, "Share of the teachers in the loss; the rest is the labels'");
  tool.option("label-smoothing", o.label_smoothing, "Share of the target spread over all classes");
  tool.choice("class-weights", o.class_weights, class_weight_names(), "Weights of the classes in the loss");
  tool.option("early-stop", o.early_stop, "Stop after so many epochs without a better one; 0 = never");
  tool.option("ema", o.ema, "Decay of averaged weights, which are judged and saved; 0 = off");
  tool.option("clip-grad", o.clip_grad, "Largest norm of the gradient; 0 = no limit");
}

void bind_transfer(Tool& tool, TrainOptions& o) {
  tool.option("pretrained", o.pretrained, "First weights: FILE|imagenet|default|none");
  tool.option("preprocess", o.preprocess,
              "Input scaling keras-caffe|keras-tf|imagenet|unit; default: the weights' own");
  tool.option("freeze-epochs", o.freeze_epochs, "First epochs, in which the head alone is trained");
  tool.option("unfreeze", o.unfreeze, "Trained after them: all, none or last:N (Keras layers), and the head");
  tool.option("backbone-lr", o.backbone_lr, "Factor on the backbone's rate; 0 = 0.1 for pretrained weights, else 1");
  tool.option("layer-decay", o.layer_decay, "Further factor for each stage of the backbone going down; 1 = off");
  tool.option("feature-cache", o.feature_cache, "Memory for a frozen backbone's features, beyond a file; or off");
}

/// The options of the run to resume, with what may be changed.
TrainOptions resumed_options(const Tool& tool, const TrainOptions& given, Ranks* ranks) {
  const Json all = tool.options();
  for (const auto& [name, value] : all.items()) {
    static const std::array<const char*, 12> allowed = {"resume", "epochs",   "threads",      "device",
                                                        "data",   "max-time", "quiet",        "verbose",
                                                        "json",   "config",   "rank-timeout", "teacher"};
    const bool may = std::find(allowed.begin(), allowed.end(), name) != allowed.end();
    if (!may && tool.given(name)) {
      throw UsageError("--" + name +
                       ": a resumed run keeps its own (only --epochs, --threads, --device, --data, --max-time "
                       "and --rank-timeout may be changed; --teacher names the same files elsewhere)");
    }
  }
  TrainOptions options = run_options_of_first(given.resume, ranks);
  if (tool.given("epochs")) options.epochs = given.epochs;
  if (tool.given("threads")) options.compute.threads = tool.common.threads;
  if (tool.given("device")) options.compute.device = given.compute.device;
  if (tool.given("data")) options.data = given.data;
  if (tool.given("teacher")) options.teachers = given.teachers;
  options.max_time = given.max_time;
  options.rank_timeout = given.rank_timeout;
  return options;
}

Dataset open_training_data(const Tool& tool, const TrainOptions& options, Io& io) {
  try {
    return open_datasets(options.data, {options.skip_bad_rows, options.ferplus}, io);
  } catch (const IoError& error) {
    if (options.resume.empty() || tool.given("data")) throw;
    throw IoError(std::string(error.what()) +
                  " (the path is that of the run's start: resume in the folder it was started in, or say with --data "
                  "where its data are)");
  }
}

std::string clock_text(double seconds) {
  const long long s = std::llround(seconds);
  const auto two = [](long long n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return std::to_string(s / 3600) + ":" + two(s / 60 % 60) + ":" + two(s % 60);
}

TrainObserver observe(Io& io, const std::atomic<int>& signal) {
  TrainObserver observer;
  observer.progress = [&io](const TrainProgress& p) {
    const double done = (p.epoch - 1 + static_cast<double>(p.step) / static_cast<double>(p.steps)) / p.epochs;
    io.progress(done, "epoch " + std::to_string(p.epoch) + "/" + std::to_string(p.epochs) + " loss " +
                          format_fixed(p.loss, 3) + " accuracy " + format_fixed(p.accuracy, 3) + ", " +
                          format_fixed(p.images_per_second, 0) + " images/s, " + clock_text(p.seconds_left) + " left");
  };
  observer.log = [&io](const std::string& line) { io.note(line); };
  observer.warning = [&io](const std::string& line) { io.warn(line); };
  observer.stop_requested = [&signal] { return signal != 0; };
  observer.stop_signal = [&signal] { return signal.load(); };
  return observer;
}

/// "source               my-faces, weight 2: 120 rows (angry 20, disgust 3, ...)".
std::string source_line(const SourceCount& source) {
  std::vector<std::string> classes;
  for (std::size_t c = 0; c < kEmotionCount; ++c) {
    classes.push_back(emotion_names()[c] + " " + std::to_string(source.classes[c]));
  }
  return "source               " + printable(source.path) + ", weight " + format_shortest(source.weight) + ": " +
         std::to_string(source.rows) + (source.rows == 1 ? " row (" : " rows (") + join(classes, ", ") + ")\n";
}

/// Nothing is known of a run that was stopped in its first epoch, and not all of one that has not ended.
std::string figure(const TrainSummary& summary, double value, int digits) {
  return summary.best_epoch > 0 && value >= 0 ? format_fixed(value, digits) : "n/a";
}

void report(Io& io, const Tool& tool, const TrainOptions& options, const TrainSummary& summary) {
  if (tool.common.json) {
    Json result = tool.result();
    result["seed"] = options.seed;
    result["options"].update(Json::parse(train_options_json(options)));  // a resumed run has its own
    result.update(Json::parse(train_summary_json(summary)));
    io.out() << json_text(result) << '\n';
    return;
  }
  if (summary.already_finished) {
    io.note(std::string("this run has ended already") + (summary.stopped == "epochs" ? " (more --epochs go on)" : ""));
  }
  io.out() << "run                  " << printable(summary.run) << "\nbest epoch           " << summary.best_epoch
           << " of " << summary.epochs_run << " (" << summary.stopped << ")\ntrain accuracy       "
           << figure(summary, summary.train_accuracy, 4) << "\nvalidation accuracy  "
           << figure(summary, summary.validation_accuracy, 4) << '\n';
  if (summary.private_accuracy >= 0) {
    io.out() << "private accuracy     " << format_fixed(summary.private_accuracy, 4) << '\n';
  }
  if (summary.sources.size() > 1) {
    for (const SourceCount& source : summary.sources) io.out() << source_line(source);
  }
  io.out() << "images per second    " << figure(summary, summary.images_per_second, 1) << "\ntime                 "
           << clock_text(summary.seconds) << '\n';
}

/// No training: a picture of what training would see.
int show_augment(Io& io, const Tool& tool, const TrainOptions& options, const std::string& folder) {
  if (!options.resume.empty()) throw UsageError("--show-augment: not with --resume (name --data and the options)");
  options.validate();
  prepare_result_folder(folder, options.force, "--show-augment");
  const Dataset data = open_datasets(options.data, {options.skip_bad_rows, options.ferplus}, io);
  const AugmentSheet sheet = augment_sheet(data, options);
  const char* const name = "augment.png";
  write_result_files(folder, {{name, grey_png(sheet.picture)}}, io);
  const std::string file = folder + (folder.back() == '/' ? "" : "/") + name;
  if (tool.common.json) {
    Json result = tool.result();
    result["sheet"] = file;
    result["faces"] = sheet.faces;
    result["draws"] = sheet.draws;
    io.out() << json_text(result) << '\n';
    return 0;
  }
  io.out() << "sheet                " << printable(file) << "\nfaces                " << sheet.faces
           << ", each as it is and as the first " << sheet.draws << " epochs would see it\n";
  return 0;
}

int train(Io& io, const Tool& tool, TrainOptions options, const std::string& show_augment_in) {
  options.seed = tool.common.seed;
  options.compute.threads = tool.common.threads;
  if (!show_augment_in.empty()) return show_augment(io, tool, options, show_augment_in);
  const RankPlace place = place_of_process();
  if (options.resume.empty()) {
    check_training(options);
  } else {
    options.validate();
  }
  const std::atomic<int>& signal = catch_interrupts(/*in_company=*/!place.alone());
  return with_ranks(io, place, options.rank_timeout, signal, [&](Ranks* ranks) {
    if (!options.resume.empty()) options = resumed_options(tool, options, ranks);
    check_training(options);
    if ((options.seeds > 1 || options.dry_run) && !place.alone()) {
      throw UsageError(std::string(options.dry_run ? "dry-run" : "seeds") +
                       ": this is work for one process (leave out the other ranks)");
    }
    const Dataset data = open_training_data(tool, options, io);
    TrainObserver observer = observe(io, signal);
    if (place.rank > 0) observer.warning = nullptr;  // rank 0 says the same
    if (options.dry_run) return estimate(io, tool, data, options, observer);
    if (options.seeds > 1) return train_seeds(io, tool, data, options, observer);
    const TrainSummary summary = run_training(data, options, observer, ranks);
    if (place.rank == 0) report(io, tool, options, summary);
  });
}

}  // namespace
}  // namespace affekt::cli

int main(int argc, char** argv) {
  using namespace affekt;
  cli::Tool tool("train", "Train an emotion classifier on FER2013-style faces.");
  TrainOptions options;
  std::string show_augment_in;
  tool.enable_presets();
  cli::bind_run(tool, options);
  cli::bind_recipe(tool, options);
  cli::bind_transfer(tool, options);
  tool.option("show-augment", show_augment_in, "Write a picture of augmented faces into this folder; no training");
  tool.footer(
      "Examples:\n  affekt-train --data fer2013.csv --model compact\n"
      "  affekt-train --data fer2013.csv --preset paper-basic-cnn --out runs/paper\n"
      "  affekt-train --data fer2013.csv --model efficientnet-b0 --pretrained imagenet --freeze-epochs 2\n"
      "  affekt-train --data fer2013.csv --data my-faces:weight=2\n"
      "  affekt-train --resume runs/paper");
  return tool.run(argc, argv, [&](cli::Io& io) { return cli::train(io, tool, options, show_augment_in); });
}
