// Private to common/: one row of a tool's table of flags.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/cli.h"

namespace affekt::cli {

enum class Kind : std::uint8_t { flag, integer, number, text, list, choice };

struct Binding {
  std::string name;  ///< Long flag without dashes, and config key.
  std::string help;
  Kind kind = Kind::text;
  char letter = '\0';                ///< Short form, or none.
  std::vector<std::string> choices;  ///< Kind::choice.
  std::function<void(const Json&)> set;
  std::function<Json()> get;
  std::string given_as;          ///< As the user named it: "-n", "--count", "config.json: count"; empty = not set.
  bool repeats_default = false;  ///< Set by a config or preset, and to the value it had anyway.
  bool in_config = true;         ///< False for --config and the like.

  /// How a message names it.
  std::string shown() const;
  /// Its form among the words of the command line: "-n" or "--count".
  std::string spelling(const std::vector<std::string>& words) const;
  /// Checks type and range and assigns. `place` begins the message: "--epochs" or "config.json: epochs".
  void assign(const Json& value, const std::string& place);
  /// The same from a word of the command line.
  void assign_text(const std::string& word, const std::string& place);
};

/// "-k=4" means "-k 4", which CLI11 would read as "=4"; and "-q=false" means "--quiet=false".
std::vector<std::string> split_short_assignments(const std::vector<std::string>& words,
                                                 const std::vector<Binding>& bindings);

/// The library names options ("count: expected ..."); here the message names the flag as it was typed, or the key of a
/// config. Other messages stay as they are.
std::string as_given(const std::string& message, const std::vector<Binding>& bindings);

/// Sets every binding that `config` names and that is not given yet. Unknown keys are refused with the nearest name.
void apply_config(const Json& config, const std::string& place, std::vector<Binding>& bindings);

/// Reads a flat JSON object, comments allowed.
Json read_config(const std::string& path);

/// Path of a preset. @throws UsageError naming the known presets.
std::string find_preset(const std::string& name);

}  // namespace affekt::cli
