#include "run/summary_json.h"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/text.h"

namespace affekt {
namespace {

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
  visit("layout", summary.layout);
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

/// A number or text of summary.json; null leaves the field as it is.
template <typename Field>
void read_field(const Json& value, const std::string& place, Field& field) {
  if (value.is_null()) return;
  if constexpr (std::is_same_v<Field, std::string>) {
    if (!value.is_string()) throw DataError(place + ": expected a text, found " + value.type_name());
    field = value.get<std::string>();
  } else {
    if (!value.is_number()) throw DataError(place + ": expected a number, found " + value.type_name());
    if constexpr (std::is_floating_point_v<Field>) {
      field = value.get<Field>();
    } else {
      constexpr double kMost = 1e15;  // exact as double, and no count is larger
      const std::int64_t whole = value.is_number_integer()
                                     ? value.get<std::int64_t>()
                                     : static_cast<std::int64_t>(std::clamp(value.get<double>(), -kMost, kMost));
      field = static_cast<Field>(
          std::clamp<std::int64_t>(whole, std::numeric_limits<Field>::min(), std::numeric_limits<Field>::max()));
    }
  }
}

std::string dumped(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace); }

}  // namespace

Json to_json(const TrainSummary& summary) {
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
  return out;
}

Json to_json(const SeedSummary& summary) {
  Json out = Json::object();
  out["run"] = summary.run;
  out["seeds"] = summary.seeds;
  out["complete"] = summary.complete;
  const std::pair<const char*, double TrainSummary::*> figures[] = {
      {"train_accuracy", &TrainSummary::train_accuracy},
      {"validation_accuracy", &TrainSummary::validation_accuracy},
      {"private_accuracy", &TrainSummary::private_accuracy}};
  for (const auto& [name, figure] : figures) {
    const Spread spread = spread_of(summary, figure);
    out[name] = number_or_null(spread.mean);
    out[std::string(name) + "_sd"] = number_or_null(spread.deviation);
  }
  out["seconds"] = summary.seconds;
  out["runs"] = Json::array();
  for (std::size_t i = 0; i < summary.runs.size(); ++i) {
    Json run = {{"seed", summary.seeds[i]}};
    run.update(to_json(summary.runs[i]));
    out["runs"].push_back(std::move(run));
  }
  return out;
}

std::string train_summary_json(const TrainSummary& summary) { return dumped(to_json(summary)); }
std::string seed_summary_json(const SeedSummary& summary) { return dumped(to_json(summary)); }

TrainSummary read_train_summary(const std::filesystem::path& path, TrainSummary unknown) {
  constexpr std::size_t kLargest = std::size_t{1} << 20;
  const InputFile file = InputFile::open(path, kLargest);
  const std::string place = printable(path.string());
  const Json in = parse_json_strict(file.bytes(), place);
  if (!in.is_object()) throw DataError(place + ": expected an object, found " + in.type_name());
  TrainSummary summary = std::move(unknown);
  visit_fields(summary, [&](const char* key, auto& field) {
    if (const auto found = in.find(key); found != in.end()) read_field(*found, place + ": " + key, field);
  });
  try {
    read_parts(in, summary);
  } catch (const Json::exception&) {
    throw DataError(place + ": pretrained, teachers, groups or sources: damaged");
  }
  return summary;
}

}  // namespace affekt
