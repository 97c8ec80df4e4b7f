// Every knob of a training run. The defaults here are the ones the tool prints and the documentation names; what else
// there is to know of each is in train_option_table.h.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/nn/compute.h"
#include "affekt/train/option_values.h"

namespace affekt {

enum class OptimizerKind : std::uint8_t {
  sgd,    ///< Nesterov momentum 0.9.
  adam,   ///< Kingma & Ba, ICLR 2015; weight decay is added to the gradient.
  adamw,  ///< Loshchilov & Hutter, ICLR 2019: decoupled weight decay.
};
enum class ScheduleKind : std::uint8_t {
  constant,
  plateau,  ///< Keras' ReduceLROnPlateau: x 0.2 when the validation accuracy has not risen for 2 epochs.
  cosine,   ///< From the rate to 0 at the end of the last epoch, changed at every step.
  step,     ///< x 0.1 after half and after three quarters of the epochs.
};
enum class AugmentKind : std::uint8_t { none, light, paper, strong };
enum class ClassWeights : std::uint8_t { none, balanced };  ///< balanced: rows / (7 * rows of the class).
enum class SaveType : std::uint8_t { fp32, fp16 };

AFFEKT_API const std::vector<std::pair<std::string, OptimizerKind>>& optimizer_names();
AFFEKT_API const std::vector<std::pair<std::string, ScheduleKind>>& schedule_names();
AFFEKT_API const std::vector<std::pair<std::string, AugmentKind>>& augment_names();
AFFEKT_API const std::vector<std::pair<std::string, ClassWeights>>& class_weight_names();
AFFEKT_API const std::vector<std::pair<std::string, SaveType>>& save_type_names();

/// config.json and model cards list the options in the order of these fields, whatever the padding.
struct AFFEKT_API TrainOptions {  // NOLINT(clang-analyzer-optin.performance.Padding)
  /// Where the rows came from, as the user named it: kept in config.json so that a resumed run finds them again.
  std::vector<std::string> data;
  std::string ferplus;         ///< FER+ votes joined to the rows, or "".
  double ferplus_weight = 1;   ///< Share of soft labels in the target, the rest is the hard label.
  bool skip_bad_rows = false;  ///< How the rows were read.

  std::string model = "compact";  ///< Name for make_network().
  int image_size = 0;             ///< Side of the input; 0 = the network's own.
  std::string head = "default";   ///< What follows the backbone: one of network_info(model).heads.

  /// First weights: a file that read_pretrained() takes, a run folder, "imagenet", "default"; "none" = random ones.
  std::string pretrained = "none";
  std::string preprocess;  ///< Name for make_preprocessing(); "" = what belongs to the weights, or to the network.

  int freeze_epochs = 0;   ///< First epochs, in which the head alone is trained.
  Unfreeze unfreeze;       ///< What is trained after them, besides the head.
  double backbone_lr = 0;  ///< Factor on the learning rate of the backbone; 0 = 0.1 for pretrained weights, else 1.
  double layer_decay = 1;  ///< Further factor for each step down the stages of the backbone, (0, 1].
  MemoryLimit feature_cache{2, "G"};  ///< For the features of a frozen backbone; beyond, a file.

  int epochs = 30;         ///< Passes over the training rows, >= 1.
  int batch_size = 64;     ///< Rows in one batch, >= 2 (BatchNorm needs two).
  int accumulate = 1;      ///< Batches whose gradients make one step of the optimizer, >= 1.
  std::int64_t limit = 0;  ///< Training rows, stratified by class; 0 = all. Validation is never limited.
  int early_stop = 0;      ///< Stop after so many epochs without a better one; 0 = never.
  /// Steps of the optimizer between checkpoints within an epoch; 0 = only after epochs and at stops.
  std::int64_t checkpoint_every = 0;
  double rank_timeout = 60;  ///< Seconds of silence after which another rank counts as lost.
  Duration max_time;         ///< Stop, saved and resumable, after this time; none = never.

  OptimizerKind optimizer = OptimizerKind::adamw;
  double lr = 0;               ///< Highest learning rate; 0 = 0.05 for sgd, 0.001 for adam and adamw.
  double weight_decay = 0.01;  ///< On convolution and dense weights only, never on biases and norms.
  ScheduleKind schedule = ScheduleKind::cosine;
  int warmup_epochs = 1;  ///< The rate rises linearly from 0 over these, step by step, and again after freeze_epochs;
                          ///< at most half of the epochs on either side of that border.
  double clip_grad = 0;   ///< Largest L2 norm of the whole gradient; 0 = no limit.
  double ema = 0;         ///< Decay of averaged weights, evaluated and saved instead of the last ones; 0 = off.

  AugmentKind augment = AugmentKind::light;
  double mixup = 0;            ///< A of Beta(A, A), from which shares of blended faces are drawn; 0 = off.
  double cutmix = 0;           ///< Likewise for the areas of pasted boxes. With both, each face gets one of them.
  double label_smoothing = 0;  ///< Share of the target spread over all classes, [0, 1).

  /// Models to learn from besides the labels (knowledge distillation): files, run folders, "default".
  std::vector<std::string> teachers;
  double temperature = 4;       ///< Both sides' logits are divided by it before the softmax.
  double teacher_weight = 0.9;  ///< Share of the teachers in the loss; the rest is that of the labels.

  ClassWeights class_weights = ClassWeights::none;

  ValidationRows validation;  ///< Rows that select the weights.

  std::uint64_t seed = 42;
  int seeds = 1;  ///< For run_seeds(): runs with this and the following seeds.
  ComputeOptions compute{"auto", 0, Precision::automatic};
  Layout layout = Layout::automatic;
  SaveType save_dtype = SaveType::fp32;  ///< fp16 halves the file; all reported figures are of the rounded weights.

  std::string license;  ///< Licence of the weights, for the model card.

  std::string out;       ///< The run folder; "" = runs/<model>-<UTC time>.
  bool force = false;    ///< Overwrite a run folder that is not empty.
  bool dry_run = false;  ///< For the tool: estimate_training() instead of run_training(). Not in config.json.
  std::string resume;    ///< A run folder to go on with; its options are used.

  /// @throws UsageError naming the first bad field, its range and what was found.
  void validate() const;
  double effective_lr() const;  ///< lr, or the optimizer's own.
  int frozen_epochs() const;    ///< freeze_epochs, or 0 if nothing thaws after them.
  double effective_backbone_lr() const;
};

/// One flat JSON object whose keys are the flags of affekt-train: what config.json holds.
AFFEKT_API std::string train_options_json(const TrainOptions& options);

/// Reads what train_options_json() wrote. @param place  Of the text, for messages. @throws DataError.
AFFEKT_API TrainOptions parse_train_options(std::string_view text, const std::string& place);

/// The options of a run folder (its config.json), `out` and `resume` set to the folder.
/// @throws IoError  not a run folder. @throws DataError  damaged.
AFFEKT_API TrainOptions read_run_options(const std::string& folder);

/// What a resumed run does with an option is told by its row in train_option_table.h.
/// @param given  Is the option of this name given now?
/// @throws UsageError  one is given that a resumed run keeps.
AFFEKT_API void check_resumable(const std::function<bool(const std::string&)>& given);
/// The options of the run, and what of those given `now` a resumed run takes.
AFFEKT_API TrainOptions resumed_options(const TrainOptions& saved, const TrainOptions& now,
                                        const std::function<bool(const std::string&)>& given);

}  // namespace affekt
