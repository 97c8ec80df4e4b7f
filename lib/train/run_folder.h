// The folder of a run and the files in it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "affekt/core/export.h"
#include "affekt/train/train_job.h"

namespace affekt {

class AFFEKT_API RunFolder {
 public:
  /// Makes the folder of a new run (or, with several seeds, of the runs), or takes the one of `options.resume`. Files
  /// of an older run go away under force. Until the last copy of the object is gone no other process gets the folder.
  /// @throws UsageError  it is not empty (without force), or a training is at work in it. @throws IoError  it cannot be
  /// written.
  static RunFolder prepare(const TrainOptions& options);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path best() const { return path_ / "best.safetensors"; }
  std::filesystem::path checkpoint(int slot) const;

  void write_config(const TrainOptions& options) const;
  /// metrics.csv and curves.svg.
  void write_metrics(const std::vector<EpochStats>& history) const;
  /// summary.json and report.html.
  void write_summary(const TrainSummary& summary, const TrainOptions& options) const;
  /// summary.json read back, without the history. @throws IoError, DataError.
  TrainSummary read_summary() const;

  /// Appends a line to log.txt, if it can.
  void log(const std::string& line);
  /// The size of log.txt, for a checkpoint; and back to it, for a resumed run.
  std::int64_t log_size() const;
  void cut_log(std::int64_t size) const;

 private:
  /// @throws UsageError  another process has it.
  RunFolder(std::filesystem::path path, const char* option);

  std::filesystem::path path_;
  std::shared_ptr<const int> lock_;
};

/// The text of metrics.csv.
AFFEKT_API std::string metrics_csv(const std::vector<EpochStats>& history);

/// Now, in UTC, ISO 8601: "2026-11-22T21:05:32Z"; compact: "20261122T210532Z", fit for a file name.
AFFEKT_API std::string utc_time(bool compact = false);

}  // namespace affekt
