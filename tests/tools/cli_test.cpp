// The table of flags: precedence, odd spellings, refusals. In-process; texts and exit codes of real tools are below.
#include "common/cli.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "affekt/core/file.h"
#include "support/catch.h"
#include "support/run_tool.h"
#include "support/temp_folder.h"

using namespace affekt;
using namespace affekt::cli;
using affekt::test::run_tool;

namespace {

enum class Method { sgd, adam };

struct Parsed {
  int exit_code = -1;
  bool ran = false;
  int epochs = 3;
  double rate = 0.1;
  Method method = Method::sgd;
  std::vector<std::string> data, inputs;
  CommonOptions common;
  bool epochs_given = false, epochs_chosen = false;
};

Parsed parse(std::vector<std::string> words) {
  Parsed parsed;
  Tool tool("probe", "A tool for this test.");
  tool.option("epochs", parsed.epochs, "Passes");
  tool.alias("epochs", 'k');
  tool.option("lr", parsed.rate, "Rate");
  tool.choice("optimizer", parsed.method, {{"sgd", Method::sgd}, {"adam", Method::adam}}, "Method");
  tool.option("data", parsed.data, "Data");
  tool.positional("INPUT", parsed.inputs, "Inputs");
  tool.enable_presets();
  words.insert(words.begin(), "affekt-probe");
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  parsed.exit_code = tool.run(static_cast<int>(words.size()), argv.data(), [&](Io&) {
    parsed.ran = true;
    parsed.epochs_given = tool.given("epochs");
    parsed.epochs_chosen = tool.chosen("epochs");
    return 0;
  });
  parsed.common = tool.common;
  return parsed;
}

}  // namespace

TEST_CASE("defaults stay where nothing is said") {
  const Parsed p = parse({});
  CHECK(p.exit_code == 0);
  CHECK(p.epochs == 3);
  CHECK_FALSE(p.epochs_given);
  CHECK(p.common.seed == 42);
}

TEST_CASE("every spelling of a flag means the same") {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"--epochs", "4"}, {"--epochs=4"}, {"-k", "4"}, {"-k4"}, {"-k=4"}, {"--epochs", "9", "--epochs", "4"}}) {
    CAPTURE(words);
    const Parsed p = parse(words);
    CHECK(p.exit_code == 0);
    CHECK(p.epochs == 4);
    CHECK(p.epochs_given);
  }
}

TEST_CASE("a flag may say true or false, and nothing else") {
  const TempFolder folder;
  write_file(folder / "c.json", "{\"json\": true}");
  const std::string config = (folder / "c.json").string();
  CHECK(parse({"--config", config}).common.json);
  CHECK_FALSE(parse({"--config", config, "--json=false"}).common.json);  // a flag beats the config
  CHECK(parse({"--json=true"}).common.json);
  CHECK_FALSE(parse({"--json", "--json=false"}).common.json);
  CHECK(parse({"-q"}).common.quiet);
  CHECK(parse({"-q=true"}).common.quiet);
  CHECK_FALSE(parse({"-q=false"}).common.quiet);
  CHECK(parse({"-qv"}).common.verbose);
  // As a count they would have been an invitation to allocate as many words.
  for (const char* word : {"--json=banana", "--json=0", "--json=-1", "--json=2000000000", "-q=no"}) {
    CAPTURE(word);
    const Parsed p = parse({word});
    CHECK(p.exit_code == 2);
    CHECK_FALSE(p.ran);
  }
  const auto told = run_tool("affekt-recommend", {"--emotion", "happy", "--json=1"});
  CHECK(told.err == "affekt-recommend: --json: expected true or false, found '1'\n");
}

TEST_CASE("a repeatable flag takes one value an occurrence and leaves the inputs alone") {
  const Parsed p = parse({"--data", "a", "x.png", "--data", "b", "y.png", "--", "-z.png"});
  CHECK(p.data == std::vector<std::string>{"a", "b"});
  CHECK(p.inputs == std::vector<std::string>{"x.png", "y.png", "-z.png"});
}

TEST_CASE("negative numbers are values, a single dash is an input") {
  const Parsed p = parse({"--lr", "-1.5", "-"});
  CHECK(p.rate == -1.5);
  CHECK(p.inputs == std::vector<std::string>{"-"});
}

TEST_CASE("a flag beats the config, the config beats the default") {
  const TempFolder folder;
  const std::string config = (folder / "c.json").string();
  write_file(
      config,
      "{\"epochs\": 7, \"lr\": 1, // faster\n \"optimizer\": \"adam\", \"data\": [\"d\"], \"seed\": 9007199254740993}");
  const Parsed p = parse({"--config", config, "--lr", "0.5"});
  CHECK(p.exit_code == 0);
  CHECK(p.epochs == 7);
  CHECK(p.rate == 0.5);
  CHECK(p.method == Method::adam);
  CHECK(p.data == std::vector<std::string>{"d"});
  CHECK(p.common.seed == 9007199254740993ULL);
}

TEST_CASE("a config that repeats a default does not choose it") {
  const TempFolder folder;
  const std::string config = (folder / "c.json").string();
  write_file(config, "{\"epochs\": 3}");
  CHECK(parse({"--config", config}).epochs_given);
  CHECK_FALSE(parse({"--config", config}).epochs_chosen);
  CHECK(parse({"--config", config, "--epochs", "3"}).epochs_chosen);
  write_file(config, "{\"epochs\": 4}");
  CHECK(parse({"--config", config}).epochs_chosen);
}

TEST_CASE("what cannot be is refused before anything runs") {
  const TempFolder folder;
  const auto config = [&](const std::string& text) {
    write_file(folder / "c.json", text);
    return std::vector<std::string>{"--config", (folder / "c.json").string()};
  };
  const std::vector<std::vector<std::string>> flags{{"--epohcs", "3"},     {"--epochs", "abc"},
                                                    {"--epochs", "1.5"},   {"--epochs", "3000000000"},
                                                    {"--epochs"},          {"--lr", ""},
                                                    {"--optimizer", "ad"}, {"--seed", "-1"},
                                                    {"--threads=-1"},      {"-x"},
                                                    {"--threads", "9999"}, {"--preset", "no-such-preset"},
                                                    {"--lr", "nan"},       {"--lr", "inf"},
                                                    {"--lr=-inf"}};
  for (const auto& words : flags) {
    CAPTURE(words);
    const Parsed p = parse(words);
    CHECK(p.exit_code == 2);
    CHECK_FALSE(p.ran);
  }
  for (const char* text : {"{\"epohcs\": 3}", "{\"config\": \"x\"}", "{\"epochs\": \"3\"}", "{\"epochs\": 1.5}",
                           "{\"data\": [1]}", "[1]"}) {
    CAPTURE(text);
    const Parsed p = parse(config(text));
    CHECK(p.exit_code == 2);
    CHECK_FALSE(p.ran);
  }
  CHECK(parse({"--config", (folder / "none.json").string()}).exit_code == 4);
  CHECK(parse(config("{\"epochs\": 3")).exit_code == 3);
  CHECK(parse(config("{\"epochs\": 3, \"epochs\": 4}")).exit_code == 3);
}

TEST_CASE("the next file does not take the place of a closed standard stream") {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::close(stream);
    std::string program = "affekt-probe";
    char* argv[] = {program.data(), nullptr};
    Tool tool("probe", "A tool for this test.");
    ::_exit(tool.run(1, argv, [](Io& io) {
      io.out() << "a result\n";
      return ::open("/dev/null", O_RDONLY | O_CLOEXEC) > STDERR_FILENO ? 0 : 1;
    }));
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("the dispatcher knows its verbs") {
  const auto help = run_tool("affekt", {"help"});
  CHECK(help.exit_code == 0);
  CHECK(help.out.find("recommend") != std::string::npos);
  CHECK(run_tool("affekt", {}).exit_code == 2);
  const auto version = run_tool("affekt", {"--version"});
  CHECK(version.exit_code == 0);
  CHECK(version.out.rfind("affekt ", 0) == 0);
  const auto unknown = run_tool("affekt", {"recomend"});
  CHECK(unknown.exit_code == 2);
  CHECK(unknown.err == "affekt: unknown verb 'recomend'; did you mean 'recommend'?; see affekt help\n");
  const auto run = run_tool("affekt", {"cluster", "--version"});
  CHECK(run.exit_code == 0);
  CHECK(run.out.rfind("affekt-cluster ", 0) == 0);
  CHECK(run_tool("affekt", {"help", "help"}).out == help.out);
  const auto help_verb = run_tool("affekt", {"help", "cluster"});
  CHECK(help_verb.exit_code == 0);
  CHECK(help_verb.out.find("affekt-cluster") != std::string::npos);
}

TEST_CASE("doctor finds this build whole") {
  const auto result = run_tool("affekt", {"doctor", "--json"});
  const auto json = Json::parse(result.out);
  CHECK(json["schema"] == "affekt.doctor/1");
  for (const auto& check : json["checks"]) {
    CAPTURE(check.dump());
    CHECK(check["status"] != "missing");
  }
  CHECK(result.exit_code == 0);
  const auto lost = run_tool("affekt", {"doctor"}, {{}, {}, {"AFFEKT_DATA_DIR=/nonexistent"}});
  CHECK(lost.exit_code == 4);
  CHECK(lost.out.find("default model    missing") != std::string::npos);
  CHECK(lost.out.find("-> set AFFEKT_DATA_DIR") != std::string::npos);
}

TEST_CASE("a typing mistake names its neighbour, on one line") {
  const auto result = run_tool("affekt", {"doctor", "--vebrose"});
  CHECK(result.exit_code == 2);
  CHECK(result.err == "affekt-doctor: unknown flag '--vebrose'; did you mean '--verbose'?\n");
  CHECK(result.out.empty());
}

TEST_CASE("a message names the flag as it was typed, or the key of the config") {
  const TempFolder folder;
  const std::string config = (folder / "c.json").string();
  write_file(config, "{\"count\": 0}");
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{{{"-n", "0"}, "-n"},
                                                                            {{"-n0"}, "-n"},
                                                                            {{"--count", "0"}, "--count"},
                                                                            {{"--count=0"}, "--count"},
                                                                            {{"--config", config}, config + ": count"}};
  for (const auto& [words, place] : cases) {
    CAPTURE(words);
    std::vector<std::string> all{"--emotion", "happy"};
    all.insert(all.end(), words.begin(), words.end());
    const auto result = run_tool("affekt-recommend", all);
    CHECK(result.exit_code == 2);
    CHECK(result.err == "affekt-recommend: " + place + ": expected 1..10000, found 0\n");
  }
  const auto far = run_tool("affekt-recommend", {"--emotion", "happy", "--diversity", "3"});
  CHECK(far.err == "affekt-recommend: --diversity: expected 0..1, found 3\n");
  const auto huge = run_tool("affekt-recommend", {"--emotion", "happy", "-n", "99999999999"});
  CHECK(huge.exit_code == 2);
  CHECK(huge.err == "affekt-recommend: -n: 99999999999 is out of range\n");
}

TEST_CASE("a file name that begins with a dash goes after --") {
  const std::string hint = "'; see --help (a file name that begins with a dash goes after --)\n";
  const auto dash = run_tool("affekt-cluster", {"-dash.csv"});
  CHECK(dash.exit_code == 2);
  CHECK(dash.err == "affekt-cluster: unknown flag '-dash.csv" + hint);
  CHECK(run_tool("affekt-cluster", {"--", "-dash.csv"}).err.find("-dash.csv: cannot open") != std::string::npos);
  const auto near = run_tool("affekt-cluster", {"--restrats", "3"});
  CHECK(near.err == "affekt-cluster: unknown flag '--restrats'; did you mean '--restarts'?\n");
  CHECK(run_tool("affekt", {"doctor", "-x"}).err.find("dash") == std::string::npos);  // it takes no files
}

TEST_CASE("--print-config prints what --config reads") {
  const TempFolder folder;
  const auto first = run_tool("affekt", {"doctor", "--seed", "7", "--print-config"});
  REQUIRE(first.exit_code == 0);
  write_file(folder / "c.json", first.out);
  const auto second = run_tool("affekt", {"doctor", "--config", (folder / "c.json").string(), "--print-config"});
  CHECK(second.out == first.out);
}
