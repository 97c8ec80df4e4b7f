// What a run leaves behind and says: its folder, its log, and what becomes of files that cannot be written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "affekt/train/train_job.h"
#include "train/result_model.h"
#include "train/run_folder.h"
#include "train/train_state.h"

namespace affekt {

class RunRecord {
 public:
  /// @param folder  None: nothing is written, as by all ranks but the first. @param observer  Outlives it.
  RunRecord(std::optional<RunFolder> folder, const TrainObserver& observer);

  /// Null = nothing is written.
  const RunFolder* folder() const { return folder_ ? &*folder_ : nullptr; }
  /// For files that go with the process.
  std::filesystem::path scratch_folder() const;
  std::string place() const;  ///< The folder, for messages.

  void write_config(const TrainOptions& options) const;  ///< @throws IoError.
  void log(const std::string& line);
  void warn(const std::string& line);

  /// The files of a resumed run as they were at its checkpoint.
  void go_on_from(const RunState& state);
  /// @throws IoError.
  void write_checkpoint(TrainState& state);
  /// The same; false, and a warning, if it cannot be written: the last good one stays. Weights that are not finite are
  /// not saved.
  bool save_checkpoint(TrainState& state);
  /// The checkpoint of this state.
  std::filesystem::path checkpoint_of(const RunState& state) const;
  /// It is the last good one: the run went back to it, or was resumed from it.
  void note_saved(const RunState& state);
  void save_best(const TrainSetup& setup, const TrainState& state);
  void save_metrics(const std::vector<EpochStats>& history);
  /// Writes what a full disk kept from being written so far. @throws IoError.
  void finish_files(const std::vector<EpochStats>& history);

  /// Where the run was at the last good checkpoint, in words.
  std::string saved_text() const;

 private:
  void write_best();
  void complain(const std::string& what, const std::string& why);  ///< A warning, once.

  std::optional<RunFolder> folder_;
  const TrainObserver& observer_;
  std::optional<ResultModel> unwritten_best_;  ///< What best.safetensors should hold, until it is written.
  bool metrics_unwritten_ = false;
  int saved_epoch_ = 0;              ///< Of the last good checkpoint,
  std::int64_t saved_step_ = 0;      ///< and the step in that epoch.
  std::set<std::string> unwritten_;  ///< What has been complained of since the last good checkpoint.
};

}  // namespace affekt
