// Where a tool's words go: the result to stdout, everything else to stderr.
#pragma once

#include <array>
#include <chrono>
#include <ostream>
#include <streambuf>
#include <string>

namespace affekt::cli {

/// Gives closed standard streams to /dev/null. Otherwise the next file to be opened would take the number, and results
/// or messages would be written into it.
void hold_standard_streams();

/// Buffered standard output that remembers why a write failed; after a failure the rest is dropped.
class StdoutBuffer : public std::streambuf {
 public:
  StdoutBuffer();
  int error() const { return error_; }  ///< errno of the first failed write; 0 = none.

 protected:
  int_type overflow(int_type c) override;
  int sync() override;

 private:
  bool drain();

  std::array<char, 1 << 16> buffer_{};
  int error_ = 0;
};

class Io {
 public:
  explicit Io(std::string program);
  void configure(bool quiet, bool verbose);

  /// The result. Flushed and checked by Tool::run; a closed pipe ends the tool quietly with 0.
  std::ostream& out() { return out_; }
  int out_error() const { return buffer_.error(); }
  void note(const std::string& text);    ///< stderr, unless --quiet.
  void detail(const std::string& text);  ///< stderr, with --verbose only.
  void warn(const std::string& text);    ///< stderr, always: "affekt-train: warning: ...".
  void error(const std::string& text);   ///< stderr, always: "affekt-train: ...".
  bool color() const;                    ///< stderr is a terminal and NO_COLOR is not set.

  /// Redraws one progress line on a terminal (at most ten times a second); nothing elsewhere or when quiet.
  void progress(double fraction, const std::string& text);
  void end_progress();

 private:
  void line(const std::string& text);

  std::string program_;
  StdoutBuffer buffer_;
  std::ostream out_;
  bool quiet_ = false, verbose_ = false, error_is_terminal_ = false, progress_drawn_ = false;
  std::chrono::steady_clock::time_point last_draw_{};
};

}  // namespace affekt::cli
