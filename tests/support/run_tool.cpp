#include "support/run_tool.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <thread>

/// The tool's main in a test that carries one: see affekt_carry_train() in tests/CMakeLists.txt.
int affekt_train_main(int argc, char** argv) __attribute__((weak));

namespace affekt::test {
namespace {

constexpr int kCannotRun = 127;

/// An unnamed temporary file: unlike a pipe it never blocks the child.
struct Scratch {
  std::FILE* file = std::tmpfile();
  Scratch() {
    if (file == nullptr) throw std::runtime_error("no temporary file");
  }
  ~Scratch() { std::fclose(file); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  int fd() const { return ::fileno(file); }
  std::string text() const {
    std::string all;
    std::array<char, 4096> buffer{};
    std::rewind(file);
    for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), file)) > 0;)
      all.append(buffer.data(), got);
    return all;
  }
};

/// A standard input that does not end until it is closed.
struct Pipe {
  std::array<int, 2> ends{};
  explicit Pipe(const std::string& text) {
    if (text.size() > 4096 || ::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    if (::write(ends[1], text.data(), text.size()) != static_cast<ssize_t>(text.size()))
      throw std::runtime_error("cannot write into a pipe");
  }
  ~Pipe() {
    for (const int end : ends) ::close(end);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
};

/// As execv() does: what is ignored stays ignored, Catch's handlers are gone.
void reset_signals() {
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action {};
    if (::sigaction(number, nullptr, &action) == 0 && action.sa_handler != SIG_IGN) std::signal(number, SIG_DFL);
  }
}

}  // namespace

std::string tool_path(const std::string& tool) {
  const char* bin = std::getenv("AFFEKT_BIN");
  if (bin == nullptr) throw std::runtime_error("AFFEKT_BIN does not name the folder of the tools; run through ctest");
  return std::string(bin) + "/" + tool;
}

void become_tool(const std::string& path, const std::vector<std::string>& arguments, const ToolSetting& setting,
                 const std::array<int, 3>& streams) {
  // What is not in the bounding set is gone behind execv(), also from root.
  if (setting.by_permissions && ::geteuid() == 0 &&
      (::prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE) != 0 || ::prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH) != 0)) {
    ::_exit(kCannotRun);
  }
  for (int fd = 0; fd < 3; ++fd) ::dup2(streams[static_cast<std::size_t>(fd)], fd);
  if (!setting.folder.empty() && ::chdir(setting.folder.c_str()) != 0) ::_exit(kCannotRun);
  for (const auto& entry : setting.environment) ::putenv(const_cast<char*>(entry.c_str()));
  std::vector<char*> argv{const_cast<char*>(path.c_str())};
  for (const auto& word : arguments) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const std::string name = path.substr(path.rfind('/') + 1);
  if (affekt_train_main != nullptr && name == "affekt-train") {
    reset_signals();
    std::exit(affekt_train_main(static_cast<int>(argv.size()) - 1, argv.data()));
  }
  ::execv(path.c_str(), argv.data());
  ::_exit(kCannotRun);
}

ToolResult run_tool(const std::string& tool, const std::vector<std::string>& arguments, const ToolSetting& setting) {
  const std::string path = tool_path(tool);
  const Scratch in, out, err;
  std::fwrite(setting.input.data(), 1, setting.input.size(), in.file);
  std::rewind(in.file);
  std::fflush(nullptr);
  const auto open_input = setting.interrupt_after_ms > 0 ? std::make_unique<Pipe>(setting.input) : nullptr;
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("cannot fork");
  if (child == 0)
    become_tool(path, arguments, setting, {open_input ? open_input->ends[0] : in.fd(), out.fd(), err.fd()});
  int status = 0;
  if (open_input) {
    std::this_thread::sleep_for(std::chrono::milliseconds(setting.interrupt_after_ms));
    ::kill(child, SIGINT);
  }
  ::waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), out.text(), err.text()};
}

std::size_t count_lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace affekt::test
