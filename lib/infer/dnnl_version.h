// oneDNN 2 (Debian 12) and 3 (Debian 13) under one name: version 3 has no operation descriptors, and its eltwise
// post-ops have no scale. Nothing else of this project looks at oneDNN's version.
#pragma once

#include <cstdint>
#include <oneapi/dnnl/dnnl.hpp>

namespace affekt::onednn {

using Desc = dnnl::memory::desc;
using Dims = dnnl::memory::dims;

struct Window {
  Dims kernel, strides, before, after;  ///< (height, width) each; before and after: padding.
};

/// Channels that lie side by side in the blocked layouts which the library's convolutions are fastest with, or 0 where
/// they rather choose a layout themselves: without AVX2, some have no fast implementation for blocks.
inline std::int64_t block() {
  const auto here = static_cast<unsigned>(dnnl_get_effective_cpu_isa());
  const auto has = [here](dnnl_cpu_isa_t isa) {
    return (here & static_cast<unsigned>(isa)) == static_cast<unsigned>(isa);
  };
  if (has(dnnl_cpu_isa_avx512_core)) return 16;
  return has(dnnl_cpu_isa_avx2) ? 8 : 0;
}

inline void append_eltwise(dnnl::post_ops& chain, dnnl::algorithm algorithm, float alpha) {
#if DNNL_VERSION_MAJOR >= 3
  chain.append_eltwise(algorithm, alpha, 0.0F);
#else
  chain.append_eltwise(1.0F, algorithm, alpha, 0.0F);
#endif
}

inline dnnl::convolution_forward::primitive_desc convolution(const dnnl::engine& engine,
                                                             const dnnl::primitive_attr& attributes, const Desc& source,
                                                             const Desc& weights, const Desc& bias, const Desc& target,
                                                             const Window& window) {
  constexpr auto kKind = dnnl::prop_kind::forward_inference;
  constexpr auto kHow = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
  return {engine, kKind, kHow, source, weights, bias, target, window.strides, window.before, window.after, attributes};
#else
  return {
      {kKind, kHow, source, weights, bias, target, window.strides, window.before, window.after}, attributes, engine};
#endif
}

inline dnnl::pooling_forward::primitive_desc pooling(const dnnl::engine& engine, const dnnl::primitive_attr& attributes,
                                                     dnnl::algorithm algorithm, const Desc& source, const Desc& target,
                                                     const Window& window) {
  constexpr auto kKind = dnnl::prop_kind::forward_inference;
#if DNNL_VERSION_MAJOR >= 3
  const Dims dilation(window.kernel.size(), 0);
  return {engine,        kKind,    algorithm,     source,       target,    window.strides,
          window.kernel, dilation, window.before, window.after, attributes};
#else
  return {{kKind, algorithm, source, target, window.strides, window.kernel, window.before, window.after},
          attributes,
          engine};
#endif
}

}  // namespace affekt::onednn
