// The kinds of failure a caller can act on. Every message is one line: place, what was found, what to do.
#pragma once

#include <stdexcept>
#include <string>

#include "affekt/core/export.h"

namespace affekt {

/// Base of all errors thrown by the library.
class AFFEKT_API Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The caller asked for something impossible: an option out of range, an unknown name, k > n. Tools exit with 2.
class AFFEKT_API UsageError : public Error {
 public:
  using Error::Error;
};

/// A file or value has bad content: malformed, truncated, empty, not what it claims to be. Tools exit with 3.
class AFFEKT_API DataError : public Error {
 public:
  using Error::Error;
};

/// A file is missing, unreadable or cannot be written. Tools exit with 4.
class AFFEKT_API IoError : public Error {
 public:
  using Error::Error;
};

/// The work was stopped from outside, after saving what can be saved. Tools exit with 128 + signal.
class AFFEKT_API Interrupted : public Error {
 public:
  explicit Interrupted(const std::string& text, int number = 0) : Error(text), signal(number) {}
  int signal;  ///< That another process got; 0 = it was this one.
};

/// Another process of a common work, or the connection to it, is gone. Tools exit with 1.
class AFFEKT_API LostRank : public Error {
 public:
  using Error::Error;
};

}  // namespace affekt
