// How many fields an aggregate has, so that a test can notice one that a list of them forgets.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace affekt::test {

/// Takes the place of a value for any field.
struct AnyField {
  template <typename T>
  operator T() const;  // NOLINT(google-explicit-constructor)
};

template <typename T, typename Indices, typename = void>
struct takes_fields : std::false_type {};
template <typename T, std::size_t... I>
struct takes_fields<T, std::index_sequence<I...>, std::void_t<decltype(T{(static_cast<void>(I), AnyField{})...})>>
    : std::true_type {};

/// An aggregate can be made of as many values as it has fields, and not of more.
template <typename T, std::size_t n = 0>
constexpr std::size_t count_fields() {
  static_assert(std::is_aggregate_v<T>);
  if constexpr (takes_fields<T, std::make_index_sequence<n + 1>>::value) {
    return count_fields<T, n + 1>();
  } else {
    return n;
  }
}

}  // namespace affekt::test
