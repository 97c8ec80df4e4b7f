// Names of files on standard input.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace affekt::cli {

/// One name a line, without the blanks around it; or names that end in zero bytes, as find -print0 writes them, which
/// may hold line ends and blanks.
std::vector<std::string> names_in_list(std::string_view list);

}  // namespace affekt::cli
