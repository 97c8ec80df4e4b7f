#include "affekt/core/simd.h"

#include <hwy/targets.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "affekt/core/error.h"
#include "affekt/core/text.h"

namespace affekt {
namespace {

// In Highway's sets of targets the lowest bit is the widest.
std::int64_t widest(std::int64_t targets) { return targets & -targets; }

/// What this processor has of the targets that kernels are compiled for, whatever was set.
std::int64_t all_targets() {
  static const std::int64_t targets = hwy::SupportedTargets() & HWY_TARGETS;
  return targets;
}

std::string name_of(std::int64_t target) { return lower_ascii(hwy::TargetName(target)); }

std::vector<std::string> names_of(std::int64_t targets) {
  std::vector<std::string> names;
  for (; targets != 0; targets &= targets - 1) names.push_back(name_of(widest(targets)));
  return names;
}

}  // namespace

std::vector<std::string> simd_levels() { return names_of(all_targets()); }

std::string simd_level() {
  all_targets();  // noted before anything is disabled
  return name_of(widest(hwy::SupportedTargets() & HWY_TARGETS));
}

void set_simd_level(const std::string& level) {
  const std::vector<std::string> here = simd_levels(), known = names_of(HWY_TARGETS);
  const auto found = std::find(here.begin(), here.end(), level);
  if (found == here.end()) {
    if (std::find(known.begin(), known.end(), level) == known.end())
      throw UsageError(unknown_name_message("instruction set", level, here));
    throw UsageError("this processor has no " + level + ", but " + join(here, ", "));
  }
  std::int64_t targets = all_targets();
  for (auto wider = here.begin(); wider != found; ++wider) targets &= targets - 1;
  hwy::DisableTargets(all_targets() & ~targets);
}

void follow_simd_variable() {
  const char* level = std::getenv("AFFEKT_SIMD");
  if (level == nullptr || *level == '\0') return;
  try {
    set_simd_level(level);
  } catch (const UsageError& error) {
    throw UsageError(std::string("AFFEKT_SIMD: ") + error.what());
  }
}

}  // namespace affekt
