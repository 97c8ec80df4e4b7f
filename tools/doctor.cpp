#include "doctor.h"

#include <dlfcn.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/parallel.h"
#include "affekt/core/plugin.h"
#include "affekt/core/version.h"

namespace affekt::cli {
namespace fs = std::filesystem;
namespace {

Json check(const std::string& name, const std::string& status, const std::string& found,
           const std::string& remedy = "") {
  return {{"name", name}, {"status", status}, {"found", found}, {"remedy", remedy}};
}

/// File names of the shared libraries in this process.
std::set<std::string> loaded_libraries() {
  std::set<std::string> names;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const std::size_t slash = line.find('/');
    if (slash != std::string::npos) names.insert(line.substr(slash));
  }
  return names;
}

/// The first loaded library whose file name begins with one of the stems, or "".
std::string loaded(const std::vector<std::string>& stems) {
  for (const auto& path : loaded_libraries()) {
    const std::string name = fs::path(path).filename().string();
    for (const auto& stem : stems) {
      if (name.rfind(stem, 0) == 0) return path;
    }
  }
  return "";
}

/// Loads one of our own libraries, so that what it depends on can be seen.
bool load_own(const std::string& name) {
  return ::dlopen(("libaffekt_" + name + ".so.0").c_str(), RTLD_LAZY | RTLD_LOCAL) != nullptr;
}

void examine_faces(Json& checks) {
  if (!load_own("faces")) {
    checks.push_back(check("libaffekt_faces", "warning", "not in this build: no photos, no affekt-predict",
                           "configure with -DAFFEKT_WITH_FACES=ON (needs libopencv-dev libdnnl-dev)"));
    return;
  }
  checks.push_back(check("OpenCV", "ok", loaded({"libopencv_core"})));
  checks.push_back(check("oneDNN", "ok", loaded({"libdnnl"})));
  const char* cascade = "/usr/share/opencv4/haarcascades/haarcascade_frontalface_alt2.xml";
  const bool found = fs::exists(cascade);
  checks.push_back(check("face cascade", found ? "ok" : "missing", found ? cascade : "none",
                         found ? "" : "apt-get install opencv-data, or give one with --detector-model"));
}

void examine_library(Json& checks) {
  std::string why;
  const bool there = plugin_symbol("affekt_library", "affekt_read_audio_tags", &why) != nullptr;
  checks.push_back(there ? check("TagLib", "ok", loaded({"libtag."}))
                         : check("TagLib", "warning", "not in this build: no recommend --library",
                                 "apt-get install libtag1-dev and build again"));
}

void examine_learn(Json& checks) {
  if (!load_own("learn")) {
    checks.push_back(check("libaffekt_learn", "warning", "not in this build: no affekt-train, no affekt-eval",
                           "configure with -DAFFEKT_WITH_LEARN=ON (needs libtorch-dev)"));
    return;
  }
  checks.push_back(check("LibTorch", "ok", loaded({"libtorch_cpu"})));
  const std::string fast = loaded({"libopenblas", "libmkl", "libblis"});
  checks.push_back(fast.empty()
                       ? check("BLAS", "warning", loaded({"libblas", "libcblas"}) + " (reference: training is slow)",
                               "apt-get install libopenblas0-openmp")
                       : check("BLAS", "ok", fast));
  if (fast.find("openblas-pthread") != std::string::npos || fast.find("openblas0-pthread") != std::string::npos) {
    checks.push_back(check("BLAS threads", "warning", "the pthread variant ignores --threads",
                           "apt-get install libopenblas0-openmp and choose it with update-alternatives"));
  }
  const auto backends = reinterpret_cast<const char* (*)()>(plugin_symbol("affekt_learn", "affekt_rank_backends"));
  const std::string over = backends != nullptr ? backends() : "";
  checks.push_back(over.empty() ? check("data parallel", "warning", "not in this build: train runs as one process",
                                        "apt-get install libgloo-dev and build again")
                                : check("data parallel", "ok", over));
  const bool cuda = fs::exists("/dev/nvidia0") && !loaded({"libtorch_cuda"}).empty();
  checks.push_back(check("devices", "ok", cuda ? "cpu, cuda" : "cpu"));
}

void examine_bundled(Json& checks) {
  const std::pair<const char*, const char*> files[] = {{"default model", "models/default.safetensors"},
                                                       {"catalogue", "catalogue"},
                                                       {"moods", "configs/moods.json"},
                                                       {"presets", "configs"}};
  for (const auto& [name, relative] : files) {
    try {
      checks.push_back(check(name, "ok", find_bundled(relative).string()));
    } catch (const IoError& error) {
      checks.push_back(
          check(name, "missing", error.what(), "set AFFEKT_DATA_DIR, or run from the build or install tree"));
    }
  }
}

}  // namespace

Json examine() {
  Json checks = Json::array();
  checks.push_back(check("affekt", "ok", version()));
  checks.push_back(check("threads", "ok", std::to_string(thread_count())));
  examine_bundled(checks);
  examine_faces(checks);
  examine_library(checks);
  examine_learn(checks);
  return checks;
}

std::string doctor_table(const Json& checks) {
  std::string text;
  const auto padded = [](std::string word, std::size_t width) {
    word.resize(std::max(width, word.size()), ' ');
    return word;
  };
  for (const auto& row : checks) {
    text += padded(row["name"], 17) + padded(row["status"], 9) + row["found"].get<std::string>() + "\n";
    if (const auto remedy = row["remedy"].get<std::string>(); !remedy.empty())
      text += std::string(26, ' ') + "-> " + remedy + "\n";
  }
  return text;
}

}  // namespace affekt::cli
