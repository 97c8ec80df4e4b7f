#include "model/card.h"

#include <cmath>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "affekt/data/emotion.h"
#include "affekt/model/architectures.h"
#include "core/json.h"

namespace affekt {
namespace {

/// Typed access to the fields of an object; every complaint names the field.
class Fields {
 public:
  Fields(const Json& object, std::string place) : object_(object), place_(std::move(place)) {
    if (!object.is_object()) throw DataError(place_ + ": expected an object, found " + object.type_name());
  }

  [[noreturn]] void fail(const char* key, const std::string& what) const {
    throw DataError(place_ + ": " + key + ": " + what);
  }

  const Json& required(const char* key) const {
    const auto found = object_.find(key);
    if (found == object_.end()) fail(key, "missing");
    return *found;
  }
  bool has(const char* key) const { return object_.contains(key); }

  std::string text(const char* key) const {
    const Json& value = required(key);
    if (!value.is_string()) fail(key, std::string("expected a text, found ") + value.type_name());
    return value.get<std::string>();
  }
  std::string text_or(const char* key, const std::string& fallback) const { return has(key) ? text(key) : fallback; }

  int integer(const char* key, int low, int high) const {
    const Json& value = required(key);
    if (!value.is_number_integer() || value < low || value > high) {
      fail(key, "expected a whole number from " + std::to_string(low) + " to " + std::to_string(high) + ", found " +
                    printable(value.dump(), 40));
    }
    return value.get<int>();
  }

  double number(const char* key) const { return as_number(key, required(key)); }

  double as_number(const char* key, const Json& value) const {
    if (!value.is_number() || !std::isfinite(value.get<double>())) {
      fail(key, "expected a finite number, found " + printable(value.dump(), 40));
    }
    return value.get<double>();
  }

  std::array<double, 3> three_numbers(const char* key) const {
    const Json& value = required(key);
    std::array<double, 3> out{};
    if (!value.is_array() || value.size() != out.size()) fail(key, "expected three numbers");
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = as_number(key, value[i]);
    return out;
  }

 private:
  const Json& object_;
  std::string place_;
};

Preprocessing parse_preprocessing(const Json& object, const std::string& place) {
  const Fields fields(object, place + ": preprocessing");
  Preprocessing out;
  out.name = fields.text("name");
  out.scale = fields.number("scale");
  out.mean = fields.three_numbers("mean");
  out.std = fields.three_numbers("std");
  if (!(out.scale > 0)) fields.fail("scale", "must be above 0");
  for (const double value : out.std) {
    if (!(value > 0)) fields.fail("std", "must be above 0");
  }
  return out;
}

std::vector<std::string> parse_classes(const Fields& fields) {
  const Json& value = fields.required("classes");
  if (value != Json(emotion_names())) {
    fields.fail("classes", "expected " + join(emotion_names(), ", ") + ", found " + printable(value.dump(), 120));
  }
  return emotion_names();
}

Metrics parse_metrics(const Fields& card, const std::string& place) {
  Metrics metrics;
  if (!card.has("metrics")) return metrics;
  const Json& object = card.required("metrics");
  const Fields fields(object, place + ": metrics");
  for (const auto& [key, value] : object.items()) {
    if (!value.is_null()) metrics[key] = fields.as_number(printable(key, 60).c_str(), value);
  }
  return metrics;
}

}  // namespace

ModelCard parse_card(std::string_view json, const std::string& file_place) {
  const std::string place = file_place + ": card";
  const Json root = parse_json_strict(json, place);
  const Fields fields(root, place);
  constexpr int kLargestSide = 1024;
  ModelCard card;
  card.architecture = fields.text("architecture");
  card.head = fields.text_or("head", card.head);
  card.variant = fields.text_or("variant", card.variant);
  card.image_size = fields.integer("image_size", 1, kLargestSide);
  card.channels = fields.integer("channels", 1, 3);
  card.classes = parse_classes(fields);
  card.preprocessing = parse_preprocessing(fields.required("preprocessing"), place);
  card.pretrained = fields.text_or("pretrained", "");
  card.teachers = fields.text_or("teachers", "");
  if (fields.has("training_options")) {
    const Json& options = fields.required("training_options");
    if (!options.is_object()) fields.fail("training_options", "expected an object");
    card.training_options_json = options.dump();
  }
  if (fields.has("seed")) {
    const Json& seed = fields.required("seed");
    if (!seed.is_number_unsigned()) fields.fail("seed", "expected a whole number, not negative");
    card.seed = seed.get<std::uint64_t>();
  }
  card.data = fields.text_or("data", "");
  card.data_digest = fields.text_or("data_digest", "");
  card.selection = fields.text_or("selection", "");
  card.metrics = parse_metrics(fields, place);
  card.license = fields.text_or("license", "");
  card.created = fields.text_or("created", "");
  card.tool_version = fields.text_or("tool_version", "");
  return card;
}

Network network_of(const ModelCard& card, const std::string& place) {
  NetworkOptions options;
  options.image_size = card.image_size;
  options.classes = static_cast<int>(card.classes.size());
  options.head = card.head;
  options.variant = card.variant;
  try {
    Network network = make_network(card.architecture, options);
    if (network.input.channels != card.channels) {
      throw UsageError("channels: " + card.architecture + " takes " + std::to_string(network.input.channels) +
                       ", found " + std::to_string(card.channels));
    }
    return network;
  } catch (const UsageError& error) {
    throw DataError(place + ": card: " + error.what());
  }
}

std::string card_json(const ModelCard& card) {
  Json root;
  root["architecture"] = card.architecture;
  root["head"] = card.head;
  if (!card.variant.empty()) root["variant"] = card.variant;
  root["image_size"] = card.image_size;
  root["channels"] = card.channels;
  root["classes"] = card.classes;
  const Preprocessing& p = card.preprocessing;
  root["preprocessing"] = {{"name", p.name}, {"scale", p.scale}, {"mean", p.mean}, {"std", p.std}};
  if (!card.pretrained.empty()) root["pretrained"] = card.pretrained;
  if (!card.teachers.empty()) root["teachers"] = card.teachers;
  try {
    root["training_options"] = parse_json_strict(card.training_options_json, "training options");
  } catch (const DataError& error) {
    throw UsageError(error.what());
  }
  root["seed"] = card.seed;
  root["data"] = card.data;
  root["data_digest"] = card.data_digest;
  root["selection"] = card.selection;
  Json metrics = Json::object();
  for (const auto& [name, value] : card.metrics) metrics[name] = number_or_null(value);
  root["metrics"] = metrics;
  root["license"] = card.license;
  root["created"] = card.created;
  root["tool_version"] = card.tool_version;
  // File names are bytes, JSON is UTF-8: what is not valid is replaced rather than lost with the whole run.
  return root.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace affekt
