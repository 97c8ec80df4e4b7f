// Flags and config files: from words and JSON values to fields.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/text.h"
#include "common/binding.h"
#include "core/json.h"

namespace affekt::cli {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void throw_expected(const std::string& place, const char* expected, const std::string& found) {
  throw UsageError(place + ": expected " + expected + ", found '" + printable(found, 60) + "'");
}

std::string value_text(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

}  // namespace

std::string Binding::shown() const {
  if (!given_as.empty()) return given_as;
  return name.size() == 1 ? "-" + name : "--" + name;
}

std::string Binding::spelling(const std::vector<std::string>& words) const {
  const std::string full = "--" + name;
  const bool spelt_out = std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return word == full || word.rfind(full + "=", 0) == 0;
  });
  return spelt_out || letter == '\0' ? full : std::string("-") + letter;
}

std::vector<std::string> split_short_assignments(const std::vector<std::string>& words,
                                                 const std::vector<Binding>& bindings) {
  std::vector<std::string> out;
  for (const auto& word : words) {
    if (word.size() <= 2 || word[0] != '-' || word[1] == '-' || word[2] != '=') {
      out.push_back(word);
      continue;
    }
    const auto flag = std::find_if(bindings.begin(), bindings.end(), [&](const Binding& binding) {
      return binding.kind == Kind::flag && binding.letter == word[1];
    });
    if (flag != bindings.end()) {
      out.push_back("--" + flag->name + word.substr(2));
    } else {
      out.push_back(word.substr(0, 2));
      out.push_back(word.substr(3));
    }
  }
  return out;
}

std::string as_given(const std::string& message, const std::vector<Binding>& bindings) {
  const std::size_t begin = message.rfind("--", 0) == 0 ? 2 : 0;
  const std::size_t colon = message.find(':');
  if (colon == std::string::npos || colon < begin) return message;
  const std::string name = message.substr(begin, colon - begin);
  const auto found = std::find_if(bindings.begin(), bindings.end(), [&](const Binding& b) { return b.name == name; });
  return found == bindings.end() ? message : found->shown() + message.substr(colon);
}

void Binding::assign(const Json& given, const std::string& place) {
  // -k takes a number or "auto": a number in a config is its text. One text is a list of one.
  const Json value = kind == Kind::text && given.is_number_integer() ? Json(given.dump())
                     : kind == Kind::list && given.is_string()       ? Json::array({given})
                                                                     : given;
  switch (kind) {
    case Kind::flag:
      if (!value.is_boolean()) throw_expected(place, "true or false", value_text(value));
      break;
    case Kind::integer:
      if (!value.is_number_integer()) throw_expected(place, "a whole number", value_text(value));
      break;
    case Kind::number:
      if (!value.is_number()) throw_expected(place, "a number", value_text(value));
      break;
    case Kind::text:
      if (!value.is_string()) throw_expected(place, "a text", value_text(value));
      break;
    case Kind::list:
      if (!value.is_array() || !std::all_of(value.begin(), value.end(), [](const Json& v) { return v.is_string(); })) {
        throw_expected(place, "a list of texts", value_text(value));
      }
      break;
    case Kind::choice:
      if (!value.is_string()) throw_expected(place, "one of its names", value_text(value));
      if (std::find(choices.begin(), choices.end(), value.get<std::string>()) == choices.end()) {
        throw UsageError(place + ": " + unknown_name_message("value", value.get<std::string>(), choices));
      }
      break;
  }
  try {
    set(value);
  } catch (const UsageError& error) {
    throw UsageError(place + ": " + error.what());
  }
}

void Binding::assign_text(const std::string& word, const std::string& place) {
  if (kind == Kind::integer) {
    const auto value = parse_integer(word);
    if (!value) throw_expected(place, "a whole number", word);
    return assign(Json(*value), place);
  }
  if (kind == Kind::number) {
    const auto value = parse_double(word);
    // JSON has no other numbers: an infinite one could not be written into a config or a run folder and read again.
    if (!value || !std::isfinite(*value)) throw_expected(place, "a finite number", word);
    return assign(Json(*value), place);
  }
  if (word.empty()) throw UsageError(place + ": expected a value, found none (an empty variable in a script?)");
  assign(Json(word), place);
}

void apply_config(const Json& config, const std::string& place, std::vector<Binding>& bindings) {
  std::vector<std::string> names;
  for (const auto& binding : bindings) {
    if (binding.in_config) names.push_back(binding.name);
  }
  for (const auto& [key, value] : config.items()) {
    const auto found = std::find_if(bindings.begin(), bindings.end(), [&name = key](const Binding& binding) {
      return binding.in_config && binding.name == name;
    });
    if (found == bindings.end()) throw UsageError(place + ": " + unknown_name_message("key", key, names));
    if (!found->given_as.empty()) continue;
    found->given_as = place + ": " + found->name;
    const Json before = found->get();
    found->assign(value, found->given_as);
    found->repeats_default = found->get() == before;
  }
}

Json read_config(const std::string& path) {
  constexpr std::size_t kLargest = std::size_t{1} << 20;
  const InputFile file = InputFile::open(path, kLargest);
  Json config = parse_json_strict(file.bytes(), printable(path), true);
  if (!config.is_object()) throw UsageError(printable(path) + ": expected one flat JSON object like {\"seed\": 42}");
  return config;
}

std::string find_preset(const std::string& name) {
  std::vector<std::string> known;
  for (const auto& entry : fs::directory_iterator(find_bundled("configs"))) {
    const fs::path& path = entry.path();
    if (path.extension() != ".json" || path.stem() == "moods") continue;
    if (path.stem() == name) return path.string();
    known.push_back(path.stem().string());
  }
  std::sort(known.begin(), known.end());
  throw UsageError("--preset: " + unknown_name_message("preset", name, known));
}

}  // namespace affekt::cli
