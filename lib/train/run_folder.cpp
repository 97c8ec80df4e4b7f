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
#include <iterator>
#include <system_error>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/text.h"
#include "core/json.h"
#include "train/run_report.h"

namespace affekt {
namespace fs = std::filesystem;
namespace {

const char* const kRunFiles[] = {"config.json",  "metrics.csv", "best.safetensors", "last",
                                 "summary.json", "curves.svg",  "report.html",      "log.txt"};

bool is_empty_or_missing(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return true;
  return fs::is_directory(status) && fs::is_empty(path, error);
}

/// The fields of summary.json, in one list for writing and reading.
template <typename Summary, typename Visitor>
void visit_fields(Summary& summary, Visitor&& visit) {
  visit("run", summary.run);
  visit("model", summary.model);
  visit("epochs_run", summary.epochs_run);
  visit("best_epoch", summary.best_epoch);
  visit("train_accuracy", summary.train_accuracy);
  visit("validation_accuracy", summary.validation_accuracy);
  visit("validation_loss", summary.validation_loss);
  visit("private_accuracy", summary.private_accuracy);
  visit("parameters", summary.parameters);
  visit("trainable_parameters", summary.trainable_parameters);
  visit("multiply_adds", summary.multiply_adds);
  visit("preprocessing", summary.preprocessing);
  visit("training_rows", summary.training_rows);
  visit("validation_rows", summary.validation_rows);
  visit("images_per_second", summary.images_per_second);
  visit("seconds", summary.seconds);
  visit("precision", summary.precision);
  visit("device", summary.device);
  visit("threads", summary.threads);
  visit("ranks", summary.ranks);
  visit("lr_factor", summary.lr_factor);
  visit("stopped", summary.stopped);
}

void write_pretrained(const PretrainedSource& source, Json& out) {
  out["pretrained"] = nullptr;
  if (!source.file.empty()) {
    out["pretrained"] = {{"file", source.file}, {"format", source.format}, {"digest", source.digest}};
  }
}

void write_teachers(const std::vector<TeacherSource>& teachers, Json& out) {
  out["teachers"] = Json::array();
  for (const TeacherSource& teacher : teachers) {
    out["teachers"].push_back({{"file", teacher.file}, {"model", teacher.model}, {"digest", teacher.digest}});
  }
}

void write_groups(const std::vector<ParameterGroup>& groups, Json& out) {
  out["groups"] = Json::array();
  for (const ParameterGroup& group : groups) {
    out["groups"].push_back(
        {{"name", group.name}, {"parameters", group.parameters}, {"trainable", group.trainable}, {"lr", group.lr}});
  }
}

void write_sources(const std::vector<SourceCount>& sources, Json& out) {
  out["sources"] = Json::array();
  for (const SourceCount& source : sources) {
    Json classes = Json::object();
    for (std::size_t c = 0; c < kEmotionCount; ++c) classes[emotion_names()[c]] = source.classes[c];
    out["sources"].push_back(
        {{"path", source.path}, {"weight", source.weight}, {"rows", source.rows}, {"classes", std::move(classes)}});
  }
}

/// The parts of summary.json that are not numbers or texts, back again. @throws Json::exception.
void read_parts(const Json& in, TrainSummary& summary) {
  if (const Json source = in.value("pretrained", Json()); source.is_object()) {
    summary.pretrained = {source.at("file").get<std::string>(), source.at("format").get<std::string>(),
                          source.at("digest").get<std::string>()};
  }
  for (const Json& teacher : in.value("teachers", Json::array())) {
    summary.teachers.push_back({teacher.at("file").get<std::string>(), teacher.at("model").get<std::string>(),
                                teacher.at("digest").get<std::string>()});
  }
  for (const Json& group : in.value("groups", Json::array())) {
    summary.groups.push_back({group.at("name").get<std::string>(), group.at("parameters").get<std::int64_t>(),
                              group.at("trainable").get<std::int64_t>(), group.at("lr").get<double>()});
  }
  for (const Json& source : in.value("sources", Json::array())) {
    SourceCount count;
    count.path = source.at("path").get<std::string>();
    count.weight = source.at("weight").get<double>();
    count.rows = source.at("rows").get<std::int64_t>();
    for (std::size_t c = 0; c < kEmotionCount; ++c) {
      count.classes[c] = source.at("classes").at(emotion_names()[c]).get<std::int64_t>();
    }
    summary.sources.push_back(std::move(count));
  }
}

bool is_run_file(const std::string& name) {
  return std::find_if(std::begin(kRunFiles), std::end(kRunFiles), [&](const char* known) { return name == known; }) !=
         std::end(kRunFiles);
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
  for (const char* name : kRunFiles) fs::remove_all(folder / name, error);
}

/// The files of runs with several seeds, and their folders if nothing else is in them.
void remove_seed_runs(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> runs;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    const bool numbered = name.rfind("seed-", 0) == 0 && parse_integer(name.substr(5)).has_value();
    if (numbered && entry.is_directory(error) && !entry.is_symlink(error)) runs.push_back(entry.path());
  }
  for (const fs::path& run : runs) {
    remove_run_files(run);
    fs::remove(run, error);
  }
}

}  // namespace

RunFolder::RunFolder(fs::path path, const char* option) : path_(std::move(path)) {
  const int folder = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) throw IoError(printable(path_.string()) + ": cannot open: " + std::strerror(errno));
  lock_ = {new int(folder), [](const int* held) {
             ::close(*held);
             delete held;
           }};
  // The lock goes with the process, however that ends. A file system without locks gives none.
  if (::flock(folder, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    throw UsageError(std::string(option) + ": another training is at work in " + printable(path_.string()) +
                     " (wait for its end, or stop it)");
  }
}

RunFolder RunFolder::prepare(const TrainOptions& options) {
  if (!options.resume.empty()) {
    RunFolder run(options.resume, "resume");
    remove_half_written(run.path_, is_run_file);
    remove_half_written(run.path_ / "last", [](const std::string& name) { return name.rfind("checkpoint-", 0) == 0; });
    ensure_writable_folder(options.seeds > 1 ? run.path_ : run.path_ / "last");
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
  if (options.seeds == 1) ensure_writable_folder(path / "last");
  return run;
}

fs::path RunFolder::checkpoint(int slot) const {
  return path_ / "last" / ("checkpoint-" + std::to_string(slot) + ".safetensors");
}

void RunFolder::write_config(const TrainOptions& options) const {
  write_file(path_ / "config.json", train_options_json(options) + "\n");
}

void RunFolder::write_metrics(const std::vector<EpochStats>& history) const {
  write_file(path_ / "metrics.csv", metrics_csv(history));
  if (!history.empty()) write_file(path_ / "curves.svg", accuracy_curves_svg(history));
}

void RunFolder::write_summary(const TrainSummary& summary, const TrainOptions& options) const {
  write_file(path_ / "report.html", run_report_html(summary, options));
  write_file(path_ / "summary.json", train_summary_json(summary) + "\n");
}

TrainSummary RunFolder::read_summary() const {
  constexpr std::size_t kLargest = std::size_t{1} << 20;
  const InputFile file = InputFile::open(path_ / "summary.json", kLargest);
  const std::string place = printable((path_ / "summary.json").string());
  const Json in = parse_json_strict(file.bytes(), place);
  TrainSummary summary;
  visit_fields(summary, [&](const char* key, auto& field) {
    if (!in.is_object() || !in.contains(key) || in.at(key).is_null()) return;
    try {
      field = in.at(key).get<std::decay_t<decltype(field)>>();
    } catch (const Json::exception&) {
      throw DataError(place + ": " + key + ": a value of the wrong kind");
    }
  });
  try {
    if (in.is_object()) read_parts(in, summary);
  } catch (const Json::exception&) {
    throw DataError(place + ": pretrained, teachers, groups or sources: damaged");
  }
  return summary;
}

void RunFolder::log(const std::string& line) {
  const fs::path path = path_ / "log.txt";
  std::FILE* file = std::fopen(path.c_str(), "ae");
  if (file == nullptr) return;  // not worth the run: the same line goes to the observer
  const std::string text = utc_time() + " " + line + "\n";
  std::fwrite(text.data(), 1, text.size(), file);
  std::fclose(file);
}

std::int64_t RunFolder::log_size() const {
  std::error_code error;
  const auto size = fs::file_size(path_ / "log.txt", error);
  return error ? 0 : static_cast<std::int64_t>(size);
}

void RunFolder::cut_log(std::int64_t size) const {
  if (size < log_size())
    fs::resize_file(path_ / "log.txt", static_cast<std::uintmax_t>(std::max<std::int64_t>(0, size)));
}

std::string train_summary_json(const TrainSummary& summary) {
  Json out = Json::object();
  visit_fields(summary, [&](const char* key, const auto& field) { out[key] = field; });
  for (const char* key : {"train_accuracy", "validation_accuracy", "validation_loss", "images_per_second"}) {
    if (summary.best_epoch == 0) out[key] = nullptr;
  }
  for (const char* key : {"train_accuracy", "private_accuracy"}) {
    if (out[key] < 0) out[key] = nullptr;
  }
  write_pretrained(summary.pretrained, out);
  write_teachers(summary.teachers, out);
  write_groups(summary.groups, out);
  write_sources(summary.sources, out);
  return out.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::string metrics_csv(const std::vector<EpochStats>& history) {
  std::string text =
      "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,learning_rate,seconds,images_per_second,"
      "data_share\n";
  for (const EpochStats& epoch : history) {
    text += std::to_string(epoch.epoch);
    for (const double value : {epoch.train_loss, epoch.train_accuracy, epoch.validation_loss, epoch.validation_accuracy,
                               epoch.learning_rate}) {
      text += "," + format_shortest(value);
    }
    text += "," + format_fixed(epoch.seconds, 3) + "," + format_fixed(epoch.images_per_second, 1) + "," +
            format_fixed(epoch.data_share, 4) + "\n";
  }
  return text;
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
