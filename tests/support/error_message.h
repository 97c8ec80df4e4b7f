// What a call complained about, for checks on the words.
#pragma once

#include <exception>
#include <string>

namespace affekt::test {

/// The message of the Error that `call` throws; "" if it throws none. Another exception passes through.
template <typename Error, typename Call>
std::string message_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace affekt::test
