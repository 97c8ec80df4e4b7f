// Private: what single cells of track tables mean. NaN (or "") stands for missing throughout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace affekt {

/// Empty, NA, N/A, NaN, null, None or a dash.
bool is_missing(std::string_view cell);

/// The commonest spelling, an optional minus, digits, a dot, an exponent: true if `cell` is just that, and faster to
/// tell than number_cell(), which knows the other spellings.
bool plain_number(std::string_view cell, double& value);

/// A number with optional thousands separators and percent sign.
/// @param decimal_comma  a single comma is a decimal mark (files whose delimiter is not the comma).
double number_cell(std::string_view cell, bool decimal_comma);

double key_cell(std::string_view cell);      ///< "C#", "Db", "F#/Gb" or 0..11; -1 (no key) is missing.
double mode_cell(std::string_view cell);     ///< "Major", "minor", 1, 0.
double boolean_cell(std::string_view cell);  ///< "True", "no", 1, 0.
double year_cell(std::string_view cell);     ///< First four digits standing alone: "1922-06-01", "12/8/2017".

struct DurationCell {
  double value = 0;
  bool clock = false;  ///< "3:33" or "1:02:03": value is milliseconds.
};
DurationCell duration_cell(std::string_view cell, bool decimal_comma);

/// The one name of a list literal "['A']" that needs no unescaping; "" if it has more or none.
std::string_view only_name(std::string_view cell);

struct NameList {
  std::string text;               ///< Names joined by ", ".
  std::uint16_t first_bytes = 0;  ///< Length of the first of several names, else 0.
};
/// True for a list literal ("['A', \"B\"]") or names parted by semicolons.
bool is_name_list(std::string_view cell);
NameList name_list(std::string_view cell);

}  // namespace affekt
