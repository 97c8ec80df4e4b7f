// Training of one network on a data set, from first weights to the model file.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/data/dataset.h"
#include "affekt/train/ranks.h"
#include "affekt/train/train_options.h"

namespace affekt {

/// One finished epoch, a row of metrics.csv. Accuracies are fractions.
struct EpochStats {
  int epoch = 0;               ///< From 1.
  double train_loss = 0;       ///< Mean over the epoch's augmented batches, smoothing and weights included.
  double train_accuracy = 0;   ///< The same way: while the weights move, on augmented faces.
  double validation_loss = 0;  ///< Plain cross-entropy, no smoothing, no weights.
  double validation_accuracy = 0;
  double learning_rate = 0;      ///< At the last step of the epoch.
  double seconds = 0;            ///< Training pass, validation and saving.
  double images_per_second = 0;  ///< Of the training pass.
  double data_share = 0;         ///< Fraction of the pass spent until its batches were ready: gathered and augmented.
};

struct TrainProgress {
  int epoch = 0, epochs = 0;         ///< The running epoch, from 1.
  std::int64_t step = 0, steps = 0;  ///< Within the epoch.
  double loss = 0, accuracy = 0;     ///< Running means of the epoch.
  double images_per_second = 0;
  double seconds_left = 0;  ///< Estimate for the whole run.
};

/// How a caller watches and stops a run. Called on the training thread; each may be empty.
struct TrainObserver {
  std::function<void(const EpochStats&)> epoch;
  std::function<void(const TrainProgress&)> progress;
  std::function<void(const std::string&)> log;      ///< One line, also written to log.txt.
  std::function<void(const std::string&)> warning;  ///< Likewise: what went wrong and is dealt with. Empty: `log`.
  std::function<bool()> stop_requested;             ///< Asked after every step.
  std::function<int()> stop_signal;                 ///< The signal that asked, for the other ranks. Empty: SIGINT.
};

/// A part of the network that is trained at one rate.
struct ParameterGroup {
  std::string name;             ///< "head", "backbone 1/32" (what is computed at 1/32 of the picture's side), ...
  std::int64_t parameters = 0;  ///< As Keras counts: with BatchNorm's statistics.
  std::int64_t trainable = 0;   ///< Of them, those that move.
  double lr = 0;                ///< The highest rate they move at; 0 if none does.
};

/// A source of training rows.
struct SourceCount {
  std::string path;
  double weight = 1;                                  ///< Of each of its rows in the loss.
  std::int64_t rows = 0;                              ///< Rows trained on.
  std::array<std::int64_t, kEmotionCount> classes{};  ///< Of them, rows of each class.
};

/// Where the first weights came from.
struct PretrainedSource {
  std::string file;    ///< Name without folders; "" = random weights.
  std::string format;  ///< As in PretrainedWeights.
  std::string digest;  ///< CRC-64 of the file, as digest_hex().
};

/// A model whose answers the network learned from.
struct TeacherSource {
  std::string file;    ///< Name without folders.
  std::string model;   ///< Name of its network.
  std::string digest;  ///< CRC-64 of the file, as digest_hex().
};

struct TrainSummary {
  std::string run;    ///< The run folder.
  std::string model;  ///< Name of the network.
  int epochs_run = 0;
  int best_epoch = 0;  ///< 0 if no epoch was finished.
  /// Of the saved weights on the training rows, without augmentation; -1 = not judged, as after max-time.
  double train_accuracy = -1;
  double validation_accuracy = 0;  ///< Of the saved weights.
  double validation_loss = 0;
  double private_accuracy = -1;  ///< Of the saved weights on PrivateTest, looked at once, after the end; -1 = not.
  std::int64_t parameters = 0;   ///< As Keras counts: with BatchNorm's statistics.
  std::int64_t trainable_parameters = 0;  ///< After unfreezing.
  std::int64_t multiply_adds = 0;         ///< Of one picture, as count_multiply_adds().
  std::vector<ParameterGroup> groups;     ///< After unfreezing.
  PretrainedSource pretrained;
  std::vector<TeacherSource> teachers;
  std::string preprocessing;  ///< Name of what turns pixels into input.
  std::vector<SourceCount> sources;
  std::int64_t training_rows = 0, validation_rows = 0;
  double images_per_second = 0;   ///< Training passes only; of the epochs after unfreezing, if there are any.
  double seconds = 0;             ///< All of it, over all resumed parts.
  std::string precision, device;  ///< What was used: fp32 or bf16, cpu or cuda:N.
  int threads = 0;                ///< What was used.
  int ranks = 1;                  ///< Processes that trained together.
  double lr_factor = 1;           ///< Of the learning rate at the end: halved whenever the loss diverged.
  std::string stopped;            ///< "epochs", "early-stop" or "max-time".
  bool already_finished = false;  ///< Resumed a run that had ended: nothing was done.
  std::vector<EpochStats> history;
};

/// The fields of the train result of affekt-train as a flat JSON object: what summary.json holds.
AFFEKT_API std::string train_summary_json(const TrainSummary& summary);

/// Everything about the options that can be refused without the data: ranges, names, whether the network can be frozen
/// as asked, whether the pretrained file is there.
/// @throws UsageError, IoError.
AFFEKT_API void check_training(const TrainOptions& options);

/// The options of the run folder to resume, which rank 0 reads for all. @throws IoError, DataError.
AFFEKT_API TrainOptions run_options_of_first(const std::string& folder, Ranks& ranks);

/// Trains and leaves in the run folder: config.json, metrics.csv, log.txt, best.safetensors (the epoch with the highest
/// validation accuracy; of equals, the lower loss), last/ (checkpoints to resume from), summary.json and curves.svg.
///
/// The same data, options, seed and number of threads give the same losses and accuracies to the last digit on the CPU:
/// the order of rows and every augmentation are functions of (seed, epoch, row), dropout of (seed, step). A resumed run
/// therefore continues exactly.
///
/// PrivateTest rows are not looked at before the end; then once, with the saved weights. Soft labels of `data`, if any,
/// are the targets of training; validation always counts the hard labels.
///
/// With several ranks, each with the same data and options, a step takes `batch_size` rows of each, consecutive ones in
/// the epoch's order, and sums their gradients weighted by rows; the last round is dealt as evenly as goes. BatchNorm
/// uses each rank's own rows; the weights and statistics of rank 0 are taken by all after every epoch, and the
/// validation rows are dealt to all. Rank 0 alone reads and writes the run folder, judges the saved weights at the end
/// and has the full summary. Threads and a device `auto` or `cuda` become this rank's share.
///
/// @throws UsageError  an option out of range, no training rows, no PublicTest rows under validation public, an
/// existing
///                     run folder without `force`, other data than the run to resume had.
/// A loss that diverges takes the run back to its last good checkpoint, at half the rate, up to three times. Files that
/// cannot be written during training (a full disk) are warned of and written later; the run goes on.
///
/// @throws DataError   the loss diverged a fourth time; a damaged checkpoint.
/// @throws IoError     the run folder cannot be written: found out before training, or at the end the result cannot be.
/// @throws Interrupted stop_requested() said so, on any rank; last/ was saved first.
/// @throws LostRank    another rank is gone; the run can be resumed from its last checkpoint, with any number of ranks.
AFFEKT_API TrainSummary run_training(const Dataset& data, const TrainOptions& options,
                                     const TrainObserver& observer = {});
AFFEKT_API TrainSummary run_training(const Dataset& data, const TrainOptions& options, const TrainObserver& observer,
                                     Ranks& ranks);

}  // namespace affekt
