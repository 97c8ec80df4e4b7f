# The instruction sets at which tests are repeated (affekt_test(... LEVELS)): each library is told to keep to the level by
# its own environment variable. Levels beyond this processor get no tests: their instructions would end the program.
set(all_levels sse41 avx avx2 avx512)
set(level_sse41_needs sse4_1 sse4_2 pclmulqdq aes)
set(level_avx_needs avx)
set(level_avx2_needs avx2 fma bmi2 f16c)
set(level_avx512_needs avx512f avx512bw avx512cd avx512dq avx512vl)
# oneDNN; LibTorch's own kernels; OpenBLAS; ours (Highway has nothing between SSE4 and AVX2). A oneDNN inside LibTorch reads either name.
set(level_sse41_variables ONEDNN_MAX_CPU_ISA=SSE41 DNNL_MAX_CPU_ISA=SSE41 ATEN_CPU_CAPABILITY=default OPENBLAS_CORETYPE=Nehalem AFFEKT_SIMD=sse4)
set(level_avx_variables ONEDNN_MAX_CPU_ISA=AVX DNNL_MAX_CPU_ISA=AVX ATEN_CPU_CAPABILITY=default OPENBLAS_CORETYPE=Sandybridge AFFEKT_SIMD=sse4)
set(level_avx2_variables ONEDNN_MAX_CPU_ISA=AVX2 DNNL_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2 OPENBLAS_CORETYPE=Haswell AFFEKT_SIMD=avx2)
set(level_avx512_variables ONEDNN_MAX_CPU_ISA=AVX512_CORE DNNL_MAX_CPU_ISA=AVX512_CORE ATEN_CPU_CAPABILITY=avx512 OPENBLAS_CORETYPE=SkylakeX
    AFFEKT_SIMD=avx3)

# Sets AFFEKT_LEVELS to those this processor has.
set(AFFEKT_LEVELS)
set(beyond)
set(flags)
if(EXISTS /proc/cpuinfo)
  file(STRINGS /proc/cpuinfo flags REGEX "^flags" LIMIT_COUNT 1)
  string(REGEX REPLACE "[ \t]+" ";" flags "${flags}")
endif()
foreach(level IN LISTS all_levels)
  set(lacking ${level_${level}_needs})
  list(REMOVE_ITEM lacking ${flags})
  if(lacking)
    list(APPEND beyond ${level})
  else()
    list(APPEND AFFEKT_LEVELS ${level})
  endif()
endforeach()
message(STATUS "Tests at each instruction set: ${AFFEKT_LEVELS}; this processor lacks: ${beyond}")
