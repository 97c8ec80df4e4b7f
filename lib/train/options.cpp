#include "train/options.h"

#include <algorithm>
#include <filesystem>
#include <type_traits>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/text.h"
#include "affekt/train/train_option_table.h"
#include "core/json.h"

namespace affekt {
namespace {

template <typename T, typename = void>
struct has_text : std::false_type {};
template <typename T>
struct has_text<T, std::void_t<decltype(std::declval<T>().text())>> : std::true_type {};

template <typename T>
Json to_json(const T& field) {
  if constexpr (std::is_enum_v<T>) {
    for (const auto& [name, value] : names_of(field)) {
      if (value == field) return name;
    }
    return nullptr;
  } else if constexpr (has_text<T>::value) {
    return field.text();
  } else {
    return field;
  }
}

/// @throws Json::exception, UsageError.
template <typename T>
T from_json(const Json& value) {
  if constexpr (std::is_enum_v<T>) {
    const auto text = value.get<std::string>();
    for (const auto& [name, named] : names_of(T{})) {
      if (name == text) return named;
    }
    throw UsageError("no such name");
  } else if constexpr (has_text<T>::value) {
    return T::parse(value.get<std::string>());
  } else {
    return value.get<T>();
  }
}

struct ConfigEntry {
  TrainOptionRow row;
  Json value;
  const void* field;
};

/// What config.json holds, in the order of the fields of TrainOptions.
std::vector<ConfigEntry> config_entries(const TrainOptions& options) {
  std::vector<ConfigEntry> entries;
  visit_train_options(options, [&](const TrainOptionRow& row, const auto& field) {
    if (row.in_config) entries.push_back({row, to_json(field), &field});
  });
  std::sort(entries.begin(), entries.end(),
            [](const ConfigEntry& a, const ConfigEntry& b) { return std::less<>()(a.field, b.field); });
  return entries;
}

template <typename T>
std::string shown(T value) {
  if constexpr (std::is_floating_point_v<T>) return format_shortest(value);
  return std::to_string(value);
}

void check_path(const TrainOptionRow& row, const std::string& path) {
  if (is_valid_utf8(path)) return;
  throw UsageError(row.name + ": the path '" + printable(path) + "' is not UTF-8; rename or link it");
}

struct Check {
  void operator()(const TrainOptionRow& row, const std::string& text) const {
    if (row.is_path) check_path(row, text);
  }
  void operator()(const TrainOptionRow& row, const std::vector<std::string>& texts) const {
    for (const std::string& text : texts) check_path(row, text);
  }
  template <typename T>
  void operator()(const TrainOptionRow& row, const T& field) const {
    if constexpr (std::is_arithmetic_v<T>) {
      const auto value = static_cast<double>(field);
      if (row.range.empty() || (value >= row.least && value <= row.most)) return;
      throw UsageError(row.name + ": expected " + row.range + ", found " + shown(field));
    }
  }
};

void check_teachers(const TrainOptions& options) {
  const TrainOptions usual;
  if (!options.teachers.empty()) return;
  const bool temperature = options.temperature < usual.temperature || options.temperature > usual.temperature;
  const bool weight = options.teacher_weight < usual.teacher_weight || options.teacher_weight > usual.teacher_weight;
  if (temperature) throw UsageError("temperature: of no effect without --teacher");
  if (weight) throw UsageError("teacher-weight: of no effect without --teacher");
}

std::string base_name(const std::string& path) {
  const std::string name = std::filesystem::path(path).filename().string();
  return name.empty() ? path : name;
}

struct WithoutFolders {
  void operator()(const TrainOptionRow& row, std::string& text) const {
    if (row.is_path) text = base_name(text);
  }
  void operator()(const TrainOptionRow& row, std::vector<std::string>& texts) const {
    for (std::string& text : texts) (*this)(row, text);
  }
  template <typename T>
  void operator()(const TrainOptionRow& /*row*/, T& /*field*/) const {}
};

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
  visit_train_options(*this, Check{});
  check_teachers(*this);
  if (frozen_epochs() >= epochs) {
    throw UsageError(
        "freeze-epochs: " + std::to_string(freeze_epochs) + " of " + std::to_string(epochs) +
        " epochs leave none to train the backbone (--freeze-epochs 0 trains it from the start, --unfreeze none trains "
        "the head alone)");
  }
  compute.validate();
}

int TrainOptions::frozen_epochs() const { return unfreeze.layers == 0 ? 0 : freeze_epochs; }

double TrainOptions::effective_backbone_lr() const {
  constexpr double kGentle = 0.1;
  if (backbone_lr > 0) return backbone_lr;
  return pretrained == "none" ? 1.0 : kGentle;
}

double TrainOptions::effective_lr() const {
  if (lr > 0) return lr;
  return optimizer == OptimizerKind::sgd ? 0.05 : 0.001;
}

std::string train_options_json(const TrainOptions& options) {
  Json out = Json::object();
  for (ConfigEntry& entry : config_entries(options)) out[entry.row.name] = std::move(entry.value);
  return out.dump(2, ' ', false, Json::error_handler_t::replace);
}

TrainOptions parse_train_options(std::string_view text, const std::string& place) {
  const Json config = parse_json_strict(text, place);
  if (!config.is_object()) throw DataError(place + ": expected a JSON object");
  TrainOptions options;
  visit_train_options(options, [&](const TrainOptionRow& row, auto& field) {
    if (!row.in_config || !config.contains(row.name)) return;
    const Json& value = config.at(row.name);
    try {
      field = from_json<std::decay_t<decltype(field)>>(value);
    } catch (const Json::exception&) {
      throw DataError(place + ": " + row.name + ": a value of the wrong kind, " + printable(value.dump(), 60));
    } catch (const UsageError& error) {
      throw DataError(place + ": " + row.name + ": " + error.what());
    }
  });
  return options;
}

std::vector<std::pair<std::string, std::string>> common_option_texts(const TrainOptions& options) {
  std::vector<std::pair<std::string, std::string>> texts;
  for (const ConfigEntry& entry : config_entries(options)) {
    if (!entry.row.own) texts.emplace_back(entry.row.name, entry.value.dump());
  }
  return texts;
}

TrainOptions without_folders(TrainOptions options) {
  visit_train_options(options, WithoutFolders{});
  return options;
}

void check_resumable(const std::function<bool(const std::string&)>& given) {
  const TrainOptions any;
  visit_train_options(any, [&](const TrainOptionRow& row, const auto& /*field*/) {
    if (row.on_resume != OnResume::keep || !given(row.name)) return;
    throw UsageError("--" + row.name +
                     ": a resumed run keeps its own (only --epochs, --threads, --device, --data, --max-time "
                     "and --rank-timeout may be changed; --teacher names the same files elsewhere)");
  });
}

TrainOptions resumed_options(const TrainOptions& saved, const TrainOptions& now,
                             const std::function<bool(const std::string&)>& given) {
  std::vector<const void*> fields;
  visit_train_options(now, [&](const TrainOptionRow& /*row*/, const auto& field) { fields.push_back(&field); });
  TrainOptions options = saved;
  std::size_t i = 0;
  visit_train_options(options, [&](const TrainOptionRow& row, auto& field) {
    const void* from = fields[i++];
    const bool taken = row.on_resume == OnResume::anew || (row.on_resume == OnResume::given && given(row.name));
    if (row.in_config && taken) field = *static_cast<const std::decay_t<decltype(field)>*>(from);
  });
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
