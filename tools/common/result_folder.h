// What tools with a result folder share: --out DIR, refused while it holds something unless --force is given.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/cli.h"

namespace affekt::cli {

/// Makes the folder and fails now if results could not be written into it later; "" means no folder.
/// @param flag  that names it. @throws UsageError  it is not empty, without `force`. @throws IoError  it cannot be
/// written.
void prepare_result_folder(const std::string& folder, bool force, const std::string& flag = "--out");

/// Writes each (file name, text) and notes what was written; nothing for "".
void write_result_files(const std::string& folder, const std::vector<std::pair<std::string, std::string>>& files,
                        Io& io);

}  // namespace affekt::cli
