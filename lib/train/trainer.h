// The training loop: one network, one data set, one run folder.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "affekt/train/train_job.h"
#include "nn/torch_network.h"
#include "train/divergence.h"
#include "train/face_batches.h"
#include "train/feature_cache.h"
#include "train/loss.h"
#include "train/optimizer.h"
#include "train/phases.h"
#include "train/rank_group.h"
#include "train/run_folder.h"
#include "train/schedule.h"
#include "train/start_weights.h"
#include "train/teacher.h"
#include "train/time_left.h"

namespace affekt {

/// Which rows do what.
struct TrainRows {
  std::vector<std::size_t> training, validation;
  std::string selection;  ///< The validation rows in words.
};

/// @throws UsageError  no rows to train on, or to select with.
TrainRows choose_rows(const Dataset& data, const TrainOptions& options);

/// All that a checkpoint carries besides tensors.
struct RunState {
  std::int64_t serial = 0;        ///< Checkpoints written so far.
  int epoch = 0;                  ///< Epochs finished.
  std::int64_t step = 0;          ///< Steps of the optimizer in the running epoch.
  std::int64_t seen = 0;          ///< Rows trained on in the running epoch.
  double epoch_seconds = 0;       ///< Spent in the running epoch, training only.
  double epoch_data_seconds = 0;  ///< Of them, spent until the batches were ready.
  double epoch_elapsed = 0;       ///< Spent in the running epoch, up to the checkpoint.
  double rate = 0;                ///< Learning rate of the newest step.
  double seconds = 0;             ///< Spent in all, up to the checkpoint.
  int best_epoch = 0;
  Score best;
  Plateau plateau;
  std::int64_t optimizer_steps = 0;
  Phase phase = Phase::thawed;  ///< What the checkpoint's optimizer trains; the next epoch may begin another.
  std::int64_t thaw_steps = 0;  ///< Optimizer steps taken when it became `thawed`.
  bool bf16 = false;            ///< Precision that the run began with; a resumed one keeps it.
  StartInfo start;
  int setbacks = 0;  ///< Times the loss diverged: each halves the rate.
  LossWatch watch;
  double watched_sum = 0;         ///< What of the epoch's sum of losses `watch` has taken,
  std::int64_t watched_rows = 0;  ///< and of how many rows.
  std::int64_t log_size = 0;
  std::string data_digest;
  std::string weights_digest;  ///< Of the training rows' weights in the loss.
  std::vector<std::string> teacher_digests;
  std::vector<EpochStats> history;

  double rate_factor() const;  ///< 1 / 2^setbacks.
};

/// @throws UsageError  the run that saved `state` had other data, or weighed their sources otherwise.
void check_same_data(const RunState& state, const std::string& data_digest, const std::string& weights_digest);
/// Digest of the weights that the training rows have in the loss.
std::string weights_digest(const Dataset& data, const TrainRows& rows, const TrainOptions& options);

std::string run_state_json(const RunState& state);
RunState parse_run_state(const std::string& text, const std::string& place);

/// The newest good checkpoint of a run; with `calm_first` rather an older one than one whose loss was already rising.
/// `damage`: what is wrong with the other one, or empty.
/// @throws DataError  there is none.
RunState newest_state(const RunFolder& run, std::string& damage, bool calm_first = false);

class Trainer {
 public:
  /// The parameters are not set: begin() or restore() next.
  Trainer(const Dataset& data, TrainRows rows, const TrainOptions& options, const StartInfo& start,
          const TrainObserver& observer, RunFolder& run, Ranks* ranks = nullptr);

  /// Gives the network teachers: before the next.
  void learn_from(Teachers teachers);
  /// Sets the first weights and saves them. @throws IoError  a checkpoint cannot be written.
  void begin(const StartWeights& start);
  /// Goes on from a checkpoint, the newest_state() of the run folder. @throws UsageError  other data or
  /// teachers. @throws DataError.
  void restore(RunState state);
  /// Trains to the end, or until something stops it. A diverging loss takes it back to the last good checkpoint, at
  /// half the rate. @returns "epochs", "early-stop" or "max-time". @throws DataError  it diverges again and again.
  std::string run();
  /// What steps and validation take, from a few of them after begin(), instead of run().
  struct Cost {
    int steps = 0;  ///< Measured.
    double row_seconds = 0, validation_row_seconds = 0;
    std::int64_t steps_per_epoch = 0, checkpoint_bytes = 0, optimizer_bytes = 0;
  };
  Cost measure();
  /// Writes what a full disk kept from being written so far. @throws IoError.
  void finish_files();
  void log(const std::string& line);

  const RunState& state() const { return state_; }
  const TrainRows& rows() const { return rows_; }
  const TorchNetwork& network() const { return network_; }
  const Teachers& teachers() const { return teachers_; }
  const std::string& device_text() const { return device_; }
  bool bf16() const { return state_.bf16; }
  Preprocessing preprocessing() const { return state_.start.preprocessing; }
  double seconds() const;  ///< Of the whole run, resumed parts included, pauses not.
  ModelCard card() const;

 private:
  using Clock = std::chrono::steady_clock;

  double epoch_elapsed() const;  ///< Seconds of the running epoch, likewise.
  void calibrate();
  void enter(Phase phase);
  void log_groups();
  bool head_alone() const;
  void fill_features();
  FeatureCache features_of(const at::Tensor& images, bool bf16, std::int64_t& memory_left, const char* what);
  at::Tensor training_input(const at::Tensor& rows, const FaceBatch& batch) const;
  at::Tensor training_logits(const at::Tensor& input, const Pass& pass) const;
  at::Tensor validation_logits();
  at::Tensor validation_logits(std::int64_t begin, std::int64_t count);
  void stop_if_requested();
  std::string train_epochs();
  /// Looks at the mean loss of the rows up to `seen`. @throws Diverged.
  void watch_loss(std::int64_t seen);
  void go_back(const Diverged& diverged);
  void reload(RunState state);
  at::Tensor running_order() const;  ///< Positions of the training rows, as the running epoch takes them.
  void begin_epoch();
  bool train_epoch();  ///< False if max-time ended it early.
  /// One step of the optimizer, with the gradient of the next rows of the epoch.
  void take_step(const at::Tensor& order);
  /// Adds the gradient of a batch, some `rows` of the order. It is `share` of the rows of the step (0 = they only keep
  /// the other ranks company), its batch number `part` and perhaps its `last`.
  void add_gradient(const at::Tensor& order, RowShare rows, double share, std::int64_t part, bool last);
  void add_to_sums(const at::Tensor& loss, const at::Tensor& logits, const at::Tensor& labels);
  void update_average();
  // With several ranks (trainer_ranks.cpp); alone these come down to what their names say of one rank.
  int world() const { return ranks_ != nullptr ? ranks_->size() : 1; }
  int rank() const { return ranks_ != nullptr ? ranks_->rank() : 0; }
  std::int64_t round_rows() const { return std::int64_t{options_.batch_size} * world(); }  ///< One batch of each rank.
  std::uint64_t dropout_seed() const;
  void backward(const at::Tensor& loss, bool last);
  void agree();
  std::vector<double> own_wishes();
  void take_agreement(const std::vector<double>& sums);
  int requested_signal() const;
  bool own_time_is_up() const;
  void take_weights_of_first();
  Score score_of_first(const Score& score) const;
  at::Tensor compute_rows(std::int64_t begin, std::int64_t count,
                          const std::function<at::Tensor(std::int64_t, std::int64_t)>& compute) const;
  void finish_epoch();
  void report_progress(std::int64_t steps);
  WorkLeft work_left(std::int64_t steps) const;  ///< With `steps` in an epoch.
  bool out_of_time() const;
  void warn(const std::string& line);
  void complain(const std::string& what, const std::string& why);  ///< A warning, once.
  bool is_finite() const;
  void write_state();
  /// False, and a warning, if it cannot be written: the last good one stays. Weights that are not finite are not saved.
  bool save_checkpoint();
  std::string saved_text() const;
  void save_best();
  void write_best();
  void write_metrics();
  std::int64_t step_rows() const;  ///< Of a full step.
  std::int64_t rows_of_next_step() const;
  std::int64_t steps_left() const;  ///< In the running epoch.
  const TorchNetwork& judged() const { return average_ ? *average_ : network_; }
  std::vector<NamedTensor> tensors() const;

  /// What all ranks have agreed on: the same on all of them.
  struct Agreed {
    int signal = 0;        ///< To stop for, of any rank.
    bool time_up = false;  ///< By the clock of rank 0.
  };

  const Dataset& data_;
  TrainOptions options_;
  const TrainObserver& observer_;
  RunFolder& run_;
  TrainRows rows_;
  std::string device_;
  TorchNetwork network_;
  std::optional<TorchNetwork> average_;
  Optimizer optimizer_;
  FaceBatches faces_;  ///< The training rows.
  Teachers teachers_;
  at::Tensor validation_images_;
  std::optional<FeatureCache> training_features_, validation_features_;  ///< While the head is trained alone.
  Ranks* ranks_;                                                         ///< Null = alone.
  std::unique_ptr<GradientSync> sync_;                                   ///< Of the parameters that are trained now.
  Agreed agreed_;
  at::Tensor step_sums_;  ///< Like sums_, of this rank's rows of the running step; unused alone.
  at::Tensor sums_;       ///< (2) fp64 on the device: loss and correct answers of the running epoch.
  RunState state_;
  Clock::time_point start_, epoch_start_, last_progress_;
  double earlier_seconds_ = 0, earlier_elapsed_ = 0;  ///< Of the run and of its epoch before a resume.
  TimeLeft time_left_;
  /// Weights that best.safetensors should hold, until they are written.
  struct Best {
    ModelCard card;
    ParameterMap parameters;
  };
  std::optional<Best> unwritten_best_;
  bool metrics_unwritten_ = false;
  int saved_epoch_ = 0;              ///< Of the last good checkpoint,
  std::int64_t saved_step_ = 0;      ///< and the step in that epoch.
  std::set<std::string> unwritten_;  ///< What has been complained of since the last good checkpoint.
};

}  // namespace affekt
