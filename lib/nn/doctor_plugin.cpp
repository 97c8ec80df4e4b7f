// The door through which affekt doctor comes in by dlopen.
#include <ATen/Version.h>

#include <string>

#include "affekt/core/export.h"
#include "affekt/core/text.h"
#include "affekt/nn/precision.h"

namespace affekt {
namespace {

/// The instruction set of LibTorch's own kernels. at::get_cpu_capability() came with 2.0; the words of show_config()
/// are the same before and after.
std::string torch_capability() {
  const std::string config = at::show_config(), words = "CPU capability usage: ";
  const std::size_t begin = config.find(words);
  if (begin == std::string::npos) return "";
  const std::string name = config.substr(begin + words.size(), config.find('\n', begin) - begin - words.size());
  return name == "NO AVX" ? "default" : lower_ascii(name);  // as ATEN_CPU_CAPABILITY spells it
}

}  // namespace
}  // namespace affekt

/// default, avx2, avx512; "" = it does not say.
extern "C" AFFEKT_API const char* affekt_torch_capability() {
  static const std::string name = affekt::torch_capability();
  return name.c_str();
}

extern "C" AFFEKT_API void affekt_precision_table(affekt::PrecisionTable& table) {
  table = affekt::precision_table(affekt::resolve_device("auto"));
}
