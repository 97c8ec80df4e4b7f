#include "common/result_folder.h"

#include <filesystem>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/text.h"

namespace affekt::cli {
namespace fs = std::filesystem;

void prepare_result_folder(const std::string& folder, bool force, const std::string& flag) {
  if (folder.empty()) return;
  std::error_code ignored;
  if (!force && fs::is_directory(folder, ignored) && !fs::is_empty(folder, ignored)) {
    throw UsageError(flag + ": the folder " + printable(folder) + " is not empty (--force writes into it)");
  }
  ensure_writable_folder(folder);
}

void write_result_files(const std::string& folder, const std::vector<std::pair<std::string, std::string>>& files,
                        Io& io) {
  if (folder.empty()) return;
  std::vector<std::string> names;
  for (const auto& [name, text] : files) {
    write_file(fs::path(folder) / name, text);
    names.push_back(name);
  }
  io.note("wrote " + printable(folder) + ": " + join(names, ", "));
}

}  // namespace affekt::cli
