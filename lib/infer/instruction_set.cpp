// What affekt doctor asks by dlopen: the instruction set that oneDNN's kernels use.
#include <oneapi/dnnl/dnnl.h>

#include "affekt/core/export.h"

namespace {

struct IsaName {
  dnnl_cpu_isa_t isa;
  const char* name;
};

constexpr IsaName kIsaNames[] = {{dnnl_cpu_isa_sse41, "sse41"},
                                 {dnnl_cpu_isa_avx, "avx"},
                                 {dnnl_cpu_isa_avx2, "avx2"},
                                 {dnnl_cpu_isa_avx2_vnni, "avx2_vnni"},
                                 {dnnl_cpu_isa_avx512_core, "avx512_core"},
                                 {dnnl_cpu_isa_avx512_core_vnni, "avx512_core_vnni"},
                                 {dnnl_cpu_isa_avx512_core_bf16, "avx512_core_bf16"},
#if DNNL_VERSION_MAJOR >= 3
                                 {dnnl_cpu_isa_avx2_vnni_2, "avx2_vnni_2"},
                                 {dnnl_cpu_isa_avx512_core_fp16, "avx512_core_fp16"},
                                 {dnnl_cpu_isa_avx512_core_amx_fp16, "avx512_core_amx_fp16"},
#endif
                                 {dnnl_cpu_isa_avx512_core_amx, "avx512_core_amx"}};

}  // namespace

/// By oneDNN's names in lower case; "" = one without a name here: not an x86, or a version of oneDNN to come.
extern "C" AFFEKT_API const char* affekt_onednn_isa() {
  const dnnl_cpu_isa_t here = dnnl_get_effective_cpu_isa();
  for (const IsaName& entry : kIsaNames) {
    if (entry.isa == here) return entry.name;
  }
  return "";
}
