#include "music/cells.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "affekt/core/text.h"

namespace affekt {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "12,345,678.00": groups of three after the first comma, no leading zero.
bool has_thousands(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  const std::string_view whole = text.substr(0, text.find('.'));
  const std::size_t first = whole.find(',');
  if (first == 0 || first > 3 || whole.front() == '0') return false;
  for (std::size_t at = first; at < whole.size(); at += 4) {
    if (whole[at] != ',' || at + 4 > whole.size()) return false;
    for (std::size_t i = 1; i <= 3; ++i) {
      if (!is_digit(whole[at + i])) return false;
    }
  }
  return true;
}

// Digits with at most one point among them, as nearly all cells have. The digits are a whole number below 2^53 and the
// power of ten is exact, so the quotient is rounded once, to what std::from_chars() gives (Clinger, "How to read
// floating point numbers accurately", PLDI 1990). False: the text is longer, or something else.
bool short_decimal(std::string_view text, double& value) {
  constexpr std::size_t kMostDigits = 15;
  static constexpr std::array<double, kMostDigits + 1> kPowers = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  if (text.size() > kMostDigits + 1) return false;
  std::int64_t digits = 0;
  std::size_t behind = 0;
  bool point = false;
  for (const char c : text) {
    if (is_digit(c)) {
      digits = 10 * digits + (c - '0');
      behind += point ? 1 : 0;
    } else {
      if (c != '.' || point) return false;
      point = true;
    }
  }
  if (text.size() > kMostDigits && !point) return false;
  value = static_cast<double>(digits) / kPowers[behind];
  return true;
}

double parse(std::string_view text) {
  const auto value = parse_double(text);
  return value && std::isfinite(*value) ? *value : kMissing;
}

}  // namespace

bool is_missing(std::string_view cell) {
  cell = trim(cell);
  if (cell.empty()) return true;
  if (cell.size() > 4 || (cell[0] != '-' && (cell[0] | 0x20) != 'n')) return false;
  const std::string lower = lower_ascii(cell);
  return lower == "na" || lower == "n/a" || lower == "nan" || lower == "null" || lower == "none" || lower == "-";
}

bool plain_number(std::string_view cell, double& value) {
  const std::size_t sign = !cell.empty() && cell.front() == '-' ? 1 : 0;
  // Digits at both ends: no "inf", no "nan", no blanks, which are number_cell()'s.
  if (cell.size() <= sign || !is_digit(cell[sign]) || !is_digit(cell.back())) return false;
  if (short_decimal(cell.substr(sign), value)) {
    value = sign == 1 ? -value : value;
    return true;
  }
  const char* const end = cell.data() + cell.size();
  const auto [stop, error] = std::from_chars(cell.data(), end, value);
  return error == std::errc() && stop == end;
}

double number_cell(std::string_view cell, bool decimal_comma) {
  cell = trim(cell);
  bool percent = false;
  if (!cell.empty() && cell.back() == '%') {
    percent = true;
    cell = trim(cell.substr(0, cell.size() - 1));
  }
  double value = kMissing;
  if (cell.find(',') == std::string_view::npos) {
    value = parse(cell);
  } else {
    std::string plain(cell);
    const bool one_comma = std::count(plain.begin(), plain.end(), ',') == 1 && plain.find('.') == std::string::npos;
    if (one_comma && (decimal_comma || !has_thousands(cell))) {
      plain[plain.find(',')] = '.';
      value = parse(plain);
    } else if (has_thousands(cell)) {
      plain.erase(std::remove(plain.begin(), plain.end(), ','), plain.end());
      value = parse(plain);
    }
  }
  return percent ? value / 100 : value;
}

double key_cell(std::string_view cell) {
  if (double plain = 0; plain_number(cell, plain)) return plain >= 0 && plain <= 11 ? plain : kMissing;
  cell = trim(cell);
  if (const auto number = parse_double(cell)) return *number >= 0 && *number <= 11 ? *number : kMissing;
  static constexpr std::array<int, 7> kPitch = {9, 11, 0, 2, 4, 5, 7};  // A B C D E F G
  if (cell.empty()) return kMissing;
  const char letter = static_cast<char>(cell[0] & ~0x20);
  if (letter < 'A' || letter > 'G') return kMissing;
  int pitch = kPitch[static_cast<std::size_t>(letter - 'A')];
  const std::string_view rest = cell.substr(1);
  const auto starts = [&rest](std::string_view mark) { return rest.substr(0, mark.size()) == mark; };
  if (starts("#") || starts("\xE2\x99\xAF")) {
    ++pitch;
  } else if (starts("b") || starts("\xE2\x99\xAD")) {
    --pitch;
  } else if (!rest.empty() && rest[0] != ' ' && rest[0] != '/') {
    return kMissing;
  }
  return (pitch + 12) % 12;
}

double mode_cell(std::string_view cell) {
  if (cell == "1" || cell == "0") return cell == "1" ? 1 : 0;
  const std::string lower = lower_ascii(trim(cell));
  if (lower == "major" || lower == "maj" || lower == "1" || lower == "1.0") return 1;
  if (lower == "minor" || lower == "min" || lower == "0" || lower == "0.0") return 0;
  return kMissing;
}

double boolean_cell(std::string_view cell) {
  if (cell == "False" || cell == "True") return cell == "True" ? 1 : 0;
  const std::string lower = lower_ascii(trim(cell));
  if (lower == "true" || lower == "1" || lower == "yes" || lower == "1.0") return 1;
  if (lower == "false" || lower == "0" || lower == "no" || lower == "0.0") return 0;
  return kMissing;
}

double year_cell(std::string_view cell) {
  for (std::size_t begin = 0; begin < cell.size();) {
    if (!is_digit(cell[begin])) {
      ++begin;
      continue;
    }
    std::size_t end = begin;
    while (end < cell.size() && is_digit(cell[end])) ++end;
    if (end - begin == 4 && (cell[begin] == '1' || cell[begin] == '2')) return parse(cell.substr(begin, 4));
    begin = end;
  }
  return kMissing;
}

DurationCell duration_cell(std::string_view cell, bool decimal_comma) {
  if (cell.find(':') == std::string_view::npos) return {number_cell(cell, decimal_comma), false};
  double seconds = 0;
  for (const std::string& part : split(cell, ':')) {
    const double value = number_cell(part, true);
    if (!(value >= 0)) return {kMissing, false};
    seconds = seconds * 60 + value;
  }
  return {seconds * 1000, true};
}

bool is_name_list(std::string_view cell) {
  cell = trim(cell);
  return (cell.size() >= 2 && cell.front() == '[' && cell.back() == ']') || cell.find(';') != std::string_view::npos;
}

namespace {

std::vector<std::string> literal_items(std::string_view list) {
  std::vector<std::string> items;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const char quote = list[i];
    if (quote != '\'' && quote != '"') continue;
    std::string item;
    for (++i; i < list.size() && list[i] != quote; ++i) {
      if (list[i] == '\\' && i + 1 < list.size()) ++i;
      item += list[i];
    }
    items.push_back(item);
  }
  return items;
}

}  // namespace

std::string_view only_name(std::string_view cell) {
  cell = trim(cell);
  if (cell.size() < 5 || cell.front() != '[' || cell.back() != ']') return {};
  const std::string_view item = cell.substr(1, cell.size() - 2);
  const char quote = item.front();
  if ((quote != '\'' && quote != '"') || item.back() != quote) return {};
  const std::string_view name = item.substr(1, item.size() - 2);
  const bool plain = name.find(quote) == std::string_view::npos && name.find('\\') == std::string_view::npos;
  return plain ? trim(name) : std::string_view();
}

NameList name_list(std::string_view cell) {
  cell = trim(cell);
  std::vector<std::string> names;
  if (cell.front() == '[') {
    const std::string_view inside = cell.substr(1, cell.size() - 2);
    names = literal_items(inside);
    if (names.empty() && !trim(inside).empty()) names = split(inside, ',');  // [A, B]
  } else {
    names = split(cell, ';');
  }
  std::vector<std::string> kept;
  for (const std::string& name : names) {
    if (!trim(name).empty()) kept.emplace_back(trim(name));
  }
  NameList list;
  list.text = join(kept, ", ");
  if (kept.size() > 1) list.first_bytes = static_cast<std::uint16_t>(std::min<std::size_t>(kept[0].size(), 65535));
  return list;
}

}  // namespace affekt
