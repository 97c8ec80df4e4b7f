#include "core/json.h"

#include "affekt/core/error.h"
#include "support/catch.h"

using namespace affekt;

namespace {
std::string failure(const std::string& text) {
  try {
    parse_json_strict(text, "x.json");
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}
}  // namespace

TEST_CASE("strict JSON keeps order and whole numbers") {
  const auto json = parse_json_strict(R"({"b": 9007199254740993, "a": [1.5, "x", null]})", "x");
  CHECK(json.begin().key() == "b");
  CHECK(json["b"].get<std::int64_t>() == 9007199254740993);
  CHECK(parse_json_strict("\xEF\xBB\xBF{}", "x").empty());
}

TEST_CASE("what is not strict JSON is refused with its place") {
  CHECK(failure("") == "x.json: empty, expected JSON");
  CHECK(failure("{\"a\": 1,\n \"b\": }").rfind("x.json:2:", 0) == 0);
  CHECK(failure(R"({"a": 1, "a": 2})") == "x.json: key \"a\" is repeated");
  CHECK(failure(R"({"a": {"b": 1, "b": 2}})") == "x.json: key \"b\" is repeated");
  CHECK(failure(R"({"a": {"b": 1}, "b": 2})").empty());
  CHECK(failure(std::string(65, '[') + std::string(65, ']')) == "x.json: JSON is nested deeper than 64 levels");
  CHECK(failure(std::string(1000000, '[')) == "x.json: JSON is nested deeper than 64 levels");
  std::string keys = "{\"k\": 0";
  for (int i = 0; i < 100000; ++i) keys += ", \"" + std::to_string(i) + "\": 0";
  CHECK(failure(keys + "}") == "x.json: an object of more than 100000 keys");
  for (const char* text : {"", "{", "{} x", "{'a': 1}", "{\"a\": NaN}", "[1,]", "// c\n{}", "\"\xFF\""}) {
    CAPTURE(text);
    CHECK_FALSE(failure(text).empty());
  }
  CHECK(parse_json_strict("// comment\n{/* x */}", "x", true).empty());
}
