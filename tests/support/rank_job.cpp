#include "support/rank_job.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <thread>

namespace affekt::test {
namespace {

/// A port that is free now.
int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool good = ::bind(socket, generic, length) == 0 && ::getsockname(socket, generic, &length) == 0;
  ::close(socket);
  if (!good) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

std::string text_of(std::FILE* file) {
  std::string text;
  std::rewind(file);
  for (int c = 0; (c = std::fgetc(file)) != EOF;) text += static_cast<char>(c);
  return text;
}

}  // namespace

struct RankJob::Process {
  pid_t id = -1;
  std::FILE* out = std::tmpfile();
  std::FILE* err = std::tmpfile();
  ToolResult result;

  Process() = default;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    if (id > 0) {
      ::kill(id, SIGKILL);
      ::waitpid(id, nullptr, 0);
    }
    std::fclose(out);
    std::fclose(err);
  }
  bool ended() {
    if (id < 0) return true;
    int status = 0;
    if (::waitpid(id, &status, WNOHANG) == 0) return false;
    id = -1;
    result = {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), text_of(out), text_of(err)};
    return true;
  }
};

RankJob::RankJob(const std::string& tool, int size, const std::vector<std::string>& arguments,
                 const std::vector<std::vector<std::string>>& more) {
  const std::string path = tool_path(tool);
  const int port = free_port();
  for (int r = 0; r < size; ++r) {
    const auto rank = static_cast<std::size_t>(r);
    std::vector<std::string> words = arguments;
    if (rank < more.size()) words.insert(words.end(), more[rank].begin(), more[rank].end());
    const ToolSetting setting{"",
                              "",
                              {"RANK=" + std::to_string(r), "WORLD_SIZE=" + std::to_string(size),
                               "MASTER_ADDR=127.0.0.1", "MASTER_PORT=" + std::to_string(port)}};
    processes_.push_back(std::make_unique<Process>());
    Process& process = *processes_.back();
    std::fflush(nullptr);
    process.id = ::fork();
    if (process.id == 0)
      become_tool(path, words, setting, {STDIN_FILENO, ::fileno(process.out), ::fileno(process.err)});
  }
}

RankJob::~RankJob() = default;

void RankJob::send(int rank, int signal) const {
  const pid_t id = processes_.at(static_cast<std::size_t>(rank))->id;
  if (id > 0) ::kill(id, signal);
}

ToolResult RankJob::wait_for(int rank, double seconds) {
  Process& process = *processes_.at(static_cast<std::size_t>(rank));
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (!process.ended()) {
    if (std::chrono::steady_clock::now() > end) ::kill(process.id, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return process.result;
}

std::vector<ToolResult> RankJob::wait(double seconds) {
  std::vector<ToolResult> results;
  for (std::size_t r = 0; r < processes_.size(); ++r) results.push_back(wait_for(static_cast<int>(r), seconds));
  return results;
}

}  // namespace affekt::test
