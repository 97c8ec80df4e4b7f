// Runs a tool of this build as a user would and keeps what it said.
#pragma once

#include <array>
#include <string>
#include <vector>

namespace affekt::test {

struct ToolResult {
  int exit_code = -1;  ///< 128 + signal if the process was killed.
  std::string out;     ///< Standard output.
  std::string err;     ///< Standard error.
};

struct ToolSetting {
  std::string folder;                    ///< Working folder; "" = the present one.
  std::string input;                     ///< Standard input.
  std::vector<std::string> environment;  ///< Added "NAME=value" entries.
  /// Above 0: the tool gets SIGINT after so long, and its standard input, at most 4 KiB, does not end before.
  int interrupt_after_ms = 0;
  bool by_permissions = false;  ///< Where the tests are run by root: without the power to pass over permissions.
};

/// Runs `tool` ("affekt-train"; found in $AFFEKT_BIN) with `arguments` and waits for it. No shell is involved.
ToolResult run_tool(const std::string& tool, const std::vector<std::string>& arguments,
                    const ToolSetting& setting = {});

/// Where a tool of this build lies. @throws std::runtime_error  not run through ctest.
std::string tool_path(const std::string& tool);

/// In a forked child: becomes the tool, with these standard streams. A test that carries the tool's main calls that, as
/// loading LibTorch takes longer than most of what is asked of the tool; any other executes the file.
[[noreturn]] void become_tool(const std::string& path, const std::vector<std::string>& arguments,
                              const ToolSetting& setting, const std::array<int, 3>& streams);

/// Number of lines in a text.
std::size_t count_lines(const std::string& text);

}  // namespace affekt::test
