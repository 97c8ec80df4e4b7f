// What differs between the releases of LibTorch's c10d. Compiled with 1.13, 2.6 and 2.15.
#pragma once

#include <torch/version.h>

#include <memory>
#include <string>
#include <torch/csrc/distributed/c10d/reducer.hpp>
#include <type_traits>
#include <unordered_map>
#include <vector>

namespace affekt {

template <typename Options, typename = void>
struct has_libuv_choice : std::false_type {};
template <typename Options>
struct has_libuv_choice<Options, std::void_t<decltype(Options::useLibUV)>> : std::true_type {};

using GroupPtr = c10::intrusive_ptr<c10d::ProcessGroup>;
using StorePtr = c10::intrusive_ptr<c10d::Store>;

/// LibTorch 2 serves its store through libuv unless told otherwise, and then fails where it was built without
/// (Debian's).
template <typename Options>
void serve_without_libuv(Options& options) {
  if constexpr (has_libuv_choice<Options>::value) options.useLibUV = false;
}

#if TORCH_VERSION_MAJOR < 2
using Backend = c10d::ProcessGroup;
inline GroupPtr group_of(const c10::intrusive_ptr<Backend>& backend, bool /*cuda*/, const StorePtr& /*store*/) {
  return backend;
}
#else
using Backend = c10d::Backend;
/// Since LibTorch 2 a group only knows who exchanges the tensors of which device.
inline GroupPtr group_of(const c10::intrusive_ptr<Backend>& backend, bool cuda, const StorePtr& store) {
#if TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR < 6
  const auto group =
      c10::make_intrusive<c10d::ProcessGroup>(store, backend->getRank(), backend->getSize(),
                                              c10::make_intrusive<c10d::ProcessGroup::Options>(cuda ? "nccl" : "gloo"));
#else
  const auto group = c10::make_intrusive<c10d::ProcessGroup>(store, backend->getRank(), backend->getSize());
#endif
  group->setBackend(cuda ? c10::DeviceType::CUDA : c10::DeviceType::CPU,
                    cuda ? c10d::ProcessGroup::BackendType::NCCL : c10d::ProcessGroup::BackendType::GLOO, backend);
  return group;
}
#endif

/// What sums the gradients of `parameters`, in buckets of consecutive ones. The arguments of its constructor have
/// changed more than once: those that it takes are passed (a template, so that the others need not compile).
template <typename Reducer = c10d::Reducer>
std::unique_ptr<Reducer> make_reducer(const std::vector<at::Tensor>& parameters, const GroupPtr& group) {
  using Tensors = std::vector<at::Tensor>;
  using Buckets = std::vector<std::vector<std::size_t>>;
  using Limits = std::vector<std::size_t>;
  using Flags = std::vector<bool>;
  using Names = std::unordered_map<std::size_t, std::string>;
  using Caps = std::vector<std::int64_t>;
  constexpr std::int64_t kFirst = c10d::kDefaultFirstBucketBytes, kCap = c10d::kDefaultBucketBytesCap;
  constexpr bool kFindUnused = false, kBucketViews = true, kSkipUnused = false, kPython = false;
  const Flags sparse(parameters.size(), false);
  // The first bucket is small, so that sending begins early.
  auto [buckets, limits] = c10d::compute_bucket_assignment_by_size(parameters, {kFirst, kCap}, sparse);
  if constexpr (std::is_constructible_v<Reducer, Tensors, Buckets, Limits, GroupPtr, Flags, std::int64_t, bool, bool,
                                        Names, std::int64_t>) {
    return std::make_unique<Reducer>(parameters, buckets, limits, group, sparse, kCap, kFindUnused, kBucketViews,
                                     Names(), kFirst);
  } else if constexpr (std::is_constructible_v<Reducer, Tensors, Buckets, GroupPtr, Flags, std::int64_t, bool, bool,
                                               Names, std::int64_t, bool, bool>) {
    return std::make_unique<Reducer>(parameters, buckets, group, sparse, kCap, kFindUnused, kBucketViews, Names(),
                                     kFirst, kSkipUnused, kPython);
  } else {
    return std::make_unique<Reducer>(parameters, buckets, group, sparse, kCap, kFindUnused, kBucketViews, Names(),
                                     kFirst, kSkipUnused, kPython, Caps());
  }
}

}  // namespace affekt
