// Values of options that are more than a number or a name, each with the one parser and the one printer of its text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "affekt/core/export.h"

namespace affekt {

/// What of a backbone is trained after its freeze, besides the head: all, none or last:N.
struct AFFEKT_API Unfreeze {
  std::optional<int> layers;  ///< So many of its last Keras layers, 0 = none; without a value, all.

  /// @throws UsageError.
  static Unfreeze parse(const std::string& text);
  std::string text() const;
  bool operator==(const Unfreeze& other) const { return layers == other.layers; }
};

/// The rows that select the weights: public (PublicTest), or split:F (a fraction of the training rows).
struct AFFEKT_API ValidationRows {
  double fraction = 0;  ///< Of the training rows, (0, 1); 0 = PublicTest.

  /// @throws UsageError.
  static ValidationRows parse(const std::string& text);
  std::string text() const;
  bool operator==(const ValidationRows& other) const { return text() == other.text(); }
};

/// A time: 90, 90s, 45m or 2h. It is printed in the unit in which it was given.
struct AFFEKT_API Duration {
  double count = 0;  ///< In `unit`; 0 = none, whose text is "".
  std::string unit;  ///< s, m or h; "" = s.

  /// @throws UsageError.
  static Duration parse(const std::string& text);
  std::string text() const;
  double seconds() const;
  bool operator==(const Duration& other) const { return text() == other.text(); }
};

/// An amount of memory: bytes, or with a unit K, M, G or T of 1024; or off.
struct AFFEKT_API MemoryLimit {
  double count = 0;  ///< In `unit`.
  std::string unit;  ///< K, M, G or T; "" = bytes.
  bool off = false;

  /// @throws UsageError.
  static MemoryLimit parse(const std::string& text);
  std::string text() const;
  std::optional<std::int64_t> bytes() const;  ///< No value: off.
  bool operator==(const MemoryLimit& other) const { return text() == other.text(); }
};

}  // namespace affekt
