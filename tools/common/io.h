// Where a tool's words go: the result to stdout, everything else to stderr.
#pragma once

#include <chrono>
#include <iosfwd>
#include <string>

namespace affekt::cli {

class Io {
 public:
  Io(std::string program, bool quiet, bool verbose);

  /// The result. Flushed and checked by Tool::run; a closed pipe ends the tool quietly with 0.
  std::ostream& out();
  void note(const std::string& text);    ///< stderr, unless --quiet.
  void detail(const std::string& text);  ///< stderr, with --verbose only.
  void warn(const std::string& text);    ///< stderr, always: "affekt-train: warning: ...".
  void error(const std::string& text);   ///< stderr, always: "affekt-train: ...".
  bool color() const;                    ///< stderr is a terminal and NO_COLOR is not set.
  bool out_is_terminal() const;

  /// Redraws one progress line on a terminal (at most ten times a second); nothing elsewhere or when quiet.
  void progress(double fraction, const std::string& text);
  void end_progress();

 private:
  std::string program_;
  bool quiet_, verbose_, error_is_terminal_, progress_drawn_ = false;
  std::chrono::steady_clock::time_point last_draw_{};
};

}  // namespace affekt::cli
