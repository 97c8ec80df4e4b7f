#include "affekt/train/option_values.h"

#include <array>
#include <charconv>
#include <cmath>

#include "affekt/core/error.h"
#include "affekt/core/text.h"

namespace affekt {
namespace {

[[noreturn]] void refuse(const char* expected, const std::string& found) {
  throw UsageError(std::string("expected ") + expected + ", found '" + printable(found, 40) + "'");
}

/// What follows the prefix: "50" of "last:50".
std::optional<std::string> after(const std::string& prefix, const std::string& text) {
  if (text.rfind(prefix, 0) != 0) return std::nullopt;
  return text.substr(prefix.size());
}

/// The shortest text that gives the number back, without an exponent: as people write it.
std::string format_plain(double value) {
  std::array<char, 400> buffer{};  // the largest double has 309 digits
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed);
  return {buffer.data(), result.ptr};
}

/// Cuts the letter at the end off, if it is one of `units`.
std::string cut_unit(std::string& text, const std::string& units) {
  if (text.empty() || units.find(text.back()) == std::string::npos) return "";
  std::string unit(1, text.back());
  text.pop_back();
  return unit;
}

double bytes_of(const std::string& unit) {
  return std::ldexp(1.0, unit.empty() ? 0 : 10 * static_cast<int>(std::string("KMGT").find(unit) + 1));
}

}  // namespace

Unfreeze Unfreeze::parse(const std::string& text) {
  if (text == "all") return {};
  if (text == "none") return {0};
  if (const auto number = after("last:", text)) {
    const auto count = parse_integer(*number);
    if (count && *count >= 1 && *count <= INT32_MAX) return {static_cast<int>(*count)};
  }
  refuse("all, none or last:N with N of 1 or more", text);
}

std::string Unfreeze::text() const {
  if (!layers) return "all";
  return *layers == 0 ? "none" : "last:" + std::to_string(*layers);
}

ValidationRows ValidationRows::parse(const std::string& text) {
  if (text == "public") return {};
  if (const auto number = after("split:", text)) {
    const auto share = parse_double(*number);
    if (share && *share > 0 && *share < 1) return {*share};
  }
  refuse("public or split:F with F between 0 and 1", text);
}

std::string ValidationRows::text() const { return fraction > 0 ? "split:" + format_plain(fraction) : "public"; }

Duration Duration::parse(const std::string& text) {
  if (text.empty()) return {};
  std::string digits = text;
  Duration time;
  time.unit = cut_unit(digits, "smh");
  const auto value = parse_double(digits);
  if (!value || !(*value > 0) || !std::isfinite(*value)) refuse("a time like 90s, 45m or 2h", text);
  time.count = *value;
  return time;
}

std::string Duration::text() const { return count > 0 ? format_plain(count) + unit : ""; }

double Duration::seconds() const { return count * (unit == "m" ? 60 : unit == "h" ? 3600 : 1); }

MemoryLimit MemoryLimit::parse(const std::string& text) {
  constexpr double kLargest = 1e15;
  MemoryLimit limit;
  limit.off = text == "off";
  if (limit.off) return limit;
  std::string digits = text;
  limit.unit = cut_unit(digits, "KMGT");
  const auto value = parse_double(digits);
  if (!value || !(*value >= 0) || !(*value * bytes_of(limit.unit) <= kLargest)) {
    refuse("off or a size like 512M or 2G", text);
  }
  limit.count = *value;
  return limit;
}

std::string MemoryLimit::text() const { return off ? "off" : format_plain(count) + unit; }

std::optional<std::int64_t> MemoryLimit::bytes() const {
  if (off) return std::nullopt;
  return static_cast<std::int64_t>(count * bytes_of(unit));
}

}  // namespace affekt
