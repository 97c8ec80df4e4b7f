// SIGINT and SIGTERM, noted for those who ask.
#include <csignal>
#include <ctime>

#include "common/cli.h"

namespace affekt::cli {
namespace {

std::atomic<int>& the_signal() {
  static std::atomic<int> signal{0};
  return signal;
}

/// Only what a signal handler may do.
void note_in_company(int signal) {
  constexpr std::time_t kSameSignal = 5;  // seconds
  static volatile std::sig_atomic_t first_time = 0;
  std::timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (the_signal() == 0) {
    first_time = static_cast<std::sig_atomic_t>(now.tv_sec);
    the_signal() = signal;
  } else if (now.tv_sec - first_time > kSameSignal) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

}  // namespace

const std::atomic<int>& catch_interrupts(bool in_company) {
  struct sigaction action {};
  action.sa_handler = in_company ? note_in_company : [](int signal) { the_signal() = signal; };
  // A second signal ends the process at once: whoever presses Ctrl-C twice means it.
  action.sa_flags = in_company ? 0 : static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  return the_signal();
}

int noted_signal() { return the_signal(); }

}  // namespace affekt::cli
