// affekt-eval as a user types it.

#include "support/crafted_model.h"
#include "support/tool_test.h"

using namespace affekt;
using namespace affekt::test;

namespace {

std::string row(int label, int value, const std::string& usage) {
  std::string text = std::to_string(label) + ",";
  for (int i = 0; i < 48 * 48; ++i) text += (i == 0 ? "" : " ") + std::to_string(value);
  return text + "," + usage + "\n";
}

/// A model that calls bright faces happy and dark ones sad, and faces for it.
struct Fixture {
  TempFolder folder;
  std::string model = (folder / "model.safetensors").string();
  std::string data = (folder / "faces.csv").string();

  Fixture() {
    test::write_crafted_model(model, {0, 0, 0, 20, -20, 0, 0}, {0, 0, 0, -10, 10, 0, 0});
    write(data, "emotion,pixels,Usage\n" + row(3, 250, "Training") + row(4, 1, "Training") +
                    row(3, 250, "PrivateTest") + row(4, 2, "PrivateTest") + row(0, 3, "PrivateTest") +
                    row(3, 200, "PublicTest"));
  }
  static void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }
  ToolResult eval(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--threads", "1"});
    return run_tool("affekt-eval", arguments);
  }
  void refused(int code, const std::string& words, const std::vector<std::string>& arguments) const {
    check_refused("affekt-eval", eval(arguments), code, words);
  }
};

Json read_json(const fs::path& path) {
  std::ifstream in(path);
  return Json::parse(in);
}

}  // namespace

TEST_CASE("compare judges its models on data as eval does") {
  const Fixture f;
  const std::vector<std::string> data = {"--threads", "1", "--data", f.data};
  const auto compare = [&](std::vector<std::string> more) {
    more.insert(more.begin(), data.begin(), data.end());
    return run_tool("affekt-compare", more);
  };
  const ToolResult result = compare({f.model, "--json"});
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  const Json judged = Json::parse(result.out).at("rows").at(0).at("judged");
  const Json evaluated = Json::parse(f.eval({"--model", f.model, "--data", f.data, "--json"}).out);
  for (const char* key : {"split", "samples", "accuracy", "macro_f1", "log_loss"}) {
    CHECK(judged.at(key) == evaluated.at(key));
  }
  CHECK(judged.at("accuracy").get<double>() == Approx(2.0 / 3));
  const ToolResult table = compare({f.model, "--split", "public"});
  CHECK_THAT(table.out, ContainsSubstring("public here %") && ContainsSubstring("100.00"));
  check_refused("affekt-compare", compare({f.model, "--split", "secret"}), 2, "split");
  check_refused("affekt-compare", run_tool("affekt-compare", {f.model, "--split", "public"}), 2,
                "--split: needs --data");
  check_refused("affekt-compare", run_tool("affekt-compare", {f.model, "--data", f.data + "x"}), 4, "faces.csvx");
}

TEST_CASE("compare names a model that cannot be judged and judges the others") {
  const Fixture f;
  const std::string liar = (f.folder / "liar.safetensors").string();
  write_lying_copy(f.model, liar);
  const ToolResult result =
      run_tool("affekt-compare", {"--threads", "1", "--data", f.data, liar, f.model, "--json", "-q"});
  CHECK(result.exit_code == 5);
  CHECK(count_lines(result.err) == 1);
  CHECK_THAT(result.err, ContainsSubstring("liar.safetensors"));
  const Json rows = Json::parse(result.out).at("rows");
  REQUIRE(rows.size() == 2);
  CHECK(rows.at(0).at("judged").is_null());
  CHECK(rows.at(1).at("judged").at("samples") == 3);
}

TEST_CASE("JSON carries every figure of the contract") {
  const Fixture f;
  const ToolResult result = f.eval({"--model", f.model, "--data", f.data, "--split", "private", "--json"});
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  CHECK(result.err.empty());
  const Json json = Json::parse(result.out);
  CHECK(json.at("schema") == "affekt.eval/1");
  CHECK(json.at("seed") == 42);
  CHECK(json.at("options").at("split") == "private");
  CHECK(json.at("split") == "private");
  CHECK(json.at("samples") == 3);
  CHECK(json.at("accuracy").get<double>() == Approx(2.0 / 3));
  CHECK(json.at("balanced_accuracy").get<double>() == Approx(2.0 / 3));
  CHECK(json.at("leaked") == 1);
  CHECK(json.at("accuracy_without_leaked").get<double>() == Approx(0.5));
  CHECK(json.at("classes") == Json({"angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"}));
  CHECK(json.at("confusion").size() == 7);
  CHECK(json.at("confusion").at(0).at(4) == 1);
  CHECK(json.at("per_class").at(0).at("precision").is_null());
  CHECK(json.at("per_class").at(3).at("f1") == 1.0);
  CHECK(json.at("per_class").at(1).at("support") == 0);
  CHECK(json.at("images_per_second").get<double>() > 0);
  for (const char* key : {"top2_accuracy", "macro_f1", "log_loss", "ece"}) CHECK(json.at(key).is_number());
}

TEST_CASE("the table names both accuracies; --out holds the report") {
  const Fixture f;
  const fs::path out = f.folder / "judged";
  const ToolResult result =
      f.eval({"--model", f.model, "--model", f.model, "--data", f.data, "--tta", "flip", "--out", out.string()});
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  for (const char* words : {"ensemble", "tta flip", "precision", "weighted avg", "accuracy without leaked faces",
                            "0.5000  1 face also occurs in Training", "Confusion matrix, percent"}) {
    CHECK_THAT(result.out, ContainsSubstring(words));
  }
  const Json json = read_json(out / "report.json");
  CHECK(json.at("tta") == "flip");
  CHECK(json.at("models").size() == 2);
  std::ifstream csv(out / "predictions.csv");
  const std::string predictions{std::istreambuf_iterator<char>(csv), {}};
  CHECK(count_lines(predictions) == 4);
  CHECK_THAT(predictions, ContainsSubstring(",row 3,private,happy,happy,"));
  CHECK(fs::file_size(out / "report.html") > 5000);
  f.refused(2, "is not empty (--force", {"--model", f.model, "--data", f.data, "--out", out.string()});
  CHECK(f.eval({"--model", f.model, "--data", f.data, "--out", out.string(), "--force", "-q"}).exit_code == 0);
}

TEST_CASE("without Training the leaks are unknown: null") {
  const Fixture f;
  Fixture::write(f.data, "emotion,pixels,Usage\n" + row(3, 250, "PublicTest"));
  const ToolResult result = f.eval({"--model", f.model, "--data", f.data, "--split", "test", "--json"});
  REQUIRE(result.exit_code == 0);
  const Json json = Json::parse(result.out);
  CHECK(json.at("samples") == 1);
  CHECK(json.at("leaked").is_null());
  CHECK(json.at("accuracy_without_leaked").is_null());
}

TEST_CASE("a run folder stands for its best model") {
  const Fixture f;
  const fs::path run = f.folder / "run";
  fs::create_directory(run);
  fs::copy_file(f.model, run / "best.safetensors");
  CHECK(f.eval({"--model", run.string(), "--data", f.data, "--json"}).exit_code == 0);
}

TEST_CASE("export-onnx writes the model, without data and with") {
  const Fixture f;
  const std::string onnx = (f.folder / "m.onnx").string();
  const ToolResult text = f.eval({"--model", f.model, "--export-onnx", onnx});
  INFO(text.err);
  REQUIRE(text.exit_code == 0);
  CHECK(text.err.empty());
  CHECK(count_lines(text.out) == 1);
  CHECK_THAT(text.out,
             ContainsSubstring("m.onnx: compact, 1211815 parameters, ") && ContainsSubstring("operator set 13"));
  const auto size = fs::file_size(onnx);
  CHECK(size > 4 * 1211815);
  Fixture::write(onnx, "an older file");
  const ToolResult judged = f.eval({"--model", f.model, "--export-onnx", onnx, "--data", f.data, "--json"});
  REQUIRE(judged.exit_code == 0);
  CHECK(count_lines(judged.err) == 1);
  CHECK_THAT(judged.err, Catch::Matchers::StartsWith("wrote ") && ContainsSubstring("m.onnx"));
  CHECK(fs::file_size(onnx) == size);
  const Json json = Json::parse(judged.out);
  CHECK(json.at("samples") == 3);
  CHECK(json.at("onnx") == Json({{"file", onnx}, {"bytes", size}, {"operator_set", 13}}));
  const Json alone = Json::parse(f.eval({"--model", f.model, "--export-onnx", onnx, "--json"}).out);
  CHECK(alone.at("schema") == "affekt.eval/1");
  CHECK(alone.at("models").at(0).at("architecture") == "compact");
  CHECK(alone.at("onnx") == json.at("onnx"));
  CHECK_FALSE(alone.contains("samples"));
  CHECK_FALSE(Json::parse(f.eval({"--model", f.model, "--data", f.data, "--json"}).out).contains("onnx"));
}

TEST_CASE("what export-onnx cannot do is one line, and no file") {
  const Fixture f;
  const std::string onnx = (f.folder / "m.onnx").string();
  f.refused(2, "--export-onnx: takes one model, found 2",
            {"--model", f.model, "--model", f.model, "--export-onnx", onnx});
  f.refused(2, "does not end in .onnx", {"--model", f.model, "--export-onnx", f.model});
  f.refused(2, "--split: needs --data", {"--model", f.model, "--export-onnx", onnx, "--split", "public"});
  f.refused(2, "--out: needs --data", {"--model", f.model, "--export-onnx", onnx, "--out", onnx + ".d"});
  f.refused(4, "no such model file", {"--model", f.model + "x", "--export-onnx", onnx});
  f.refused(3, "not a safetensors file", {"--model", f.data, "--export-onnx", onnx});
  f.refused(4, "faces.csvx", {"--model", f.model, "--export-onnx", onnx, "--data", f.data + "x"});
  CHECK_FALSE(fs::exists(onnx));
  f.refused(4, "cannot write", {"--model", f.model, "--export-onnx", f.data + "/m.onnx"});
  f.refused(4, "cannot write", {"--model", f.model, "--export-onnx", f.data + "/m.onnx", "--data", f.data});
  fs::create_directory(onnx);
  f.refused(4, "m.onnx", {"--model", f.model, "--export-onnx", onnx});
}

TEST_CASE("what is wrong is one line and its exit code") {
  const Fixture f;
  const std::string missing = (f.folder / "none").string();
  f.refused(2, "--data", {"--model", f.model});
  f.refused(2, "private", {"--model", f.model, "--data", f.data, "--split", "privat"});
  f.refused(2, "batch-size", {"--model", f.model, "--data", f.data, "--batch-size", "0"});
  f.refused(2, "device", {"--model", f.model, "--data", f.data, "--device", "gpu"});
  f.refused(4, "no such model file", {"--model", missing, "--data", f.data});
  f.refused(4, "none", {"--model", f.model, "--data", missing});
  f.refused(4, "faces.csv", {"--model", f.model, "--data", f.data, "--out", f.data + "/judged"});
  f.refused(3, "not a safetensors file", {"--model", f.data, "--data", f.data});
  const std::string cut = (f.folder / "cut.safetensors").string();
  fs::copy_file(f.model, cut);
  fs::resize_file(cut, fs::file_size(cut) - 1000);
  f.refused(3, "truncated", {"--model", cut, "--data", f.data});
  Fixture::write(f.data, "emotion,pixels,Usage\n" + row(3, 250, "Training") + "3,1 2 3,Training\n");
  f.refused(3, "faces.csv:3", {"--model", f.model, "--data", f.data, "--split", "train"});
  f.refused(2, "no rows in 'private'", {"--model", f.model, "--data", f.data, "--skip-bad-rows", "-q"});
  const ToolResult skipped = f.eval({"--model", f.model, "--data", f.data, "--split", "train", "--skip-bad-rows"});
  CHECK(skipped.exit_code == 0);
  CHECK_THAT(skipped.err, ContainsSubstring("faces.csv:3"));
  CHECK_THAT(skipped.out, ContainsSubstring("bad rows of the data"));
  const ToolResult quiet =
      f.eval({"--model", f.model, "--data", f.data, "--split", "train", "--skip-bad-rows", "-q", "--json"});
  CHECK(quiet.err.empty());
  CHECK(Json::parse(quiet.out)["samples"] == 1);
  CHECK(Json::parse(quiet.out)["skipped"] == 1);
}
