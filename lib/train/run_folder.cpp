#include "train/run_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <functional>
#include <system_error>
#include <utility>
#include <vector>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/text.h"
#include "train/run_report.h"

namespace affekt {
namespace fs = std::filesystem;
namespace {

bool is_empty_or_missing(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return true;
  return fs::is_directory(status) && fs::is_empty(path, error);
}

bool is_run_file(const std::string& name) {
  const std::vector<fs::path> known = RunPaths().all();
  return std::find(known.begin(), known.end(), name) != known.end();
}

/// What a killed process was writing: never read, and as large as a checkpoint. Names are those of AtomicFile.
void remove_half_written(const fs::path& folder, const std::function<bool(const std::string&)>& ours) {
  const std::string end = ".XXXXXX.part";
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    const bool half = entry.path().extension() == ".part" && name.size() > end.size();
    if (half && ours(name.substr(0, name.size() - end.size()))) fs::remove(entry.path(), error);
  }
}

void remove_run_files(const fs::path& folder) {
  std::error_code error;
  for (const fs::path& file : RunPaths{folder}.all()) fs::remove_all(file, error);
}

/// The files of runs with several seeds, and their folders if nothing else is in them.
void remove_seed_runs(const fs::path& folder) {
  std::error_code error;
  for (const fs::path& run : seed_folders_in(folder)) {
    if (fs::is_symlink(run, error)) continue;
    remove_run_files(run);
    fs::remove(run, error);
  }
}

}  // namespace

RunFolder::RunFolder(fs::path path, const char* option) : files_{std::move(path)} {
  const int folder = ::open(files_.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) throw IoError(printable(files_.folder.string()) + ": cannot open: " + std::strerror(errno));
  lock_ = {new int(folder), [](const int* held) {
             ::close(*held);
             delete held;
           }};
  // The lock goes with the process, however that ends. A file system without locks gives none.
  if (::flock(folder, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    throw UsageError(std::string(option) + ": another training is at work in " + printable(files_.folder.string()) +
                     " (wait for its end, or stop it)");
  }
}

RunFolder RunFolder::prepare(const TrainOptions& options) {
  if (!options.resume.empty()) {
    RunFolder run(options.resume, "resume");
    remove_half_written(run.files_.folder, is_run_file);
    remove_half_written(run.files_.last(), [](const std::string& name) { return name.rfind("checkpoint-", 0) == 0; });
    ensure_writable_folder(options.seeds > 1 ? run.files_.folder : run.files_.last());
    return run;
  }
  const fs::path path =
      options.out.empty() ? fs::path("runs") / (options.model + "-" + utc_time(true)) : fs::path(options.out);
  if (!is_empty_or_missing(path)) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      throw IoError(printable(path.string()) + ": exists and is not a folder (--out names the run folder)");
    }
    if (!options.force) {
      throw UsageError("out: the folder " + printable(path.string()) +
                       " is not empty (--force overwrites its run, --resume goes on with it)");
    }
  }
  ensure_writable_folder(path);
  RunFolder run(path, "out");
  remove_run_files(path);
  remove_seed_runs(path);
  if (options.seeds == 1) ensure_writable_folder(run.files_.last());
  return run;
}

void RunFolder::write_config(const TrainOptions& options) const {
  write_file(files_.config(), train_options_json(options) + "\n");
}

void RunFolder::write_metrics(const std::vector<EpochStats>& history) const {
  write_file(files_.metrics(), metrics_csv(history));
  if (!history.empty()) write_file(files_.curves(), accuracy_curves_svg(history));
}

void RunFolder::write_summary(const TrainSummary& summary, const TrainOptions& options) const {
  write_file(files_.report(), run_report_html(summary, options));
  write_file(files_.summary(), train_summary_json(summary) + "\n");
}

void RunFolder::log(const std::string& line) {
  const fs::path path = files_.log();
  std::FILE* file = std::fopen(path.c_str(), "ae");
  if (file == nullptr) return;  // not worth the run: the same line goes to the observer
  const std::string text = utc_time() + " " + line + "\n";
  std::fwrite(text.data(), 1, text.size(), file);
  std::fclose(file);
}

std::int64_t RunFolder::log_size() const {
  std::error_code error;
  const auto size = fs::file_size(files_.log(), error);
  return error ? 0 : static_cast<std::int64_t>(size);
}

void RunFolder::cut_log(std::int64_t size) const {
  if (size < log_size()) fs::resize_file(files_.log(), static_cast<std::uintmax_t>(std::max<std::int64_t>(0, size)));
}

std::string utc_time(bool compact) {
  const std::time_t now = std::time(nullptr);
  std::tm fields{};
  gmtime_r(&now, &fields);
  char text[32];
  const std::size_t length =
      std::strftime(text, sizeof text, compact ? "%Y%m%dT%H%M%SZ" : "%Y-%m-%dT%H:%M:%SZ", &fields);
  return {text, length};
}

}  // namespace affekt
