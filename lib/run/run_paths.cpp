#include "affekt/run/run_paths.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "affekt/core/text.h"

namespace affekt {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kSeedPrefix = "seed-";

}  // namespace

fs::path seed_folder(const fs::path& folder, std::uint64_t seed) {
  return folder / (std::string(kSeedPrefix) + std::to_string(seed));
}

std::vector<fs::path> seed_folders_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    const bool named = name.compare(0, kSeedPrefix.size(), kSeedPrefix) == 0;
    const std::string number = named ? name.substr(kSeedPrefix.size()) : "";
    const bool numbered = !number.empty() && number.find_first_not_of("0123456789") == std::string::npos;
    if (numbered && entry.is_directory(error)) found.push_back(entry.path());
  }
  // Of numbers without leading zeros the shorter one is the smaller.
  std::sort(found.begin(), found.end(), [](const fs::path& a, const fs::path& b) {
    const std::string x = a.filename().string(), y = b.filename().string();
    return std::make_pair(x.size(), x) < std::make_pair(y.size(), y);
  });
  return found;
}

std::vector<fs::path> seed_runs_in(const fs::path& folder) {
  std::vector<fs::path> runs = seed_folders_in(folder);
  std::error_code error;
  const auto has_no_model = [&](const fs::path& run) { return !fs::exists(RunPaths{run}.best(), error); };
  runs.erase(std::remove_if(runs.begin(), runs.end(), has_no_model), runs.end());
  return runs;
}

}  // namespace affekt
