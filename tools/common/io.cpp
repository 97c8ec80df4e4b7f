#include "common/io.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "affekt/core/text.h"

namespace affekt::cli {
namespace {

/// One write() where possible, so that lines of several processes do not mix. Failures to write to stderr are nobody's
/// to report.
void write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(STDERR_FILENO, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
}

}  // namespace

void hold_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) != -1 || errno != EBADF) continue;
    if (::open("/dev/null", O_RDWR) == -1) return;  // it took the lowest free number: that of the stream
  }
}

StdoutBuffer::StdoutBuffer() { setp(buffer_.data(), buffer_.data() + buffer_.size()); }

bool StdoutBuffer::drain() {
  const char* next = pbase();
  while (error_ == 0 && next != pptr()) {
    const ssize_t put = ::write(STDOUT_FILENO, next, static_cast<std::size_t>(pptr() - next));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      error_ = errno;
    } else {
      next += put;
    }
  }
  setp(buffer_.data(), buffer_.data() + buffer_.size());
  return error_ == 0;
}

StdoutBuffer::int_type StdoutBuffer::overflow(int_type c) {
  if (!drain()) return traits_type::eof();
  if (!traits_type::eq_int_type(c, traits_type::eof())) sputc(traits_type::to_char_type(c));
  return traits_type::not_eof(c);
}

int StdoutBuffer::sync() { return drain() ? 0 : -1; }

Io::Io(std::string program)
    : program_(std::move(program)), out_(&buffer_), error_is_terminal_(::isatty(STDERR_FILENO) != 0) {}

void Io::configure(bool quiet, bool verbose) {
  quiet_ = quiet;
  verbose_ = verbose;
}

void Io::line(const std::string& text) {
  end_progress();
  write_all(text + "\n");
}

void Io::note(const std::string& text) {
  if (!quiet_) line(text);
}

void Io::detail(const std::string& text) {
  if (verbose_) line(text);
}

void Io::warn(const std::string& text) { line(program_ + ": warning: " + text); }
void Io::error(const std::string& text) { line(program_ + ": " + text); }

bool Io::color() const {
  const char* no_color = std::getenv("NO_COLOR");
  return error_is_terminal_ && (no_color == nullptr || *no_color == '\0');
}

void Io::progress(double fraction, const std::string& text) {
  constexpr auto kInterval = std::chrono::milliseconds(100);
  constexpr int kBarWidth = 24;
  if (quiet_ || !error_is_terminal_) return;
  const auto now = std::chrono::steady_clock::now();
  if (progress_drawn_ && now - last_draw_ < kInterval) return;
  last_draw_ = now;
  progress_drawn_ = true;
  const int filled = static_cast<int>(std::lround(std::clamp(fraction, 0.0, 1.0) * kBarWidth));
  std::string bar;
  for (int i = 0; i < kBarWidth; ++i) bar += i < filled ? "█" : "░";
  write_all("\r\x1b[2K" + bar + " " + text);
}

void Io::end_progress() {
  if (!progress_drawn_) return;
  progress_drawn_ = false;
  write_all("\r\x1b[2K");
}

}  // namespace affekt::cli
