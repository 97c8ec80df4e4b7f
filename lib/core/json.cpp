#include "core/json.h"

#include <algorithm>
#include <set>
#include <vector>

#include "affekt/core/error.h"
#include "affekt/core/text.h"

namespace affekt {
namespace {

/// "line:column" of a byte offset.
std::string position(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t start = before.rfind('\n');
  const std::size_t column = before.size() - (start == std::string_view::npos ? 0 : start + 1);
  return std::to_string(line) + ":" + std::to_string(std::max<std::size_t>(column, 1));
}

/// Ordered objects look for a place for each key from the front: more would take minutes. No file of ours comes near.
constexpr std::size_t kMostKeys = 100'000;

/// First pass: depth and repeated keys, without building anything.
class Checker : public nlohmann::json_sax<Json> {
 public:
  explicit Checker(std::string place, std::string_view text) : place_(std::move(place)), text_(text) {}

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override {
    enter();
    return true;
  }
  bool key(string_t& name) override {
    if (!keys_.back().insert(name).second)
      throw DataError(place_ + ": key \"" + printable(name, 60) + "\" is repeated");
    if (keys_.back().size() > kMostKeys)
      throw DataError(place_ + ": an object of more than " + std::to_string(kMostKeys) + " keys");
    return true;
  }
  bool end_object() override {
    keys_.pop_back();
    return true;
  }
  bool start_array(std::size_t) override {
    enter();
    return true;
  }
  bool end_array() override {
    keys_.pop_back();
    return true;
  }
  bool parse_error(std::size_t offset, const std::string& token, const nlohmann::json::exception&) override {
    throw DataError(place_ + ":" + position(text_, offset) + ": not valid JSON near '" + printable(token, 40) + "'");
  }

 private:
  void enter() {
    constexpr std::size_t kDeepest = 64;
    if (keys_.size() == kDeepest) throw DataError(place_ + ": JSON is nested deeper than 64 levels");
    keys_.emplace_back();
  }

  std::string place_;
  std::string_view text_;
  std::vector<std::set<std::string>> keys_;
};

}  // namespace

Json parse_json_strict(std::string_view text, const std::string& place, bool allow_comments) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  if (text.empty()) throw DataError(place + ": empty, expected JSON");
  Checker checker(place, text);
  Json::sax_parse(text.begin(), text.end(), &checker, nlohmann::json::input_format_t::json, true, allow_comments);
  try {
    return Json::parse(text.begin(), text.end(), nullptr, true, allow_comments);
  } catch (const nlohmann::json::exception& error) {
    throw DataError(place + ": not valid JSON: " + printable(error.what()));
  }
}

}  // namespace affekt
