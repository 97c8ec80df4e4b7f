// The state of a run that a checkpoint holds: weights, their average, the optimizer's moments, and where the run is.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "nn/torch_network.h"
#include "train/optimizer.h"
#include "train/run_state.h"
#include "train/train_setup.h"

namespace affekt {

/// By --precision and --layout, for this network on this device.
bool computes_in_bf16(const TrainSetup& setup, const Network& table);
Layout training_layout(const TrainSetup& setup, const Network& table);
/// "fp32", "bf16" or "fp32 in the blocked layout".
std::string arithmetic_text(bool bf16, Layout layout);

class TrainState {
 public:
  /// The state before the first step.
  /// @param network  With its first weights.
  TrainState(const TrainSetup& setup, TorchNetwork network, const StartInfo& start);
  /// That of a run to go on with, the same on all ranks.
  /// @param checkpoint  Read by rank 0, which gives its tensors to the others.
  /// @throws UsageError  other data or teachers. @throws DataError  damaged.
  TrainState(const TrainSetup& setup, const RunState& saved, const std::filesystem::path& checkpoint);

  TorchNetwork network;
  std::optional<TorchNetwork> average;  ///< With --ema.
  Optimizer optimizer;
  at::Tensor sums;  ///< (2) fp64 on the device: loss and right answers of the running epoch.
  RunState run;     ///< `seconds`, `epoch_elapsed` and `optimizer_steps` are those of the newest note_time().

  /// What is judged and saved.
  const TorchNetwork& judged() const { return average ? *average : network; }
  /// All tensors of a checkpoint: copy into them to restore.
  std::vector<NamedTensor> tensors() const;
  bool is_finite() const;

  /// From here on the parameters of this phase are trained.
  void enter(Phase phase);
  /// Back to a checkpoint, as the second constructor does it.
  void restore(const RunState& saved, const std::filesystem::path& checkpoint);
  /// Collective: all ranks take the weights of the first.
  void take_weights_of_first() const;
  /// One step of the average behind the weights.
  void update_average();

  void begin_epoch();            ///< Nothing of it has been seen.
  void begin_clock();            ///< Of the running epoch, which may have begun before a resume.
  void note_time();              ///< For a checkpoint.
  double seconds() const;        ///< Of the whole run, resumed parts included, pauses not.
  double epoch_elapsed() const;  ///< Of the running epoch, likewise.

  std::int64_t steps_left() const;  ///< In the running epoch.
  std::int64_t rows_of_next_step() const;

 private:
  using Clock = std::chrono::steady_clock;
  TrainState(const TrainSetup& setup, TorchNetwork network);
  std::int64_t rows_left() const { return setup_.training_rows() - run.seen; }

  const TrainSetup& setup_;
  Clock::time_point epoch_start_ = Clock::now();
  double earlier_seconds_ = 0, earlier_elapsed_ = 0;  ///< Of the run and of its epoch before a resume.
};

}  // namespace affekt
