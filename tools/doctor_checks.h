// One row of what affekt doctor finds, and the shared libraries that it looks at.
#pragma once

#include <string>
#include <vector>

#include "common/cli.h"

namespace affekt::cli {

/// {name, status (ok|warning|missing), found, remedy}.
Json check(const std::string& name, const std::string& status, const std::string& found,
           const std::string& remedy = "");

/// Path of the first library in this process whose file name begins with one of the stems, or "".
std::string loaded(const std::vector<std::string>& stems);

/// What a function `const char* symbol()` of one of our own libraries says; "" without it.
std::string text_of_plugin(const std::string& library, const char* symbol);

/// The table for people, in lines of 80 columns where words are short enough.
std::string doctor_table(const Json& checks);

}  // namespace affekt::cli
