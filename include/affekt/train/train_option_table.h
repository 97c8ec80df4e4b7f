// Every option of a training described once: what the command line, config.json, checks, resuming, ranks and model
// cards know of it. A new option is a field of TrainOptions and a row here.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "affekt/core/text.h"
#include "affekt/model/architectures.h"
#include "affekt/train/train_options.h"

namespace affekt {

/// Whose value a resumed run takes.
enum class OnResume : std::uint8_t {
  keep,   ///< The run's own: giving another is an error.
  given,  ///< The run's own, unless one is given.
  anew,   ///< The one given or the default: it belongs to each part of the run.
};

struct TrainOptionRow {
  std::string name;  ///< The flag without dashes, and the key of config.json.
  std::string help;  ///< One line; "" for what every tool has.
  double least = -HUGE_VAL, most = HUGE_VAL;
  std::string range;  ///< In words, for messages: "1 to 1000"; "" = any value, or checked otherwise.
  OnResume on_resume = OnResume::keep;
  bool in_config = true;  ///< In config.json and the model card. Others are about the run folder.
  bool own = false;       ///< May differ between the ranks of a run.
  bool is_path = false;   ///< Its text is UTF-8 (config.json is), and the card has it without folders.

  TrainOptionRow(std::string flag, std::string line = "") : name(std::move(flag)), help(std::move(line)) {}
  TrainOptionRow& in(double low, double high, const char* words) {
    least = low, most = high, range = words;
    return *this;
  }
  TrainOptionRow& resumes(OnResume what) {
    on_resume = what;
    return *this;
  }
  TrainOptionRow& of_folder() {
    in_config = false;
    return *this;
  }
  TrainOptionRow& of_rank() {
    own = true;
    return *this;
  }
  TrainOptionRow& path() {
    is_path = true;
    return *this;
  }
};

inline const auto& names_of(OptimizerKind /*kind*/) { return optimizer_names(); }
inline const auto& names_of(ScheduleKind /*kind*/) { return schedule_names(); }
inline const auto& names_of(AugmentKind /*kind*/) { return augment_names(); }
inline const auto& names_of(ClassWeights /*kind*/) { return class_weight_names(); }
inline const auto& names_of(Precision /*kind*/) { return precision_names(); }
inline const auto& names_of(Layout /*kind*/) { return layout_names(); }
inline const auto& names_of(SaveType /*kind*/) { return save_type_names(); }

/// The parts of the table, in the order of --help.
template <typename Options, typename Visitor>
void visit_run_options(Options& o, Visitor&& visit) {
  constexpr double kAny = HUGE_VAL;
  using Row = TrainOptionRow;
  visit(Row("seed"), o.seed);
  visit(Row("threads").resumes(OnResume::given).of_rank(), o.compute.threads);
  visit(Row("data", "PATH[:weight=W]: fer2013.csv (.gz, .xz), a folder of class folders or a packed file; repeatable")
            .resumes(OnResume::given)
            .of_rank()
            .path(),
        o.data);
  visit(Row("ferplus", "Votes of FER+ (fer2013new.csv): soft labels for fer2013.csv").of_rank().path(), o.ferplus);
  visit(
      Row("ferplus-weight", "Share of FER+'s soft labels in the target; the rest is the hard label").in(0, 1, "0 to 1"),
      o.ferplus_weight);
  visit(Row("skip-bad-rows", "Leave bad rows out, counted and named"), o.skip_bad_rows);
  visit(Row("model", "Network: " + join(network_names(), "|")), o.model);
  visit(Row("image-size", "Side of the input; 0 = the network's own").in(0, 4096, "0 (the network's own) to 4096"),
        o.image_size);
  visit(Row("head", "What follows the backbone: default|gap|flatten-64|linear|top"), o.head);
  visit(Row("validation", "Rows that select the weights: public, or split:F of the training rows"), o.validation);
  visit(Row("limit", "Training rows, stratified by class; 0 = all").in(0, kAny, "0 (all rows) or more"), o.limit);
  visit(Row("out", "Run folder; default runs/<model>-<UTC time>").of_folder(), o.out);
  visit(Row("force", "Overwrite a run folder that is not empty").of_folder(), o.force);
  visit(Row("resume", "Go on with a run folder (with --epochs, --threads, --device, --data, --teacher, --max-time)")
            .resumes(OnResume::given)
            .of_folder(),
        o.resume);
  visit(
      Row("dry-run", "Train a few steps and tell what all would take, in time and memory; writes nothing").of_folder(),
      o.dry_run);
  visit(Row("seeds", "Runs with --seed and the numbers after it, each in OUT/seed-N; mean and deviation")
            .in(1, 1000, "1 to 1000"),
        o.seeds);
  visit(Row("checkpoint-every", "Steps between checkpoints within an epoch; 0 = after epochs")
            .in(0, kAny, "0 (after epochs only) or more steps"),
        o.checkpoint_every);
  visit(Row("rank-timeout", "Seconds of silence after which another rank counts as lost")
            .in(1, 86400, "1 to 86400 seconds")
            .resumes(OnResume::anew)
            .of_rank(),
        o.rank_timeout);
  visit(Row("max-time", "Stop, saved and resumable, after 90s, 45m or 2h").resumes(OnResume::anew).of_rank(),
        o.max_time);
  visit(Row("device", "auto|cpu|cuda[:N]").resumes(OnResume::given).of_rank(), o.compute.device);
  visit(Row("precision", "Number format of convolutions"), o.compute.precision);
  visit(Row("layout", "Order of activations in memory on a CPU"), o.layout);
  visit(Row("save-dtype", "Number format of the model file"), o.save_dtype);
  visit(Row("license", "Licence of the weights, for the model card").of_rank(), o.license);
}

template <typename Options, typename Visitor>
void visit_recipe_options(Options& o, Visitor&& visit) {
  constexpr double kAny = HUGE_VAL, kMany = 1e6, kBelowOne = 1.0 - 1e-12;
  using Row = TrainOptionRow;
  visit(Row("epochs", "Passes over the training rows").in(1, kMany, "1 to 1000000").resumes(OnResume::given), o.epochs);
  visit(Row("batch-size", "Rows in one batch").in(2, kMany, "2 (BatchNorm needs two rows) to 1000000"), o.batch_size);
  visit(Row("accumulate", "Batches in one step of the optimizer").in(1, kMany, "1 (off) to 1000000"), o.accumulate);
  visit(Row("optimizer", "How the weights move"), o.optimizer);
  visit(Row("lr", "Highest learning rate; 0 = 0.05 for sgd, 0.001 for adam and adamw")
            .in(0, 1000, "0 (the optimizer's own) to 1000"),
        o.lr);
  visit(Row("weight-decay", "On weights, never on biases and norms").in(0, 1000, "0 to 1000"), o.weight_decay);
  visit(Row("schedule", "How the learning rate changes"), o.schedule);
  visit(Row("warmup-epochs", "Epochs of rising learning rate, at most half of all").in(0, kMany, "0 or more"),
        o.warmup_epochs);
  visit(Row("augment", "Random changes of training faces"), o.augment);
  visit(Row("mixup", "A of Beta(A, A) for blending faces and their labels; 0 = off").in(0, 100, "0 (off) to 100"),
        o.mixup);
  visit(Row("cutmix", "A of Beta(A, A) for pasting boxes of other faces; 0 = off").in(0, 100, "0 (off) to 100"),
        o.cutmix);
  visit(Row("teacher", "Model to learn from besides the labels: FILE, run folder or default; repeatable")
            .resumes(OnResume::given)
            .path(),
        o.teachers);
  visit(Row("temperature", "Softens the teachers' and the network's answers alike").in(0.1, 100, "0.1 to 100"),
        o.temperature);
  visit(Row("teacher-weight", "Share of the teachers in the loss; the rest is the labels'").in(0, 1, "0 to 1"),
        o.teacher_weight);
  visit(Row("label-smoothing", "Share of the target spread over all classes").in(0, kBelowOne, "0 or more and below 1"),
        o.label_smoothing);
  visit(Row("class-weights", "Weights of the classes in the loss"), o.class_weights);
  visit(
      Row("early-stop", "Stop after so many epochs without a better one; 0 = never").in(0, kMany, "0 (never) or more"),
      o.early_stop);
  visit(Row("ema", "Decay of averaged weights, which are judged and saved; 0 = off")
            .in(0, kBelowOne, "0 (off) or a decay below 1"),
        o.ema);
  visit(Row("clip-grad", "Largest norm of the gradient; 0 = no limit").in(0, kAny, "0 (off) or more"), o.clip_grad);
}

template <typename Options, typename Visitor>
void visit_transfer_options(Options& o, Visitor&& visit) {
  constexpr double kMany = 1e6;
  using Row = TrainOptionRow;
  visit(Row("pretrained", "First weights: FILE|imagenet|default|none").of_rank().path(), o.pretrained);
  visit(Row("preprocess", "Input scaling keras-caffe|keras-tf|imagenet|unit; default: the weights' own"), o.preprocess);
  visit(Row("freeze-epochs", "First epochs, in which the head alone is trained").in(0, kMany, "0 or more"),
        o.freeze_epochs);
  visit(Row("unfreeze", "Trained after them: all, none or last:N (Keras layers), and the head"), o.unfreeze);
  visit(Row("backbone-lr", "Factor on the backbone's rate; 0 = 0.1 for pretrained weights, else 1")
            .in(0, 1000, "0 (0.1 for pretrained weights, else 1) to 1000"),
        o.backbone_lr);
  visit(Row("layer-decay", "Further factor for each stage of the backbone going down; 1 = off")
            .in(1e-6, 1, "above 0, at most 1 (off)"),
        o.layer_decay);
  visit(Row("feature-cache", "Memory for a frozen backbone's features, beyond a file; or off").of_rank(),
        o.feature_cache);
}

/// Calls visit(row, field) for every option, in the order of --help. A field is a bool, a number, a text, a list of
/// texts, an enum with names_of(), or a value with parse() and text().
/// @param o  TrainOptions, const or not.
template <typename Options, typename Visitor>
void visit_train_options(Options& o, Visitor&& visit) {
  visit_run_options(o, visit);
  visit_recipe_options(o, visit);
  visit_transfer_options(o, visit);
}

}  // namespace affekt
