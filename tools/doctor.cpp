#include "doctor.h"

#include <dlfcn.h>

#include <filesystem>

#include "affekt/core/error.h"
#include "affekt/core/file.h"
#include "affekt/core/parallel.h"
#include "affekt/core/plugin.h"
#include "affekt/core/version.h"
#include "doctor_checks.h"
#include "doctor_kernels.h"

namespace affekt::cli {
namespace fs = std::filesystem;
namespace {

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
  examine_onednn(checks);
  const std::string cascade = text_of_plugin("affekt_faces", "affekt_installed_cascade");
  checks.push_back(cascade.empty() ? check("face cascade", "missing", "none",
                                           "apt-get install opencv-data, or give one with --detector-model")
                                   : check("face cascade", "ok", cascade));
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
    checks.push_back(check("libaffekt_learn", "warning", "not in this build: no affekt-train, no evaluation on a GPU",
                           "configure with -DAFFEKT_WITH_LEARN=ON (needs libtorch-dev)"));
    return;
  }
  checks.push_back(check("LibTorch", "ok", loaded({"libtorch_cpu"})));
  const std::string fast = loaded({"libopenblas", "libmkl", "libblis"}), slow = loaded({"libblas", "libcblas"});
  if (!fast.empty() || slow.empty()) {
    checks.push_back(check("BLAS", "ok", fast.empty() ? "inside LibTorch" : fast));  // pip's has MKL in it
  } else {
    checks.push_back(
        check("BLAS", "warning", slow + " (reference: training is slow)", "apt-get install libopenblas0-openmp"));
  }
  if (fast.find("openblas-pthread") != std::string::npos || fast.find("openblas0-pthread") != std::string::npos) {
    checks.push_back(check("BLAS threads", "warning", "the pthread variant ignores --threads",
                           "apt-get install libopenblas0-openmp and choose it with update-alternatives"));
  }
  examine_learn_kernels(checks);
  const std::string over = text_of_plugin("affekt_learn", "affekt_rank_backends");
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
  examine_processor(checks);
  checks.push_back(check("threads", "ok", std::to_string(thread_count())));
  examine_bundled(checks);
  examine_faces(checks);
  examine_library(checks);
  examine_learn(checks);
  return checks;
}

}  // namespace affekt::cli
