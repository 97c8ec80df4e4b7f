// The processor this runs on, as the system describes it.
#pragma once

#include <string>
#include <vector>

#include "affekt/core/export.h"

namespace affekt {

struct Processor {
  std::string name;                   ///< "AMD EPYC 7763 64-Core Processor"; "" = the system does not say.
  std::vector<std::string> features;  ///< As Linux spells them: avx2, fma, avx512f, avx512_bf16, amx_bf16, ...

  AFFEKT_API bool has(const std::string& feature) const;
};

/// Read from /proc/cpuinfo at the first call. Features that the system does not let programs use are not among them.
AFFEKT_API const Processor& processor();

/// The first processor of a text in the form of /proc/cpuinfo.
AFFEKT_API Processor parse_processor(const std::string& cpuinfo);

}  // namespace affekt
