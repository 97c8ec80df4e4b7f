// affekt: runs affekt-VERB, in the manner of git. Knows by itself only help, --version and doctor.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "affekt/core/error.h"
#include "affekt/core/text.h"
#include "common/cli.h"
#include "doctor.h"
#include "doctor_checks.h"

namespace {

using affekt::cli::Io;
using affekt::cli::Tool;

struct Verb {
  const char* name;
  const char* job;
};

constexpr Verb kVerbs[] = {
    {"train", "fit or fine-tune one emotion network"},  {"eval", "judge a model over a labelled dataset"},
    {"compare", "table over finished runs and models"}, {"predict", "faces in photos -> emotion probabilities"},
    {"import", "build, check and pack datasets"},       {"cluster", "k-means over a table of tracks"},
    {"recommend", "songs for a photo or an emotion"},   {"doctor", "look at this installation and name remedies"},
};

std::string overview() {
  std::string text = "affekt VERB [...]: reads a mood from a face and answers with music.\n\nVerbs:\n";
  for (const Verb& verb : kVerbs) text += "  " + affekt::padded(verb.name, 11) + verb.job + "\n";
  return text +
         "\n'affekt help VERB' or 'affekt VERB --help' tells more about one; 'affekt --version' prints the version.\n";
}

/// Replaces this process by affekt-VERB, from beside this program or else from PATH. Returns only by throwing.
[[noreturn]] void run_verb(const std::string& verb, char** argv) {
  std::error_code error;
  const auto program = "affekt-" + verb;
  const auto beside = std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / program;
  ::execv(beside.c_str(), argv);
  ::execvp(program.c_str(), argv);
  if (errno != ENOENT) throw affekt::IoError(program + ": " + std::strerror(errno));
  std::vector<std::string> names{"help"};
  for (const Verb& known : kVerbs) names.emplace_back(known.name);
  if (std::find(names.begin(), names.end(), verb) != names.end()) {
    throw affekt::UsageError(program + " is not part of this build; see the AFFEKT_WITH_... options in README");
  }
  throw affekt::UsageError(affekt::unknown_name_message("verb", verb, names) + "; see affekt help");
}

int run_doctor(int argc, char** argv) {
  Tool tool("doctor", "Look at everything the tools depend on and say what to do about what is missing.");
  return tool.run(argc, argv, [&](Io& io) {
    const auto checks = affekt::cli::examine();
    auto result = tool.result();
    result["checks"] = checks;
    io.out() << (tool.common.json ? result.dump(2) + "\n" : affekt::cli::doctor_table(checks));
    const bool missing =
        std::any_of(checks.begin(), checks.end(), [](const auto& c) { return c["status"] == "missing"; });
    return missing ? affekt::cli::kNoFile : 0;
  });
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "help";
  if (verb == "doctor") return run_doctor(argc - 1, argv + 1);
  if (verb == "help" && argc == 3 && std::strcmp(argv[2], "doctor") == 0) {
    char help[] = "--help";
    char* words[] = {argv[2], help, nullptr};
    return run_doctor(2, words);
  }
  Tool tool("affekt", "Reads a mood from a face and answers with music.");
  if (verb == "--version") return tool.run(argc, argv, [](Io&) { return 0; });
  char* alone[] = {argv[0], nullptr};
  return tool.run(1, alone, [&](Io& io) {
    if (verb == "help" && argc > 2 && std::strcmp(argv[2], "help") != 0) {
      char help[] = "--help";
      char* words[] = {argv[2], help, nullptr};
      run_verb(argv[2], words);
    }
    if (argc == 1) throw affekt::UsageError("expected a verb; see affekt help");
    if (verb == "help" || verb == "--help" || verb == "-h") {
      io.out() << overview();
      return 0;
    }
    if (verb.front() == '-')
      throw affekt::UsageError("expected a verb first, found '" + affekt::printable(verb, 60) + "'; see affekt help");
    run_verb(verb, argv + 1);
  });
}
