// affekt-predict as a user runs it, with a model of random weights.
#include <sys/stat.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "affekt/core/error.h"
#include "affekt/faces/face_prediction.h"
#include "affekt/image/picture.h"
#include "support/catch.h"
#include "support/encoded_pictures.h"
#include "support/error_message.h"
#include "support/reference_network.h"
#include "support/run_tool.h"
#include "support/temp_folder.h"

using namespace affekt;
using namespace affekt::test;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

/// One model for all tests of this program.
const std::string& model_file() {
  static const TempFolder folder;
  static const std::string path = [] {
    write_random_model(folder / "model.safetensors", "compact", 5);
    return (folder / "model.safetensors").string();
  }();
  return path;
}

std::string astronaut() { return std::string(std::getenv("AFFEKT_SOURCE")) + "/share/photos/astronaut.png"; }

ToolResult predict(std::vector<std::string> arguments, const ToolSetting& setting = {}) {
  arguments.insert(arguments.end(), {"--model", model_file()});
  return run_tool("affekt-predict", arguments, setting);
}

std::vector<Json> lines_of(const ToolResult& result) {
  std::vector<Json> lines;
  std::istringstream text(result.out);
  for (std::string line; std::getline(text, line);) lines.push_back(Json::parse(line));
  return lines;
}

void save(const fs::path& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

std::string no_face_png() { return encode_png(sample_picture(120, 90)); }

}  // namespace

TEST_CASE("predict: one JSON object a face") {
  const TempFolder folder;
  save(folder / "plain.png", no_face_png());
  const ToolResult result = predict({astronaut(), (folder / "plain.png").string(), "--json"});
  CHECK(result.exit_code == 0);
  CHECK(result.err.empty());
  const auto lines = lines_of(result);
  REQUIRE(lines.size() == 2);
  const Json& face = lines[0];
  CHECK(face["schema"] == "affekt.predict/1");
  CHECK(face["file"] == astronaut());
  CHECK(face["status"] == "ok");
  CHECK(face["box"].size() == 4);
  CHECK(std::abs(face["box"][0].get<int>() - 177) < 9);
  double sum = 0, largest = 0;
  std::string best;
  CHECK(face["probabilities"].size() == 7);
  for (const auto& [name, value] : face["probabilities"].items()) {
    sum += value.get<double>();
    if (value > largest) best = name;
    largest = std::max(largest, value.get<double>());
  }
  CHECK(sum == Approx(1).epsilon(1e-9));
  CHECK(face["emotion"] == best);
  CHECK(face["confidence"] == largest);
  CHECK(face["options"]["faces"] == "all");
  CHECK(lines[1]["status"] == "no_face");
  CHECK(lines[1]["box"].is_null());
  CHECK(lines[1]["probabilities"].is_null());
}

TEST_CASE("predict: a table for people, and uncertain faces") {
  const ToolResult result = predict({astronaut(), "--min-confidence", "1"});
  CHECK(result.exit_code == 0);
  CHECK(count_lines(result.out) == 2);
  CHECK(contains(result.out, "confidence"));
  CHECK(contains(result.out, "astronaut.png  uncertain  "));
  CHECK(predict({astronaut(), "--min-confidence", "1.5"}).exit_code == 2);
}

TEST_CASE("predict: unreadable pictures are named, and the exit code says how many failed") {
  const TempFolder folder;
  const std::string whole = jpeg_file(64, 64, 3, sample_picture(64, 64).pixels);
  save(folder / "cut.jpg", whole.substr(0, whole.size() / 2));
  save(folder / "text.jpg", "Dear diary");
  save(folder / "empty.png", "");
  const std::string cut = (folder / "cut.jpg").string(), text = (folder / "text.jpg").string();
  const std::string empty = (folder / "empty.png").string(), gone = (folder / "gone.jpg").string();

  const ToolResult some = predict({astronaut(), cut, gone, "--json"});
  CHECK(some.exit_code == 5);
  const auto lines = lines_of(some);
  REQUIRE(lines.size() == 3);
  CHECK(lines[1]["status"] == "unreadable");
  CHECK(contains(lines[1]["message"].get<std::string>(), "cut.jpg: damaged JPEG"));
  CHECK(count_lines(some.err) == 2);
  CHECK(contains(some.err, "affekt-predict: " + cut + ": damaged JPEG: "));
  CHECK(contains(some.err, "affekt-predict: " + gone + ": "));

  const ToolResult bad = predict({text, gone, empty});
  CHECK(bad.exit_code == 3);
  CHECK(count_lines(bad.err) == 3);
  CHECK(contains(bad.err, "text.jpg: not a picture"));
  CHECK(contains(bad.err, "empty.png: the file is empty"));
  CHECK(predict({gone, text}).exit_code == 4);
}

TEST_CASE("predict: folders, lists, and folders without pictures") {
  const TempFolder folder;
  fs::create_directories(folder / "in/deep");
  fs::create_directories(folder / "nothing");
  save(folder / "in/b.png", no_face_png());
  save(folder / "in/deep/a.PNG", no_face_png());
  save(folder / "in/notes.txt", "no picture");
  fs::create_directory_symlink(folder / "in", folder / "in/deep/loop");
  const ToolResult below = predict({(folder / "in").string(), "--json"});
  CHECK(below.exit_code == 0);
  const auto lines = lines_of(below);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0]["file"] == (folder / "in/b.png").string());
  CHECK(lines[1]["file"] == (folder / "in/deep/a.PNG").string());

  ToolSetting list;
  list.folder = folder.path().string();
  list.input = "in/b.png\n\n  in/deep/a.PNG\r\n";
  const ToolResult listed = predict({"-", "--json"}, list);
  CHECK(listed.exit_code == 0);
  CHECK(lines_of(listed).size() == 2);

  const ToolResult empty = predict({(folder / "nothing").string()});
  CHECK(empty.exit_code == 3);
  CHECK(contains(empty.err, "nothing: no pictures in this folder"));
  CHECK(predict({(folder / "nothing").string(), astronaut()}).exit_code == 5);
  CHECK(predict({}).exit_code == 2);
  list.input = "\n";
  const ToolResult none = predict({"-"}, list);
  CHECK(none.exit_code == 3);
  CHECK(contains(none.err, "-: no picture is named"));

  // As find -print0 writes them: every name counts, and may hold line ends.
  save(folder / "in/two\nlines.png", no_face_png());
  list.input = std::string("in/b.png\0in/two\nlines.png\0", 26);
  const ToolResult zero_ended = predict({"-", "--json"}, list);
  CHECK(zero_ended.exit_code == 0);
  const auto named = lines_of(zero_ended);
  REQUIRE(named.size() == 2);
  CHECK(named[0]["file"] == "in/b.png");
  CHECK(named[1]["file"] == "in/two\nlines.png");
}

TEST_CASE("predict: a pipe and a locked folder among the pictures are named, and the pictures read") {
  const TempFolder folder;
  fs::create_directories(folder / "in/locked");
  save(folder / "in/a.png", no_face_png());
  save(folder / "in/c.png", no_face_png());
  save(folder / "in/locked/d.png", no_face_png());
  REQUIRE(::mkfifo((folder / "in/b.jpg").c_str(), 0644) == 0);
  write_random_model(folder / "model.safetensors", "compact", 5);
  fs::permissions(folder / "in/locked", fs::perms::none);
  ToolSetting bound;
  bound.by_permissions = true;
  bound.folder = folder.path().string();
  const ToolResult result = run_tool("affekt-predict", {"in", "--json", "--model", "model.safetensors"}, bound);
  fs::permissions(folder / "in/locked", fs::perms::owner_all);
  CHECK(result.exit_code == 5);
  CHECK(contains(result.err, "affekt-predict: in/b.jpg: a pipe or a device, not a file\n"));
  CHECK(contains(result.err, "affekt-predict: in/locked: cannot be listed: Permission denied\n"));
  CHECK(count_lines(result.err) == 2);
  std::vector<std::string> read;
  for (const Json& line : lines_of(result)) {
    if (line["status"] == "no_face") read.push_back(line["file"]);
  }
  CHECK(read == std::vector<std::string>{"in/a.png", "in/c.png"});
}

TEST_CASE("predict: a printed config can be used") {
  const TempFolder folder;
  save(folder / "c.json", predict({"--print-config"}).out);
  CHECK(predict({astronaut(), "--config", (folder / "c.json").string()}).exit_code == 0);
}

TEST_CASE("predict: cropped faces give the same answer alone and among others") {
  const TempFolder folder;
  std::vector<std::string> files;
  for (int i = 0; i < 70; ++i) {
    Picture face{48, 48, 1, {}};
    for (int p = 0; p < 48 * 48; ++p) face.pixels.push_back(static_cast<std::uint8_t>((p * (i + 3) + p / 48) % 256));
    files.push_back((folder / (std::to_string(100 + i) + ".png")).string());
    save(files.back(), encode_png(face));
  }
  const auto all = lines_of(predict({folder.path().string(), "--faces", "none", "--json"}));
  REQUIRE(all.size() == files.size());
  for (std::size_t i : {std::size_t{0}, std::size_t{63}, std::size_t{69}}) {
    const auto alone = lines_of(predict({files[i], "--faces", "none", "--json"}));
    CHECK(all[i]["file"] == files[i]);
    CHECK(all[i]["box"] == Json::array({0, 0, 48, 48}));
    CHECK(all[i]["confidence"].get<double>() == Approx(alone[0]["confidence"].get<double>()).margin(1e-5));
  }
}

TEST_CASE("predict: marked copies") {
  const TempFolder folder;
  const fs::path marked = folder / "marked";
  fs::create_directories(folder / "other");
  fs::copy_file(astronaut(), folder / "other/astronaut.png");
  const ToolResult result =
      predict({astronaut(), (folder / "other/astronaut.png").string(), "--annotate", marked.string()});
  CHECK(result.exit_code == 0);
  const Picture before = load_picture(astronaut());
  for (const char* name : {"astronaut.png", "astronaut-2.png"}) {
    const Picture after = load_picture(marked / name);
    CHECK(after.width == before.width);
    CHECK(after.pixels != before.pixels);
  }
  save(folder / "file", "x");
  const ToolResult blocked = predict({astronaut(), "--annotate", (folder / "file/below").string()});
  CHECK(blocked.exit_code == 4);
  CHECK(count_lines(blocked.err) == 1);
}

TEST_CASE("predict: wrong models and detectors") {
  const TempFolder folder;
  std::ifstream source(model_file(), std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(source), {}};
  save(folder / "cut.safetensors", bytes.substr(0, bytes.size() / 2));
  const ToolResult cut = run_tool("affekt-predict", {astronaut(), "--model", (folder / "cut.safetensors").string()});
  CHECK(cut.exit_code == 3);
  CHECK(count_lines(cut.err) == 1);
  CHECK(run_tool("affekt-predict", {astronaut(), "--model", (folder / "gone").string()}).exit_code == 4);
  CHECK(predict({astronaut(), "--detector", "yunet"}).exit_code == 2);
  CHECK(predict({astronaut(), "--detector", "hog"}).exit_code == 2);
  const ToolResult cascade = predict({astronaut(), "--detector-model", (folder / "gone.xml").string()});
  CHECK(cascade.exit_code == 4);
  CHECK(contains(cascade.err, "gone.xml"));
  save(folder / "bad.xml", "no cascade");
  const ToolResult bad = predict({astronaut(), "--detector-model", (folder / "bad.xml").string()});
  CHECK(bad.exit_code == 3);
  CHECK(count_lines(bad.err) == 1);
}

TEST_CASE("predict: core-only programs load the same reader") {
  FaceReaderOptions options;
  options.model = model_file();
  const auto reader = load_face_reader(options);
  const auto faces = reader->read(astronaut());
  REQUIRE(faces.size() == 1);
  CHECK(faces[0].status == FaceStatus::ok);
  const auto lines = lines_of(predict({astronaut(), "--json"}));
  CHECK(lines[0]["confidence"].get<double>() == Approx(faces[0].confidence).epsilon(1e-9));
  const auto missing = reader->read("/no/such/picture.jpg");
  REQUIRE(missing.size() == 1);
  CHECK(missing[0].status == FaceStatus::unreadable);
  CHECK(missing[0].missing);
  CHECK_FALSE(missing[0].message.empty());
  options.min_confidence = std::nan("");
  CHECK_THROWS_AS(load_face_reader(options), UsageError);
}
