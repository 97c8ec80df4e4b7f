#include "affekt/run/run_paths.h"

#include <fstream>

#include "support/catch.h"
#include "support/temp_folder.h"

using namespace affekt;
namespace fs = std::filesystem;

TEST_CASE("the folders of seeds are found by number, and runs are those with a model") {
  const TempFolder folder;
  for (const char* name : {"seed-10", "seed-9", "seed-100", "seed-", "seed-x", "seed--1", "other"}) {
    fs::create_directory(folder / name);
  }
  std::ofstream(folder / "seed-8") << "a file\n";
  CHECK(seed_folders_in(folder.path()) ==
        std::vector<fs::path>{folder / "seed-9", folder / "seed-10", folder / "seed-100"});
  CHECK(seed_folder(folder.path(), 9) == folder / "seed-9");
  CHECK(seed_runs_in(folder.path()).empty());
  for (const char* name : {"seed-100", "seed-9", "seed-x"}) {
    std::ofstream(RunPaths{folder / name}.best()) << "weights\n";
  }
  CHECK(seed_runs_in(folder.path()) == std::vector<fs::path>{folder / "seed-9", folder / "seed-100"});
  CHECK(seed_folders_in(folder / "none").empty());
}
