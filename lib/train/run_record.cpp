#include "train/run_record.h"

#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "train/checkpoint.h"

namespace affekt {

RunRecord::RunRecord(std::optional<RunFolder> folder, const TrainObserver& observer)
    : folder_(std::move(folder)), observer_(observer) {}

std::filesystem::path RunRecord::scratch_folder() const {
  return folder_ ? folder_->path() : std::filesystem::temp_directory_path();
}

std::string RunRecord::place() const { return printable(scratch_folder().string()); }

void RunRecord::write_config(const TrainOptions& options) const {
  if (folder_) folder_->write_config(options);
}

void RunRecord::log(const std::string& line) {
  if (folder_) folder_->log(line);
  if (observer_.log) observer_.log(line);
}

void RunRecord::warn(const std::string& line) {
  if (folder_) folder_->log("warning: " + line);
  if (observer_.warning) {
    observer_.warning(line);
  } else if (observer_.log) {
    observer_.log("warning: " + line);
  }
}

void RunRecord::complain(const std::string& what, const std::string& why) {
  if (unwritten_.insert(what).second) warn(what + ": " + why);  // a full disk is full for many checkpoints
}

void RunRecord::go_on_from(const RunState& state) {
  note_saved(state);
  if (!folder_) return;
  folder_->write_metrics(state.history);
  folder_->cut_log(state.log_size);
}

void RunRecord::note_saved(const RunState& state) {
  saved_epoch_ = state.epoch;
  saved_step_ = state.step;
}

std::filesystem::path RunRecord::checkpoint_of(const RunState& state) const {
  return folder_ ? folder_->checkpoint(static_cast<int>(state.serial % kCheckpointSlots)) : std::filesystem::path();
}

void RunRecord::write_checkpoint(TrainState& state) {
  state.note_time();
  if (!folder_) return;
  state.run.log_size = folder_->log_size();
  RunState saved = state.run;
  ++saved.serial;  // only what is written counts: a failed attempt must not turn to the file of the last good one
  affekt::write_checkpoint(checkpoint_of(saved), state.tensors(), run_state_json(saved));
  state.run.serial = saved.serial;
  note_saved(saved);
  if (!unwritten_.empty()) log("checkpoints can be written again");
  unwritten_.clear();
}

bool RunRecord::save_checkpoint(TrainState& state) {
  if (!state.is_finite()) return false;
  try {
    write_best();  // first: a checkpoint must not name best weights that are nowhere
    write_checkpoint(state);
  } catch (const IoError& error) {
    complain("no checkpoint can be written, the last good one is from " + saved_text(), error.what());
    return false;
  }
  return true;
}

void RunRecord::save_best(const TrainSetup& setup, const TrainState& state) {
  if (!folder_) return;
  unwritten_best_ = result_model(setup, state);
  try {
    write_best();
  } catch (const IoError& error) {
    complain("the best weights cannot be written and are kept in memory", error.what());
  }
}

void RunRecord::write_best() {
  if (!unwritten_best_) return;
  unwritten_best_->write(folder_->best());
  unwritten_best_.reset();
}

void RunRecord::save_metrics(const std::vector<EpochStats>& history) {
  if (!folder_) return;
  metrics_unwritten_ = true;
  try {
    folder_->write_metrics(history);
    metrics_unwritten_ = false;
  } catch (const IoError& error) {
    complain("metrics.csv or curves.svg cannot be written, tried again after the next epoch", error.what());
  }
}

void RunRecord::finish_files(const std::vector<EpochStats>& history) {
  write_best();
  if (metrics_unwritten_) folder_->write_metrics(history);
  metrics_unwritten_ = false;
}

std::string RunRecord::saved_text() const {
  if (saved_step_ > 0) return "epoch " + std::to_string(saved_epoch_ + 1) + ", step " + std::to_string(saved_step_);
  return saved_epoch_ > 0 ? "the end of epoch " + std::to_string(saved_epoch_) : "the start";
}

}  // namespace affekt
