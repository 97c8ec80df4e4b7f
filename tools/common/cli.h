// The shape of every tool: one table of flags that serves the command line, --config, --print-config and the `options`
// of JSON results; exit codes; notes and progress on stderr.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/io.h"
#include "core/json.h"

namespace affekt::cli {

/// Exit codes; run() gives them to whatever the body throws.
inline constexpr int kInternalFault = 1;
inline constexpr int kUsage = 2;
inline constexpr int kBadContent = 3;
inline constexpr int kNoFile = 4;
inline constexpr int kPartialFailure = 5;  ///< Some inputs failed and others did not: returned by the body.

struct CommonOptions {
  std::uint64_t seed = 42;
  int threads = 0;  ///< 0 = all cores.
  bool quiet = false;
  bool verbose = false;
  bool json = false;
};

/// Bind flags to fields (the fields' values are the defaults), then run(). Names come without dashes; a flag and its
/// config key have the same name. Precedence: flag > config > preset > default.
class Tool {
 public:
  /// @param verb  "train" for affekt-train.
  Tool(const std::string& verb, const std::string& description);
  ~Tool();

  CommonOptions common;

  void flag(const std::string& name, bool& field, const std::string& help);
  void option(const std::string& name, int& field, const std::string& help);
  void option(const std::string& name, std::int64_t& field, const std::string& help);
  void option(const std::string& name, double& field, const std::string& help);
  void option(const std::string& name, std::string& field, const std::string& help);
  /// One value an occurrence, repeatable; in a config an array (or one string).
  void option(const std::string& name, std::vector<std::string>& field, const std::string& help);
  /// A value out of a fixed set of names.
  template <typename Enum>
  void choice(const std::string& name, Enum& field, const std::vector<std::pair<std::string, Enum>>& names,
              const std::string& help) {
    std::vector<std::string> texts;
    texts.reserve(names.size());
    for (const auto& entry : names) texts.push_back(entry.first);
    choice_impl(
        name, texts, help, [&field, names](std::size_t i) { field = names[i].second; },
        [&field, names] {
          std::size_t i = 0;
          while (i + 1 < names.size() && names[i].second != field) ++i;
          return i;
        });
  }
  /// A text that stands for a value of a type of its own, with parse() and text(). parse() refuses with a UsageError.
  template <typename Value>
  auto option(const std::string& name, Value& field, const std::string& help)
      -> decltype(field = Value::parse(field.text()), void()) {
    text_impl(
        name, help, [&field](const std::string& text) { field = Value::parse(text); },
        [&field] { return field.text(); });
  }
  void positional(const std::string& name, std::vector<std::string>& field, const std::string& help);
  /// Short form of an option already bound: alias("count", "n") makes -n.
  void alias(const std::string& name, char letter);
  /// Presets: configs/NAME.json through --preset.
  void enable_presets();
  /// Text after the flags in --help: examples.
  void footer(const std::string& text);

  /// True if the user set it by flag, config or preset.
  bool given(const std::string& name) const;
  /// The same, but a config or preset that repeats the default does not count: what --print-config prints names every
  /// option, so "X has no effect with Y" is to ask this one.
  bool chosen(const std::string& name) const;
  /// The option as the user named it, for messages: "-n", "--count" or "config.json: count". A UsageError of the body
  /// that begins with "count: " is shown so by itself.
  std::string shown(const std::string& name) const;

  /// Parses, handles --help, --version and --print-config, runs the body and turns every outcome into an exit code.
  int run(int argc, char** argv, const std::function<int(Io&)>& body);

  /// A result with schema ("affekt.<verb>/1"), version, seed and options already in it.
  Json result() const;
  /// All effective options as one flat object, as --print-config prints it.
  Json options() const;

 private:
  void text_impl(const std::string& name, const std::string& help, std::function<void(const std::string&)> set,
                 std::function<std::string()> get);
  void choice_impl(const std::string& name, const std::vector<std::string>& texts, const std::string& help,
                   std::function<void(std::size_t)> set, std::function<std::size_t()> get);
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// JSON as text; bytes of file names that are not UTF-8 become U+FFFD. @param indent  spaces a level; -1 = one line.
std::string json_text(const Json& json, int indent = -1);

/// Installs handlers for SIGINT and SIGTERM that only note the signal, so that work can be saved first; 0 = none yet.
/// After the work ended early, throw affekt::Interrupted: run() then exits with 128 + signal. A second signal ends the
/// process at once.
/// @param in_company  Under a launcher, which passes signals on that the process has got already: a signal within some
///                    seconds of the first is taken for the same one.
const std::atomic<int>& catch_interrupts(bool in_company = false);
int noted_signal();  ///< 0 = none so far.

}  // namespace affekt::cli
