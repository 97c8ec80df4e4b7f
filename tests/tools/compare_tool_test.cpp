// affekt-compare as a user types it.

#include "support/crafted_model.h"
#include "support/tool_test.h"

using namespace affekt;
using namespace affekt::test;

namespace {

struct Fixture {
  TempFolder folder;
  std::string model = (folder / "m.safetensors").string();
  std::string run = (folder / "run").string();

  Fixture() {
    test::write_crafted_model(model, {}, {});
    fs::create_directory(run);
    fs::copy_file(model, fs::path(run) / "best.safetensors");
    std::ofstream(fs::path(run) / "summary.json") << R"({"validation_accuracy":0.61,"seconds":90})";
  }
};

ToolResult compare(const std::vector<std::string>& arguments) { return run_tool("affekt-compare", arguments); }

}  // namespace

TEST_CASE("compare: a table and JSON rows, in the order given") {
  const Fixture f;
  const ToolResult table = compare({f.run, f.model});
  CHECK(table.exit_code == 0);
  CHECK(table.err.empty());
  CHECK(count_lines(table.out) == 3);
  CHECK_THAT(table.out, ContainsSubstring("61.00") && ContainsSubstring("1.5 min") && ContainsSubstring("1211815"));
  const ToolResult result = compare({f.run, f.model, "--json"});
  REQUIRE(result.exit_code == 0);
  const Json json = Json::parse(result.out);
  CHECK(json.at("schema") == "affekt.compare/1");
  CHECK(json.at("options").at("inputs") == Json({f.run, f.model}));
  REQUIRE(json.at("rows").size() == 2);
  const Json& first = json.at("rows").at(0);
  CHECK(first.at("name") == f.run);
  CHECK(first.at("model") == "compact");
  CHECK(first.at("parameters") == 1211815);
  CHECK(first.at("multiply_adds") == 99755776);
  CHECK(first.at("bytes") == fs::file_size(f.model));
  CHECK(first.at("validation_accuracy") == 0.61);
  CHECK(first.at("private_accuracy").is_null());
  CHECK(first.at("images_per_second").is_null());
  CHECK(first.at("seconds") == 90);
  CHECK(json.at("rows").at(1).at("seconds").is_null());
}

TEST_CASE("compare: the folder of a training with several seeds gives each of its runs that has weights") {
  const Fixture f;
  const fs::path all = f.folder / "all";
  for (const char* run : {"seed-9", "seed-10"}) {
    fs::create_directories(all / run);
    fs::copy_file(f.model, all / run / "best.safetensors");
  }
  fs::create_directories(all / "seed-11");
  const ToolResult result = compare({all.string() + "/", f.run, "--json"});
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  const Json rows = Json::parse(result.out).at("rows");
  REQUIRE(rows.size() == 3);
  CHECK(rows.at(0).at("name") == (all / "seed-9").string());
  CHECK(rows.at(1).at("name") == (all / "seed-10").string());
  CHECK(rows.at(2).at("name") == f.run);
}

TEST_CASE("compare --out writes CSV, page and JSON") {
  const Fixture f;
  const fs::path out = f.folder / "out";
  const ToolResult result = compare({f.run, "--out", out.string()});
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.err, ContainsSubstring("comparison.csv"));
  for (const char* name : {"comparison.csv", "report.html", "report.json"}) CHECK(fs::file_size(out / name) > 100);
  const ToolResult again = compare({f.run, "--out", out.string()});
  CHECK(again.exit_code == 2);
  CHECK_THAT(again.err, ContainsSubstring("is not empty (--force"));
  CHECK(compare({f.run, "--out", out.string(), "--force", "-q"}).exit_code == 0);
}

TEST_CASE("compare: failures are named, the others are still shown") {
  const Fixture f;
  const std::string missing = (f.folder / "missing").string();
  const std::string text = (f.folder / "text.safetensors").string();
  std::ofstream(text) << "not a model at all";
  const ToolResult some = compare({missing, f.model, text});
  CHECK(some.exit_code == 5);
  CHECK(count_lines(some.out) == 2);
  CHECK(count_lines(some.err) == 2);
  CHECK_THAT(some.err, ContainsSubstring("missing: no such model file") &&
                           ContainsSubstring("text.safetensors: not a safetensors file"));
  const ToolResult none = compare({text, missing});
  CHECK(none.exit_code == 3);
  CHECK(none.out.empty());
  CHECK(compare({missing}).exit_code == 4);
  CHECK(compare({f.folder.path().string()}).exit_code == 4);
  const ToolResult nothing = compare({});
  CHECK(nothing.exit_code == 2);
  CHECK_THAT(nothing.err, ContainsSubstring("nothing to compare"));
  CHECK(compare({f.model, "--out", f.model + "/x"}).exit_code == 4);
}
