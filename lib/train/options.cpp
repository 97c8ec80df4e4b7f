#include <cmath>
#include <filesystem>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/text.h"
#include "affekt/train/train_options.h"
#include "core/json.h"

namespace affekt {
namespace {

/// Every field that belongs in config.json under its flag's name: the one list that writing and reading share.
template <typename Options, typename Visitor>
void visit_fields(Options& options, Visitor&& visit) {
  visit("data", options.data);
  visit("ferplus", options.ferplus);
  visit("ferplus-weight", options.ferplus_weight);
  visit("skip-bad-rows", options.skip_bad_rows);
  visit("model", options.model);
  visit("image-size", options.image_size);
  visit("head", options.head);
  visit("pretrained", options.pretrained);
  visit("preprocess", options.preprocess);
  visit("freeze-epochs", options.freeze_epochs);
  visit("unfreeze", options.unfreeze);
  visit("backbone-lr", options.backbone_lr);
  visit("layer-decay", options.layer_decay);
  visit("feature-cache", options.feature_cache);
  visit("epochs", options.epochs);
  visit("batch-size", options.batch_size);
  visit("accumulate", options.accumulate);
  visit("limit", options.limit);
  visit("early-stop", options.early_stop);
  visit("checkpoint-every", options.checkpoint_every);
  visit("rank-timeout", options.rank_timeout);
  visit("max-time", options.max_time);
  visit("optimizer", options.optimizer, optimizer_names());
  visit("lr", options.lr);
  visit("weight-decay", options.weight_decay);
  visit("schedule", options.schedule, schedule_names());
  visit("warmup-epochs", options.warmup_epochs);
  visit("clip-grad", options.clip_grad);
  visit("ema", options.ema);
  visit("augment", options.augment, augment_names());
  visit("mixup", options.mixup);
  visit("cutmix", options.cutmix);
  visit("label-smoothing", options.label_smoothing);
  visit("teacher", options.teachers);
  visit("temperature", options.temperature);
  visit("teacher-weight", options.teacher_weight);
  visit("class-weights", options.class_weights, class_weight_names());
  visit("validation", options.validation);
  visit("seed", options.seed);
  visit("seeds", options.seeds);
  visit("device", options.compute.device);
  visit("threads", options.compute.threads);
  visit("precision", options.compute.precision, precision_names());
  visit("save-dtype", options.save_dtype, save_type_names());
  visit("license", options.license);
}

struct Writer {
  Json& out;
  template <typename T>
  void operator()(const char* key, const T& field) {
    out[key] = field;
  }
  template <typename T>
  void operator()(const char* key, const T& field, const std::vector<std::pair<std::string, T>>& names) {
    for (const auto& [name, value] : names) {
      if (value == field) out[key] = name;
    }
  }
};

struct Reader {
  const Json& in;
  const std::string& place;

  [[noreturn]] void fail(const char* key) const {
    throw DataError(place + ": " + key + ": a value of the wrong kind, " + printable(in.at(key).dump(), 60));
  }
  template <typename T>
  void operator()(const char* key, T& field) {
    if (!in.contains(key)) return;
    try {
      field = in.at(key).get<T>();
    } catch (const Json::exception&) {
      fail(key);
    }
  }
  template <typename T>
  void operator()(const char* key, T& field, const std::vector<std::pair<std::string, T>>& names) {
    std::string text;
    for (const auto& [name, value] : names) {
      if (value == field) text = name;
    }
    (*this)(key, text);
    for (const auto& [name, value] : names) {
      if (name == text) {
        field = value;
        return;
      }
    }
    fail(key);
  }
};

template <typename T>
std::string shown(T value) {
  if constexpr (std::is_floating_point_v<T>) return format_shortest(value);
  return std::to_string(value);
}

template <typename T>
void check_range(const char* flag, T value, T low, T high, const char* range) {
  if (value >= low && value <= high) return;
  throw UsageError(std::string(flag) + ": expected " + range + ", found " + shown(value));
}

void check_teachers(const TrainOptions& options) {
  const TrainOptions usual;
  check_range("temperature", options.temperature, 0.1, 100.0, "0.1 to 100");
  check_range("teacher-weight", options.teacher_weight, 0.0, 1.0, "0 to 1");
  for (const std::string& path : options.teachers) {
    if (!is_valid_utf8(path)) {
      throw UsageError("teacher: the path '" + printable(path) + "' is not UTF-8; rename or link it");
    }
  }
  if (!options.teachers.empty()) return;
  const bool temperature = options.temperature < usual.temperature || options.temperature > usual.temperature;
  const bool weight = options.teacher_weight < usual.teacher_weight || options.teacher_weight > usual.teacher_weight;
  if (temperature) throw UsageError("temperature: of no effect without --teacher");
  if (weight) throw UsageError("teacher-weight: of no effect without --teacher");
}

}  // namespace

const std::vector<std::pair<std::string, OptimizerKind>>& optimizer_names() {
  static const std::vector<std::pair<std::string, OptimizerKind>> names = {
      {"sgd", OptimizerKind::sgd}, {"adam", OptimizerKind::adam}, {"adamw", OptimizerKind::adamw}};
  return names;
}

const std::vector<std::pair<std::string, ScheduleKind>>& schedule_names() {
  static const std::vector<std::pair<std::string, ScheduleKind>> names = {{"constant", ScheduleKind::constant},
                                                                          {"plateau", ScheduleKind::plateau},
                                                                          {"cosine", ScheduleKind::cosine},
                                                                          {"step", ScheduleKind::step}};
  return names;
}

const std::vector<std::pair<std::string, AugmentKind>>& augment_names() {
  static const std::vector<std::pair<std::string, AugmentKind>> names = {{"none", AugmentKind::none},
                                                                         {"light", AugmentKind::light},
                                                                         {"paper", AugmentKind::paper},
                                                                         {"strong", AugmentKind::strong}};
  return names;
}

const std::vector<std::pair<std::string, ClassWeights>>& class_weight_names() {
  static const std::vector<std::pair<std::string, ClassWeights>> names = {{"none", ClassWeights::none},
                                                                          {"balanced", ClassWeights::balanced}};
  return names;
}

const std::vector<std::pair<std::string, SaveType>>& save_type_names() {
  static const std::vector<std::pair<std::string, SaveType>> names = {{"fp32", SaveType::fp32},
                                                                      {"fp16", SaveType::fp16}};
  return names;
}

void TrainOptions::validate() const {
  constexpr int kMany = 1000000;
  constexpr double kBelowOne = 1.0 - 1e-12;
  for (const std::string& path : data) {
    // config.json holds the paths, for --resume, and JSON is UTF-8.
    if (!is_valid_utf8(path))
      throw UsageError("data: the path '" + printable(path) + "' is not UTF-8; rename or link it");
  }
  check_range("epochs", epochs, 1, kMany, "1 to 1000000");
  check_range("batch-size", batch_size, 2, kMany, "2 (BatchNorm needs two rows) to 1000000");
  check_range("accumulate", accumulate, 1, kMany, "1 (off) to 1000000");
  check_range("checkpoint-every", checkpoint_every, std::int64_t{0}, INT64_MAX, "0 (after epochs only) or more steps");
  check_range("rank-timeout", rank_timeout, 1.0, 86400.0, "1 to 86400 seconds");
  check_range("seeds", seeds, 1, 1000, "1 to 1000");
  check_range("limit", limit, std::int64_t{0}, INT64_MAX, "0 (all rows) or more");
  check_range("early-stop", early_stop, 0, kMany, "0 (never) or more");
  check_range("warmup-epochs", warmup_epochs, 0, kMany, "0 or more");
  check_range("lr", lr, 0.0, 1000.0, "0 (the optimizer's own) to 1000");
  check_range("weight-decay", weight_decay, 0.0, 1000.0, "0 to 1000");
  check_range("clip-grad", clip_grad, 0.0, HUGE_VAL, "0 (off) or more");
  check_range("ema", ema, 0.0, kBelowOne, "0 (off) or a decay below 1");
  check_range("label-smoothing", label_smoothing, 0.0, kBelowOne, "0 or more and below 1");
  check_range("mixup", mixup, 0.0, 100.0, "0 (off) to 100");
  check_range("cutmix", cutmix, 0.0, 100.0, "0 (off) to 100");
  check_range("ferplus-weight", ferplus_weight, 0.0, 1.0, "0 to 1");
  check_teachers(*this);
  check_range("image-size", image_size, 0, 4096, "0 (the network's own) to 4096");
  check_range("freeze-epochs", freeze_epochs, 0, kMany, "0 or more");
  check_range("backbone-lr", backbone_lr, 0.0, 1000.0, "0 (0.1 for pretrained weights, else 1) to 1000");
  check_range("layer-decay", layer_decay, 1e-6, 1.0, "above 0, at most 1 (off)");
  if (frozen_epochs() >= epochs) {
    throw UsageError(
        "freeze-epochs: " + std::to_string(freeze_epochs) + " of " + std::to_string(epochs) +
        " epochs leave none to train the backbone (--freeze-epochs 0 trains it from the start, --unfreeze none trains "
        "the head alone)");
  }
  unfrozen_layers();
  feature_cache_bytes();
  if (!is_valid_utf8(pretrained)) {
    throw UsageError("pretrained: the path '" + printable(pretrained) + "' is not UTF-8; rename or link it");
  }
  validation_fraction();
  max_seconds();
  compute.validate();
}

int TrainOptions::frozen_epochs() const { return unfreeze == "none" ? 0 : freeze_epochs; }

int TrainOptions::unfrozen_layers() const {
  if (unfreeze == "all") return -1;
  if (unfreeze == "none") return 0;
  if (unfreeze.rfind("last:", 0) == 0) {
    const auto layers = parse_integer(unfreeze.substr(5));
    if (layers && *layers >= 1 && *layers <= INT32_MAX) return static_cast<int>(*layers);
  }
  throw UsageError("unfreeze: expected all, none or last:N with N of 1 or more, found '" + printable(unfreeze, 40) +
                   "'");
}

double TrainOptions::effective_backbone_lr() const {
  constexpr double kGentle = 0.1;
  if (backbone_lr > 0) return backbone_lr;
  return pretrained == "none" ? 1.0 : kGentle;
}

std::int64_t TrainOptions::feature_cache_bytes() const {
  constexpr double kLargest = 1e15;
  if (feature_cache == "off") return -1;
  std::string digits = feature_cache;
  double unit = 1;
  const std::string letters = "KMGT";
  if (!digits.empty() && letters.find(digits.back()) != std::string::npos) {
    for (std::size_t i = 0; i <= letters.find(digits.back()); ++i) unit *= 1024;
    digits.pop_back();
  }
  const auto value = parse_double(digits);
  if (!value || !(*value >= 0) || !(*value * unit <= kLargest)) {
    throw UsageError("feature-cache: expected off or a size like 512M or 2G, found '" + printable(feature_cache, 40) +
                     "'");
  }
  return static_cast<std::int64_t>(*value * unit);
}

double TrainOptions::effective_lr() const {
  if (lr > 0) return lr;
  return optimizer == OptimizerKind::sgd ? 0.05 : 0.001;
}

double TrainOptions::validation_fraction() const {
  if (validation == "public") return 0;
  if (validation.rfind("split:", 0) == 0) {
    const auto fraction = parse_double(validation.substr(6));
    if (fraction && *fraction > 0 && *fraction < 1) return *fraction;
  }
  throw UsageError("validation: expected public or split:F with F between 0 and 1, found '" +
                   printable(validation, 40) + "'");
}

double TrainOptions::max_seconds() const {
  if (max_time.empty()) return 0;
  double unit = 1;
  std::string digits = max_time;
  if (digits.back() == 's' || digits.back() == 'm' || digits.back() == 'h') {
    unit = digits.back() == 's' ? 1 : digits.back() == 'm' ? 60 : 3600;
    digits.pop_back();
  }
  const auto value = parse_double(digits);
  if (!value || !(*value > 0) || !std::isfinite(*value)) {
    throw UsageError("max-time: expected a time like 90s, 45m or 2h, found '" + printable(max_time, 40) + "'");
  }
  return *value * unit;
}

std::string train_options_json(const TrainOptions& options) {
  Json out = Json::object();
  visit_fields(options, Writer{out});
  return out.dump(2, ' ', false, Json::error_handler_t::replace);
}

TrainOptions parse_train_options(std::string_view text, const std::string& place) {
  const Json config = parse_json_strict(text, place);
  if (!config.is_object()) throw DataError(place + ": expected a JSON object");
  TrainOptions options;
  visit_fields(options, Reader{config, place});
  return options;
}

TrainOptions read_run_options(const std::string& folder) {
  constexpr std::size_t kLargest = std::size_t{1} << 20;
  const std::filesystem::path path = std::filesystem::path(folder) / "config.json";
  if (!std::filesystem::exists(path)) {
    throw IoError(printable(folder) + ": not a run folder: it has no config.json");
  }
  const InputFile file = InputFile::open(path, kLargest);
  TrainOptions options = parse_train_options(file.bytes(), printable(path.string()));
  options.out = folder;
  options.resume = folder;
  return options;
}

}  // namespace affekt
