// What tests of tools share: how a tool is run, and what it owes a user whom it refuses.
#pragma once

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/run_tool.h"
#include "support/temp_folder.h"

namespace affekt::test {

namespace fs = std::filesystem;
using Catch::Matchers::ContainsSubstring;
using Json = nlohmann::json;

/// One clear line on standard error that begins with the tool and has `words` in it, nothing on standard output.
inline void check_refused(const std::string& tool, const ToolResult& result, int code, const std::string& words) {
  INFO(result.err);
  CHECK(result.exit_code == code);
  CHECK(result.out.empty());
  CHECK(count_lines(result.err) == 1);
  CHECK_THAT(result.err, Catch::Matchers::StartsWith(tool + ": ") && ContainsSubstring(words));
}

}  // namespace affekt::test
