// affekt-import as a user runs it: exit code, result, and words on stderr.
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../data/faces.h"
#include "affekt/core/file.h"
#include "affekt/core/png.h"
#include "affekt/data/packed.h"
#include "affekt/faces/picture_access.h"
#include "support/catch.h"
#include "support/run_tool.h"
#include "support/temp_folder.h"

using namespace affekt;
using namespace affekt::test;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

ToolResult import(std::vector<std::string> arguments, const ToolSetting& setting = {}) {
  return run_tool("affekt-import", arguments, setting);
}

#ifdef AFFEKT_WITH_FACES
std::size_t file_count(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

std::string png_of(const FaceChip& chip) {
  return encode_png({kFaceSide, kFaceSide, 1, {chip.pixels.begin(), chip.pixels.end()}});
}
#endif

}  // namespace

TEST_CASE("import --check tells what a dataset holds") {
  const TempFolder folder;
  const std::string csv = (folder / "f.csv").string();
  Dataset data = made_up_dataset(21);
  data.append(made_up_dataset(21));  // everything twice
  write_file(csv, as_fer2013(data));

  const ToolResult json = import({"--check", "--data", csv, "--json"});
  REQUIRE(json.exit_code == 0);
  CHECK(json.err.empty());
  const Json result = Json::parse(json.out);
  CHECK(result["schema"] == "affekt.import/1");
  CHECK(result["seed"] == 42);
  CHECK(result["options"]["data"][0] == csv);
  CHECK(result["rows"] == 42);
  CHECK(result["duplicates"] == 21);
  CHECK(result["conflicts"] == 0);
  CHECK(result["blank"] == 0);
  CHECK(result["leaks"] == 0);
  CHECK(result["classes"]["happy"] == 6);
  CHECK(result["splits"]["public"]["angry"] == 2);

  const ToolResult table = import({"--check", "--data", csv});
  REQUIRE(table.exit_code == 0);
  CHECK(table.out.find("duplicates     21") != std::string::npos);
  CHECK(table.out.find(result["digest"].get<std::string>()) != std::string::npos);
}

TEST_CASE("import --pack writes what --check finds again, from a file or from standard input") {
  const TempFolder folder;
  const Dataset data = made_up_dataset(10);
  const std::string packed = (folder / "p.safetensors").string();
  ToolSetting setting;
  setting.input = as_fer2013(data);
  const ToolResult pack = import({"--pack", packed, "--data", "-", "--json"}, setting);
  REQUIRE(pack.exit_code == 0);
  CHECK(Json::parse(pack.out)["rows"] == 10);
  CHECK(Json::parse(pack.out)["digest"] == data.digest());
  CHECK(read_packed(packed).digest() == data.digest());
  const ToolResult check = import({"--check", "--data", packed, "--data", packed, "--json"});
  REQUIRE(check.exit_code == 0);
  CHECK(Json::parse(check.out)["duplicates"] == 10);
  CHECK(Json::parse(check.out)["sources"].size() == 2);
}

TEST_CASE("import names bad rows, and skips them only when told to; the advice in the message works") {
  const TempFolder folder;
  write_file(folder / "f.csv", as_fer2013(made_up_dataset(2)) + "0,1 2 3,Training\n");
  ToolSetting here;
  here.folder = folder.path().string();
  const ToolResult strict = import({"--check", "--data", "f.csv"}, here);
  CHECK(strict.exit_code == 3);
  CHECK(strict.out.empty());
  CHECK(strict.err ==
        "affekt-import: f.csv:4: pixels: expected 2304 values, found 3 (--skip-bad-rows skips and counts such rows)\n");
  const ToolResult lenient = import({"--check", "--data", "f.csv", "--skip-bad-rows", "--json"}, here);
  CHECK(lenient.exit_code == 0);
  CHECK(lenient.err == "skipped f.csv:4: pixels: expected 2304 values, found 3\n");
  CHECK(Json::parse(lenient.out)["sources"][0]["skipped"] == 1);
}

TEST_CASE("import --ferplus needs the rows of fer2013.csv") {
  const TempFolder folder;
  write_file(folder / "f.csv", as_fer2013(made_up_dataset(2)));
  const std::string header =
      "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF\n";
  write_file(folder / "plus.csv", header + "Training,a,10,0,0,0,0,0,0,0,0,0\nTraining,b,0,10,0,0,0,0,0,0,0,0\n");
  write_file(folder / "short.csv", header + "Training,a,10,0,0,0,0,0,0,0,0,0\n");
  ToolSetting here;
  here.folder = folder.path().string();
  const ToolResult good = import({"--pack", "p.safetensors", "--data", "f.csv", "--ferplus", "plus.csv"}, here);
  REQUIRE(good.exit_code == 0);
  CHECK(read_packed(folder / "p.safetensors").soft_labels.at(6) == 1.0F);
  const ToolResult bad = import({"--pack", "q.safetensors", "--data", "f.csv", "--ferplus", "short.csv"}, here);
  CHECK(bad.exit_code == 3);
  CHECK(bad.err.find("short.csv: 1 rows of votes, but the dataset has 2 rows") != std::string::npos);
  CHECK_FALSE(fs::exists(folder / "q.safetensors"));
}

TEST_CASE("wrong use of import: one line and the documented exit code") {
  const TempFolder folder;
  write_file(folder / "f.csv", as_fer2013(made_up_dataset(2)));
  write_file(folder / "empty.csv", "");
  write_file(folder / "model.safetensors", "not one");
  ToolSetting here;
  here.folder = folder.path().string();
  struct Case {
    std::vector<std::string> arguments;
    int exit_code;
    std::string words;
  };
  const std::vector<Case> cases = {
      {{}, 2, "expected one of --into DIR, --pack FILE and --check, found none"},
      {{"--check", "--pack", "x.safetensors", "--data", "f.csv"}, 2, "found 2"},
      {{"--check"}, 2, "no dataset given"},
      {{"--check", "--data", "none.csv"}, 4, "none.csv"},
      {{"--check", "--data", "empty.csv"}, 3, "empty.csv: the file is empty"},
      {{"--check", "--data", "model.safetensors"}, 3, "model.safetensors"},
      {{"--check", "--data", "f.csv:weight=many"}, 2, "weight 'many' is not a number above 0"},
      {{"--check", "--data", "-", "--data", "-"}, 2, "standard input (-) can be read once only"},
      {{"--check", "--dta", "f.csv"}, 2, "did you mean '--data'?"},
      {{"--check", "photo.jpg", "--data", "f.csv"}, 2, "pictures go with --into"},
      {{"--check", "--label", "sad", "--data", "f.csv"}, 2, "--label goes with --into"},
      {{"--pack", "f.csv", "--data", "f.csv"}, 2, "'f.csv' does not end in .safetensors"},
      {{"--pack", "f.csv/p.safetensors", "--data", "f.csv"}, 4, "f.csv/p.safetensors"},
      {{"--into", "d", "x.jpg"}, 2, "--into needs --label EMOTION"},
      {{"--into", "d", "--label", "hapy", "x.jpg"}, 2, "did you mean 'happy'?"},
      {{"--into", "d", "--label", "happy"}, 2, "no picture given"},
      {{"--into", "d", "--label", "happy", "x.jpg", "--data", "f.csv"}, 2, "--data goes with --check and --pack"},
      {{"--into", "d", "--label", "happy", "x.jpg", "--skip-bad-rows"}, 2, "--skip-bad-rows goes with --check"},
  };
  for (const auto& one : cases) {
    const ToolResult result = import(one.arguments, here);
    INFO(one.words << "\n" << result.err);
    CHECK(result.exit_code == one.exit_code);
    CHECK(result.out.empty());
    CHECK(result.err.find("affekt-import: ") == 0);
    CHECK(result.err.find(one.words) != std::string::npos);
    CHECK(count_lines(result.err) == 1);
  }
}

TEST_CASE("a result stays one line whatever a file is called") {
  const TempFolder folder;
  ToolSetting here;
  here.folder = folder.path().string();
  write_file(folder / "f.csv", as_fer2013(made_up_dataset(2)));
  const ToolResult packed = import({"--pack", "a\nb\x1b[31m.safetensors", "--data", "f.csv"}, here);
  CHECK(packed.exit_code == 0);
  CHECK(count_lines(packed.out) == 1);
  CHECK(packed.out.find('\x1b') == std::string::npos);
  CHECK(fs::exists(folder / "a\nb\x1b[31m.safetensors"));
}

#ifndef AFFEKT_WITH_FACES

TEST_CASE("a build that reads no pictures says so") {
  const ToolResult none = import({"x.png", "--label", "happy", "--into", "d"});
  CHECK(none.exit_code == 2);
  CHECK(none.err.find("libaffekt_faces") != std::string::npos);
}

#else

TEST_CASE("import adds pictures to a class of a dataset, once each") {
  const TempFolder folder;
  ToolSetting here;
  here.folder = folder.path().string();
  const auto access = load_picture_access();
  FaceChip first, second;
  std::copy_n(made_up_face(1).begin(), kFacePixels, first.pixels.begin());
  std::copy_n(made_up_face(2).begin(), kFacePixels, second.pixels.begin());
  fs::create_directories(folder / "in/deeper");
  write_file(folder / "in/PublicTest ä.png", png_of(first));
  write_file(folder / "in/deeper/copy.png", png_of(first));
  write_file(folder / "in/deeper/other.png", png_of(second));
  write_file(folder / "in/.hidden", "no picture");

  const std::vector<std::string> add = {"in", "--label", "Happiness", "--into", "set", "--faces", "none", "--json"};
  const ToolResult once = import(add, here);
  REQUIRE(once.exit_code == 0);
  Json result = Json::parse(once.out);
  CHECK(result["added"] == 2);
  CHECK(result["skipped"] == Json({{"no_face", 0}, {"duplicate", 1}, {"unreadable", 0}}));
  CHECK(result["classes"]["happy"] == 2);
  CHECK(file_count(folder / "set/happy") == 2);

  const ToolResult again = import(add, here);
  CHECK(again.exit_code == 0);
  CHECK(Json::parse(again.out)["added"] == 0);
  CHECK(Json::parse(again.out)["skipped"]["duplicate"] == 3);
  CHECK(file_count(folder / "set/happy") == 2);

  // The pixels arrive unchanged.
  const ToolResult check = import({"--check", "--data", "set", "--json"}, here);
  REQUIRE(check.exit_code == 0);
  CHECK(Json::parse(check.out)["splits"]["train"]["happy"] == 2);
  Dataset expected;
  expected.sources.push_back({"", 1.0, 2, 0});
  expected.add(second.pixels.data(), Emotion::happy, Split::train, 0, "");
  expected.add(first.pixels.data(), Emotion::happy, Split::train, 0, "");
  const std::string forwards = expected.digest(), backwards = expected.subset({1, 0}).digest();
  const auto digest = Json::parse(check.out)["digest"].get<std::string>();
  CHECK((digest == forwards || digest == backwards));

  // A face that is in another class already is a duplicate: it would be a conflict.
  const ToolResult conflict =
      import({"in/deeper/other.png", "--label", "sad", "--into", "set", "--faces", "none"}, here);
  CHECK(conflict.exit_code == 0);
  CHECK(conflict.err == "in/deeper/other.png: face is already in the dataset\n");
  CHECK_FALSE(fs::exists(folder / "set/sad"));
}

TEST_CASE("a detector file that is none is one error, not a fault of every picture") {
  const TempFolder folder;
  ToolSetting here;
  here.folder = folder.path().string();
  write_file(folder / "a.png", png_of({}));
  write_file(folder / "b.png", png_of({}));
  write_file(folder / "text.xml", "no cascade\n");
  const auto with = [&](const std::string& detector) {
    return import({"a.png", "b.png", "--label", "sad", "--into", "set", "--detector-model", detector}, here);
  };
  const ToolResult bad = with("text.xml");
  CHECK(bad.exit_code == 3);
  CHECK(bad.out.empty());
  CHECK(bad.err == "affekt-import: text.xml: not an OpenCV cascade file\n");
  const ToolResult missing = with("none.xml");
  CHECK(missing.exit_code == 4);
  CHECK(count_lines(missing.err) == 1);
}

TEST_CASE("import reads lists of names as find writes them, and refuses an empty one") {
  const TempFolder folder;
  ToolSetting here;
  here.folder = folder.path().string();
  FaceChip chip;
  write_file(folder / "two\nlines.png", png_of(chip));
  const std::vector<std::string> words = {"-", "--label", "happy", "--into", "set", "--faces", "none"};
  here.input = std::string("two\nlines.png\0", 14);
  const ToolResult added = import(words, here);
  INFO(added.err);
  CHECK(added.exit_code == 0);
  CHECK(file_count(folder / "set/happy") == 1);
  here.input = "\n";
  const ToolResult none = import(words, here);
  CHECK(none.exit_code == 3);
  CHECK(none.err == "affekt-import: -: no picture is named, expected one name a line\n");
}

TEST_CASE("an import that adds nothing leaves no folder behind") {
  const TempFolder folder;
  fs::create_directory(folder / "kept");
  const auto into = [&](const std::string& name, const std::string& picture) {
    return import({picture, "--label", "happy", "--faces", "none", "--into", (folder / name).string()}).exit_code;
  };
  CHECK(into("a/new/", (folder / "missing.jpg").string()) == 4);
  CHECK(into("a/new", (folder / "missing.jpg").string()) == 4);
  CHECK(into("kept/new", (folder / "missing.jpg").string()) == 4);
  CHECK_FALSE(fs::exists(folder / "a"));
  CHECK(fs::is_empty(folder / "kept"));
  CHECK(into("kept", (folder / "missing.jpg").string()) == 4);
  CHECK(fs::exists(folder / "kept"));
}

TEST_CASE("import goes on after pictures that cannot be read, and says so") {
  const TempFolder folder;
  ToolSetting here;
  here.folder = folder.path().string();
  FaceChip chip;
  const std::string png = png_of(chip);
  write_file(folder / "good.png", png);
  write_file(folder / "cut.png", png.substr(0, png.size() / 2));
  write_file(folder / "text.jpg", "not a picture\n");
  fs::create_directories(folder / "set/train/Happy");

  const std::vector<std::string> common = {"--label", "happy", "--into", "set", "--faces", "none", "--json"};
  const auto with = [&](std::vector<std::string> names) {
    names.insert(names.end(), common.begin(), common.end());
    return import(names, here);
  };
  const ToolResult partial = with({"cut.png", "good.png", "missing.png", "text.jpg"});
  CHECK(partial.exit_code == 5);
  CHECK(Json::parse(partial.out)["added"] == 1);
  CHECK(Json::parse(partial.out)["skipped"]["unreadable"] == 3);
  for (const char* name : {"cut.png", "missing.png", "text.jpg"}) {
    CHECK(partial.err.find("affekt-import: " + std::string(name)) != std::string::npos);
  }
  CHECK(file_count(folder / "set/train/Happy") == 1);  // the class folder that is there, in the layout that is there

  CHECK(with({"text.jpg", "missing.png"}).exit_code == 3);
  CHECK(with({"missing.png", "text.jpg"}).exit_code == 4);

  const ToolResult below_file =
      import({"good.png", "--label", "sad", "--into", "text.jpg/set", "--faces", "none"}, here);
  CHECK(below_file.exit_code == 4);

  const ToolResult no_face = import({"good.png", "--label", "sad", "--into", "other"}, here);
  CHECK(no_face.exit_code == 3);
  CHECK(no_face.err.find("no face found in 1 picture") != std::string::npos);
}

TEST_CASE(
    "import names a pipe and a locked folder among the pictures, and goes on; one in the dataset is passed over") {
  const TempFolder folder;
  fs::create_directories(folder / "in/locked");
  fs::create_directories(folder / "set/happy");
  write_file(folder / "in/good.png", png_of({}));
  REQUIRE(::mkfifo((folder / "in/bad.png").c_str(), 0644) == 0);
  REQUIRE(::mkfifo((folder / "set/happy/old.png").c_str(), 0644) == 0);
  fs::permissions(folder / "in/locked", fs::perms::none);
  ToolSetting bound;
  bound.by_permissions = true;
  bound.folder = folder.path().string();
  const ToolResult result = import({"in", "--label", "happy", "--into", "set", "--faces", "none", "--json"}, bound);
  fs::permissions(folder / "in/locked", fs::perms::owner_all);
  INFO(result.err);
  CHECK(result.exit_code == 5);
  CHECK(Json::parse(result.out)["added"] == 1);
  CHECK(Json::parse(result.out)["skipped"]["unreadable"] == 2);
  CHECK(result.err.find("affekt-import: in/bad.png: a pipe or a device, not a file\n") != std::string::npos);
  CHECK(result.err.find("affekt-import: in/locked: cannot be listed: Permission denied\n") != std::string::npos);
  CHECK(result.err.find("passed over in the dataset: set/happy/old.png: a pipe or a device") != std::string::npos);
}

#endif
