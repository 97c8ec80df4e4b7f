#include "common/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <limits>
#include <new>
#include <optional>

#include "affekt/core/error.h"
#include "affekt/core/parallel.h"
#include "affekt/core/simd.h"
#include "affekt/core/text.h"
#include "affekt/core/version.h"
#include "common/binding.h"

namespace affekt::cli {
namespace {

constexpr int kMostThreads = 1024;

template <typename Integer>
void set_integer(Integer& field, const Json& value) {
  using Limits = std::numeric_limits<Integer>;
  const bool beyond_signed = value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX;
  const std::int64_t number = beyond_signed ? 0 : value.get<std::int64_t>();
  const bool fits = !beyond_signed && number >= 0
                        ? static_cast<std::uint64_t>(number) <= std::uint64_t{Limits::max()}
                        : !beyond_signed && Limits::is_signed && number >= std::int64_t{Limits::min()};
  if (!fits) {
    // Only seeds take numbers of any size; what the others take is checked, and told, by those who use them.
    throw UsageError(Limits::is_signed
                         ? value.dump() + " is out of range"
                         : "expected 0 or more, up to " + std::to_string(INT64_MAX) + ", found " + value.dump());
  }
  field = static_cast<Integer>(number);
}

std::string type_name(const Binding& binding) {
  switch (binding.kind) {
    case Kind::integer:
      return "N";
    case Kind::number:
      return "X";
    case Kind::choice:
      return join(binding.choices, "|");
    default:
      return "TEXT";
  }
}

std::string help_text(const Binding& binding) {
  const Json value = binding.get();
  if (binding.kind == Kind::flag || binding.kind == Kind::list || value == Json("")) return binding.help;
  return binding.help + " [" + (value.is_string() ? value.get<std::string>() : value.dump()) + "]";
}

UsageError unknown_flag(const std::string& word, const std::vector<std::string>& flags, bool takes_files) {
  const std::string message = unknown_name_message("flag", word.substr(0, word.find('=')), flags);
  std::error_code error;
  const bool file = takes_files && (word[1] != '-' || std::filesystem::exists(word, error));
  if (!file || message.find("did you mean") != std::string::npos) return UsageError(message);
  return UsageError("unknown flag '" + printable(word, 60) +
                    "'; see --help (a file name that begins with a dash goes after --)");
}

UsageError unexpected_argument(const std::string& word) {
  return UsageError("unexpected argument '" + printable(word, 60) + "'");
}

}  // namespace

struct Tool::Impl {
  std::string verb, program, description, footer, positional_name, positional_help;
  std::vector<std::string>* positional = nullptr;
  std::vector<Binding> bindings;
  std::string config, preset;
  bool print_config = false, presets = false;

  Binding& add(const std::string& name, Kind kind, const std::string& help) {
    bindings.push_back({});
    Binding& binding = bindings.back();
    binding.name = name;
    binding.kind = kind;
    binding.help = help;
    return binding;
  }

  template <typename T>
  void add_value(const std::string& name, Kind kind, T& field, const std::string& help) {
    Binding& binding = add(name, kind, help);
    binding.set = [&field](const Json& value) {
      if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
        set_integer(field, value);
      } else {
        field = value.get<T>();
      }
    };
    binding.get = [&field] {
      if constexpr (std::is_same_v<T, std::string>) {
        return Json(to_utf8(field));
      } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
        Json texts = Json::array();
        for (const auto& text : field) texts.push_back(to_utf8(text));
        return texts;
      } else {
        return Json(field);
      }
    };
  }

  Binding& find(const std::string& name) {
    const auto found = std::find_if(bindings.begin(), bindings.end(), [&](const Binding& b) { return b.name == name; });
    if (found == bindings.end()) throw std::logic_error("no flag --" + name);
    return *found;
  }

  /// Fills the fields. Returns the text to print and stop with where help or the version was asked for.
  std::optional<std::string> parse(int argc, char** argv);
  void assign_words(const std::vector<std::vector<std::string>>& words, const std::vector<std::string>& arguments);
  void bind_words(CLI::App& app, std::vector<std::vector<std::string>>& words, std::vector<std::string>& positionals);
  void refuse_extras(const CLI::App& app, const std::vector<std::string>& positionals) const;
  void apply_files();
};

Tool::Tool(const std::string& verb, const std::string& description) : impl_(std::make_unique<Impl>()) {
  impl_->verb = verb;
  impl_->program = verb == "affekt" ? verb : "affekt-" + verb;
  impl_->description = description;
  impl_->add_value("config", Kind::text, impl_->config, "Read flags from a JSON file");
  impl_->bindings.back().in_config = false;
  impl_->add_value("print-config", Kind::flag, impl_->print_config, "Print the effective options as JSON and stop");
  impl_->bindings.back().in_config = false;
  impl_->add_value("seed", Kind::integer, common.seed, "Seed of everything random, 0 or more");
  option("threads", common.threads, "Threads; 0 = all cores");
  flag("quiet", common.quiet, "No notes and no progress");
  flag("verbose", common.verbose, "More notes");
  flag("json", common.json, "The result as JSON");
  alias("quiet", 'q');
  alias("verbose", 'v');
}

Tool::~Tool() = default;

void Tool::flag(const std::string& name, bool& field, const std::string& help) {
  impl_->add_value(name, Kind::flag, field, help);
}
void Tool::option(const std::string& name, int& field, const std::string& help) {
  impl_->add_value(name, Kind::integer, field, help);
}
void Tool::option(const std::string& name, std::int64_t& field, const std::string& help) {
  impl_->add_value(name, Kind::integer, field, help);
}
void Tool::option(const std::string& name, double& field, const std::string& help) {
  impl_->add_value(name, Kind::number, field, help);
}
void Tool::option(const std::string& name, std::string& field, const std::string& help) {
  impl_->add_value(name, Kind::text, field, help);
}
void Tool::option(const std::string& name, std::vector<std::string>& field, const std::string& help) {
  impl_->add_value(name, Kind::list, field, help);
}

void Tool::text_impl(const std::string& name, const std::string& help, std::function<void(const std::string&)> set,
                     std::function<std::string()> get) {
  Binding& binding = impl_->add(name, Kind::text, help);
  binding.set = [set = std::move(set)](const Json& value) { set(value.get<std::string>()); };
  binding.get = [get = std::move(get)] { return Json(get()); };
}

void Tool::choice_impl(const std::string& name, const std::vector<std::string>& texts, const std::string& help,
                       std::function<void(std::size_t)> set, std::function<std::size_t()> get) {
  Binding& binding = impl_->add(name, Kind::choice, help);
  binding.choices = texts;
  binding.set = [texts, set = std::move(set)](const Json& value) {
    set(static_cast<std::size_t>(std::find(texts.begin(), texts.end(), value.get<std::string>()) - texts.begin()));
  };
  binding.get = [texts, get = std::move(get)] { return Json(texts[get()]); };
}

void Tool::positional(const std::string& name, std::vector<std::string>& field, const std::string& help) {
  impl_->positional_name = name;
  impl_->positional_help = help;
  impl_->positional = &field;
}

void Tool::alias(const std::string& name, char letter) { impl_->find(name).letter = letter; }

void Tool::enable_presets() {
  impl_->presets = true;
  impl_->add_value("preset", Kind::text, impl_->preset, "Options from configs/NAME.json");
}

void Tool::footer(const std::string& text) { impl_->footer = text; }

bool Tool::given(const std::string& name) const { return !impl_->find(name).given_as.empty(); }

bool Tool::chosen(const std::string& name) const { return given(name) && !impl_->find(name).repeats_default; }

std::string Tool::shown(const std::string& name) const { return impl_->find(name).shown(); }

void Tool::Impl::bind_words(CLI::App& app, std::vector<std::vector<std::string>>& words,
                            std::vector<std::string>& positionals) {
  words.resize(bindings.size());
  for (std::size_t i = 0; i < bindings.size(); ++i) {
    const Binding& binding = bindings[i];
    std::string names = "--" + binding.name;
    if (binding.letter != '\0') names = std::string("-") + binding.letter + "," + names;
    if (binding.kind == Kind::flag) {
      app.add_flag(names, words[i], help_text(binding));  // "true" for each time, or what --flag=TEXT says
      continue;
    }
    app.add_option(names, words[i], help_text(binding))
        ->type_size(1)
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false)
        ->type_name(type_name(binding));
  }
  if (positional != nullptr) app.add_option(positional_name, positionals, positional_help)->type_name("");
}

void Tool::Impl::refuse_extras(const CLI::App& app, const std::vector<std::string>& positionals) const {
  std::vector<std::string> flags{"--help", "--version"};
  for (const auto& binding : bindings) flags.push_back("--" + binding.name);
  const auto is_flag = [](const std::string& word) { return word.size() > 1 && word[0] == '-'; };
  for (const auto& words : {app.remaining(), positionals}) {
    for (const auto& word : words) {
      if (is_flag(word)) throw unknown_flag(word, flags, positional != nullptr);
    }
  }
  if (!app.remaining().empty()) throw unexpected_argument(app.remaining().front());
}

void Tool::Impl::apply_files() {
  if (!config.empty()) apply_config(read_config(config), printable(config), bindings);
  if (!preset.empty()) {
    const std::string path = find_preset(preset);
    apply_config(read_config(path), "preset " + printable(preset), bindings);
  }
}

void Tool::Impl::assign_words(const std::vector<std::vector<std::string>>& words,
                              const std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i < bindings.size(); ++i) {
    if (words[i].empty()) continue;
    Binding& binding = bindings[i];
    binding.given_as = binding.spelling(arguments);
    const std::string& place = binding.given_as;
    if (binding.kind == Kind::flag) {
      const std::string& word = words[i].back();
      binding.assign(word == "true" ? Json(true) : word == "false" ? Json(false) : Json(word), place);
    } else if (binding.kind == Kind::list) {
      binding.assign(Json(words[i]), place);
    } else {
      binding.assign_text(words[i].back(), place);
    }
  }
}

std::optional<std::string> Tool::Impl::parse(int argc, char** argv) {
  CLI::App app{description, program};
  app.footer(footer);
  app.set_version_flag("--version", program + " " + version());
  app.allow_extras();
  std::vector<std::vector<std::string>> words;
  std::vector<std::string> positionals;
  bind_words(app, words, positionals);
  const std::vector<std::string> line(argv + std::min(argc, 1), argv + argc);
  const auto marker = std::find(line.begin(), line.end(), "--");
  std::vector<std::string> arguments = split_short_assignments({line.begin(), marker}, bindings);
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  try {
    app.parse(arguments);
  } catch (const CLI::CallForHelp&) {
    return app.help();
  } catch (const CLI::CallForVersion& asked) {
    return std::string(asked.what()) + "\n";
  } catch (const CLI::ParseError& error) {
    throw UsageError(printable(error.what()) + "; see --help");
  }
  refuse_extras(app, positionals);
  if (marker != line.end()) positionals.insert(positionals.end(), marker + 1, line.end());  // after "--" all are inputs
  if (positional == nullptr && !positionals.empty()) throw unexpected_argument(positionals.front());
  if (positional != nullptr && !positionals.empty()) *positional = positionals;
  assign_words(words, {line.begin(), marker});
  apply_files();
  return std::nullopt;
}

std::string json_text(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json Tool::options() const {
  Json options = Json::object();
  for (const auto& binding : impl_->bindings) {
    if (binding.in_config && binding.name != "preset") options[binding.name] = binding.get();
  }
  return options;
}

Json Tool::result() const {
  return {{"schema", "affekt." + impl_->verb + "/1"},
          {"version", version()},
          {"seed", common.seed},
          {"options", options()}};
}

namespace {

/// Runs `work` and turns every outcome into an exit code and one line on stderr.
int guarded(Io& io, const std::function<int()>& work) {
  const auto fail = [&io](int code, const std::string& message) {
    io.error(message);
    return code;
  };
  try {
    return work();
  } catch (const UsageError& error) {
    return fail(kUsage, error.what());
  } catch (const DataError& error) {
    return fail(kBadContent, error.what());
  } catch (const IoError& error) {
    return fail(kNoFile, error.what());
  } catch (const Interrupted& error) {
    const int other = error.signal != 0 ? error.signal : SIGINT;
    return fail(128 + (noted_signal() != 0 ? noted_signal() : other), error.what());
  } catch (const LostRank& error) {
    return fail(kInternalFault, error.what());
  } catch (const std::bad_alloc&) {
    return fail(kInternalFault, "out of memory");
  } catch (const std::exception& error) {
    return fail(kInternalFault, std::string("internal fault: ") + error.what());
  }
}

}  // namespace

int Tool::run(int argc, char** argv, const std::function<int(Io&)>& body) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file over the limit is an error of writing, not an end without a word
  hold_standard_streams();
  Io io(impl_->program);
  int code = guarded(io, [&] {
    if (const auto answer = impl_->parse(argc, argv)) {
      io.out() << *answer;
      return 0;
    }
    if (common.threads < 0 || common.threads > kMostThreads) {
      throw UsageError("--threads: expected 0 (all cores) to " + std::to_string(kMostThreads) + ", found " +
                       std::to_string(common.threads));
    }
    io.configure(common.quiet, common.verbose);
    if (impl_->print_config) {
      io.out() << options().dump(2) << '\n';
      return 0;
    }
    set_thread_count(common.threads);
    follow_simd_variable();
    try {
      return body(io);
    } catch (const UsageError& error) {
      throw UsageError(as_given(error.what(), impl_->bindings));
    }
  });
  io.end_progress();
  io.out().flush();
  if (io.out_error() == EPIPE) return 0;
  if (io.out_error() != 0) {
    io.error(std::string("standard output: ") + std::strerror(io.out_error()));
    return code == 0 ? kNoFile : code;
  }
  return code;
}

}  // namespace affekt::cli
