// What a training leaves for others to read: summary.json and metrics.csv, as structs and as texts.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/data/emotion.h"

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
  std::string layout;             ///< What was used: channels-last or blocked; "" = of an older run.
  int threads = 0;                ///< What was used.
  int ranks = 1;                  ///< Processes that trained together.
  double lr_factor = 1;           ///< Of the learning rate at the end: halved whenever the loss diverged.
  std::string stopped;            ///< "epochs", "early-stop" or "max-time".
  bool already_finished = false;  ///< Resumed a run that had ended: nothing was done.
  std::vector<EpochStats> history;
};

struct SeedSummary {
  std::string run;  ///< The folder of all runs.
  std::vector<std::uint64_t> seeds;
  std::vector<TrainSummary> runs;  ///< Those that have ended, in the order of `seeds`.
  double seconds = 0;              ///< Of these runs.
  bool complete = false;           ///< All have ended; otherwise max-time was over.
  bool already_finished = false;   ///< Resumed when all had ended: nothing was done.
};

/// Mean and sample standard deviation. With no value both are NaN, with one the deviation is.
struct AFFEKT_API Spread {
  double mean, deviation;

  static Spread of(const std::vector<double>& values);
};

/// Of a figure of the runs, without those that do not have it (below 0).
AFFEKT_API Spread spread_of(const SeedSummary& summary, double TrainSummary::*figure);

/// The text of metrics.csv.
AFFEKT_API std::string metrics_csv(const std::vector<EpochStats>& history);

/// The epochs of a metrics.csv; none if it is empty. A last line that a crash cut short is left out. Only the columns
/// epoch and validation_accuracy are needed; what is missing or no number is NaN.
/// @throws IoError. @throws DataError  beginning with the file and the line.
AFFEKT_API std::vector<EpochStats> read_metrics(const std::filesystem::path& path);

/// A flat JSON object: what summary.json of a run holds, and what affekt-train prints.
AFFEKT_API std::string train_summary_json(const TrainSummary& summary);
/// The same of several seeds.
AFFEKT_API std::string seed_summary_json(const SeedSummary& summary);

/// The summary.json of a run, without the history.
/// @param unknown  what fields have that the file leaves out or says to be null.
/// @throws IoError. @throws DataError  beginning with the file.
AFFEKT_API TrainSummary read_train_summary(const std::filesystem::path& path, TrainSummary unknown = {});

}  // namespace affekt
